import { expect, test } from "vitest";
import { startDnsServer, type Zone } from "../../test/support/dns-server.ts";
import { type Dns, openDns } from "./dns.ts";

async function ask<Result>(zone: Zone, question: (dns: Dns) => Promise<Result>): Promise<Result> {
  await using server = await startDnsServer(zone);
  return await question(openDns({ servers: [server.address], signal: new AbortController().signal }));
}

test("joins the strings of a record, without anything between them", async () => {
  const long = `v=spf1 ${"ip4:192.0.2.1 ".repeat(40)}-all`;
  expect(await ask({ "example.com": { TXT: [long, ["a", "b"]] } }, (dns) => dns.txt("example.com"))).toEqual({
    kind: "found",
    records: [long, "ab"],
  });
});

test("asks over TCP where the answer does not fit into a packet", async () => {
  const records = Array.from({ length: 60 }, (_, index) => `${index} ${"x".repeat(200)}`);
  await using server = await startDnsServer({ "example.com": { TXT: records } });
  const dns = openDns({ servers: [server.address], signal: new AbortController().signal });
  const answer = await dns.txt("example.com");
  expect(answer).toMatchObject({ kind: "found" });
  expect(answer.kind === "found" && answer.records.length).toBe(60);
  expect(server.questions).toContain("TXT example.com (TCP)");
});

test("follows aliases", async () => {
  const zone = {
    "one.example": { CNAME: "two.example" },
    "two.example": { CNAME: "three.example" },
    "three.example": { TXT: ["here"], A: ["192.0.2.3"], AAAA: ["2001:db8::3"] },
  };
  expect(await ask(zone, (dns) => dns.txt("one.example"))).toEqual({ kind: "found", records: ["here"] });
  expect(await ask(zone, (dns) => dns.addresses("one.example"))).toEqual({
    kind: "found",
    records: ["192.0.2.3", "2001:db8::3"],
  });
});

test("tells a name without records from a name that does not exist", async () => {
  const zone = { "example.com": { A: ["192.0.2.1"] } };
  expect(await ask(zone, (dns) => dns.mx("example.com"))).toEqual({ kind: "none", nameExists: true });
  expect(await ask(zone, (dns) => dns.mx("example.net"))).toEqual({ kind: "none", nameExists: false });
  expect(await ask(zone, (dns) => dns.addresses("example.net"))).toEqual({ kind: "none", nameExists: false });
});

test("gives the root of a null MX and of a denied service as empty names", async () => {
  const zone: Zone = {
    "example.com": { MX: [[0, "."]] },
    "_submission._tcp.example.com": { SRV: [[0, 0, 0, "."]] },
  };
  expect(await ask(zone, (dns) => dns.mx("example.com"))).toMatchObject({ records: [{ exchange: "" }] });
  expect(await ask(zone, (dns) => dns.srv("_submission._tcp.example.com"))).toMatchObject({
    records: [{ name: "" }],
  });
});

test("says that a server failed", async () => {
  expect(await ask({ "example.com": "broken" }, (dns) => dns.txt("example.com"))).toEqual({
    kind: "failed",
    code: "ESERVFAIL",
  });
});

test("waits for nobody once time is over", async () => {
  await using server = await startDnsServer({ "example.com": "silent" });
  const deadline = new AbortController();
  const dns = openDns({ servers: [server.address], signal: deadline.signal });
  const answer = dns.txt("example.com");
  deadline.abort();
  expect(await answer).toEqual({ kind: "failed", code: "ETIMEOUT" });
  expect(await dns.mx("example.com")).toEqual({ kind: "failed", code: "ETIMEOUT" });
});
