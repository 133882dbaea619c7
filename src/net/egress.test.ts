import { describe, expect, it } from "vitest";
import type { EgressMode } from "../core/model.ts";
import { createEgress } from "./egress.ts";

const refused = expect.objectContaining({ code: "egress.refused", smtp: { stage: "resolve" } });

function resolve(mode: EgressMode, addresses: readonly string[], port = 587) {
  const lookup = async () => addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  return createEgress(mode, lookup).resolve("mail.test", port);
}

describe("addresses that are always refused", () => {
  it.each([
    "0.0.0.0",
    "0.1.2.3",
    "169.254.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "febf:ffff::1",
    "fd00:ec2::254",
    "FD00:0EC2:0:0:0:0:0:254",
    "ff02::1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::ffff:0.0.0.0",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
  ])("%s", async (address) => {
    await expect(resolve("default", [address])).rejects.toThrow(refused);
    await expect(resolve("public-only", [address])).rejects.toThrow(refused);
  });
});

describe("addresses that only public-only refuses", () => {
  it.each([
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "240.0.0.1",
    "::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:a00:1::1",
    "2001:db8::1",
    "2001::1",
  ])("%s", async (address) => {
    await expect(resolve("public-only", [address])).rejects.toThrow(refused);
    expect((await resolve("default", [address])).addresses).toHaveLength(1);
  });
});

describe("addresses that nobody refuses", () => {
  it.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "169.253.0.1", "2a00:1450::1", "64:ff9b::8.8.8.8"])(
    "%s",
    async (address) => {
      const dial = { addresses: [{ address, family: address.includes(":") ? 6 : 4 }], refused: [] };
      await expect(resolve("default", [address])).resolves.toEqual(dial);
      await expect(resolve("public-only", [address])).resolves.toEqual(dial);
    },
  );
});

it("leaves out what is refused, names it, and keeps the resolver's order", async () => {
  await expect(resolve("default", ["2a00::1", "169.254.1.1", "8.8.8.8"])).resolves.toEqual({
    addresses: [
      { address: "2a00::1", family: 6 },
      { address: "8.8.8.8", family: 4 },
    ],
    refused: ["169.254.1.1"],
  });
});

it("does not name private addresses beside public ones, if public-only", async () => {
  await expect(resolve("public-only", ["10.0.0.1", "8.8.8.8"])).resolves.toEqual({
    addresses: [{ address: "8.8.8.8", family: 4 }],
    refused: [],
  });
});

it("dials unusual ports unless public-only", async () => {
  for (const port of [25, 465, 587, 2525]) await resolve("public-only", ["8.8.8.8"], port);
  for (const port of [22, 80, 6379, 11211]) {
    await expect(resolve("public-only", ["8.8.8.8"], port)).rejects.toThrow(refused);
    await resolve("default", ["8.8.8.8"], port);
  }
});

it("answers the same for a private name and for one that does not exist, if public-only", async () => {
  const missing = createEgress("public-only", async () => {
    throw Object.assign(new Error("getaddrinfo ENOTFOUND mail.test"), { code: "ENOTFOUND" });
  });
  const answer = (error: unknown) => JSON.stringify([error, String(error)]);
  const ofMissing = await missing.resolve("mail.test", 587).catch(answer);
  const ofPrivate = await resolve("public-only", ["10.0.0.1"]).catch(answer);
  const ofMetadata = await resolve("public-only", ["169.254.169.254"]).catch(answer);
  expect(ofPrivate).toBe(ofMissing);
  expect(ofMetadata).toBe(ofMissing);
});

it("says which name cannot be resolved, and why", async () => {
  const missing = createEgress("default", async () => {
    throw Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
  });
  await expect(missing.resolve("mail.test", 587)).rejects.toMatchObject({
    code: "smtp.resolve",
    smtp: { stage: "resolve", systemCode: "ENOTFOUND" },
    message: expect.stringContaining("mail.test"),
  });
});

it("sees through the other ways to write an IPv4 address", async () => {
  const egress = createEgress("public-only");
  for (const host of ["127.1", "2130706433", "0x7f.1", "[::1]", "::1", "localhost"]) {
    await expect(egress.resolve(host, 587)).rejects.toThrow(refused);
  }
  await expect(createEgress("default").resolve("[::1]", 587)).resolves.toMatchObject({
    addresses: [{ address: "::1", family: 6 }],
  });
});
