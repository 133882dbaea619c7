import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { createEgress } from "../../src/net/egress.ts";
import { type ConnectOptions, connect } from "../../src/smtp/connection.ts";
import { makeAuthority } from "../../src/testing/index.ts";
import { foreignRelays } from "./relays.ts";

const authority = makeAuthority();
const certificate = authority.issue({ names: ["localhost"] });
const egress = createEgress("default");
const credentials = { username: "jo", password: "pass wörd" };

type Security = ConnectOptions["relay"]["tls"];

function options(port: number, tls: Security, more: Partial<ConnectOptions> = {}): ConnectOptions {
  return {
    relay: { host: "localhost", port, tls, caPem: authority.caPem, ehloName: "client.test" },
    credentials: null,
    allowCleartextAuth: false,
    egress,
    clock: systemClock,
    ...more,
  };
}

const message = {
  from: "a@a.test",
  to: ["b@b.test", "c@c.test"],
  // Dots in all the places that need care, and a last line without its end.
  content: Buffer.from("Subject: dots\r\n\r\n.\r\n..\r\n.x\r\nend."),
  needsSmtpUtf8: false,
};

describe.each(await foreignRelays())("$name", ({ start }) => {
  test.each(["none", "starttls", "implicit"] as const)("takes messages, TLS: %s", async (tls) => {
    await using relay = await start({ tls, certificate, credentials: null });
    const connection = await connect(options(relay.port, tls));
    for (const from of ["a@a.test", ""]) {
      const result = await connection.send({ ...message, from });
      expect(result.recipients.map(({ outcome }) => outcome)).toEqual(["sent", "sent"]);
      const received = await relay.received();
      expect(received).toMatchObject({ from, to: message.to });
      expect(received.content.toString()).toBe(`${message.content}\r\n`);
    }
    await connection.quit();
  });

  test.each([
    ["starttls", "plain"],
    ["starttls", "login"],
    ["implicit", "plain"],
    ["implicit", "auto"],
  ] as const)("takes a sign-in inside TLS: %s, %s", async (tls, method) => {
    await using relay = await start({ tls, certificate, credentials });
    const more = { credentials: { ...credentials, method } };
    const connection = await connect(options(relay.port, tls, more));
    await connection.send(message);
    expect((await relay.received()).to).toEqual(message.to);
    await connection.quit();
  });

  test("takes a sign-in in the clear only where that is allowed", async () => {
    await using relay = await start({ tls: "none", certificate, credentials });
    const more = { credentials: { ...credentials, method: "auto" } } as const;
    await expect(connect(options(relay.port, "none", more))).rejects.toMatchObject({
      code: "smtp.auth_unavailable",
    });
    const connection = await connect(options(relay.port, "none", { ...more, allowCleartextAuth: true }));
    await connection.send(message);
    expect((await relay.received()).from).toBe(message.from);
    await connection.quit();
  });

  test("refuses a wrong password with 535", async () => {
    await using relay = await start({ tls: "starttls", certificate, credentials });
    const more = { credentials: { username: "jo", password: "wrong", method: "auto" } } as const;
    await expect(connect(options(relay.port, "starttls", more))).rejects.toMatchObject({
      code: "smtp.auth_rejected",
      smtp: { stage: "auth", reply: { code: 535 } },
    });
  });

  test("refuses one recipient and takes the other", async () => {
    await using relay = await start({ tls: "none", certificate, credentials: null });
    const connection = await connect(options(relay.port, "none"));
    const { recipients } = await connection.send({ ...message, to: ["nobody@b.test", "b@b.test"] });
    expect(recipients).toMatchObject([
      { address: "nobody@b.test", outcome: "permanent", reply: { code: 550 } },
      { address: "b@b.test", outcome: "sent" },
    ]);
    expect((await relay.received()).to).toEqual(["b@b.test"]);
    await connection.quit();
  });

  test("takes internationalised addresses and headers", async () => {
    await using relay = await start({ tls: "starttls", certificate, credentials: null });
    const connection = await connect(options(relay.port, "starttls"));
    const content = Buffer.from("Subject: Grüße\r\n\r\n");
    await connection.send({ from: "jö@a.test", to: ["用户@b.test"], content, needsSmtpUtf8: true });
    expect(await relay.received()).toEqual({ from: "jö@a.test", to: ["用户@b.test"], content });
    await connection.quit();
  });

  const names = ["localhost"];
  const past = { notBefore: new Date("2020-01-01T00:00:00Z"), notAfter: new Date("2020-02-01T00:00:00Z") };
  test.each([
    ["self-signed", authority.selfSigned({ names }), "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["expired", authority.issue({ names, ...past }), "CERT_HAS_EXPIRED"],
    ["another name's", authority.issue({ names: ["other.test"] }), "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["an unknown authority's", makeAuthority().issue({ names }), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"],
  ])("is not trusted with %s certificate", async (_name, wrong, systemCode) => {
    for (const tls of ["starttls", "implicit"] as const) {
      await using relay = await start({ tls, certificate: wrong, credentials: null });
      await expect(connect(options(relay.port, tls))).rejects.toMatchObject({
        code: "smtp.tls",
        smtp: { stage: "tls", systemCode },
      });
    }
  });
});
