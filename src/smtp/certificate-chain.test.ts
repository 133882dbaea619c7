import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { systemClock } from "../core/clock.ts";
import { createEgress } from "../net/egress.ts";
import { type CertificatePair, makeAuthority, startScriptedServer } from "../testing/index.ts";
import { faultsOf } from "./certificate-chain.ts";
import { connect } from "./connection.ts";
import type { TlsEvidence } from "./wire.ts";

const root = makeAuthority();
const middle = root.intermediate();
const past = { notBefore: new Date("2020-01-01"), notAfter: new Date("2020-02-03") };
const ended = makeAuthority(past);
const names = ["relay.test"];

/** What the client makes of a relay that sends this, trusting nothing but what is named. */
async function shakeHands(sent: CertificatePair, caPem: string | null): Promise<TlsEvidence> {
  await using server = await startScriptedServer(
    async (peer) => {
      peer.send("220 relay.test\r\n");
      await peer.line();
      peer.send("250 relay.test\r\n");
      await peer.closed;
    },
    { implicitTls: sent },
  );
  let seen: TlsEvidence | undefined;
  const connection = await connect({
    relay: { host: "relay.test", port: server.port, tls: "implicit", caPem, ehloName: null },
    credentials: null,
    allowCleartextAuth: false,
    egress: createEgress("default", async () => [{ address: "127.0.0.1", family: 4 }]),
    clock: systemClock,
    observer: {
      stage({ stage, evidence }) {
        if (stage === "tls" && evidence !== undefined) seen = evidence as unknown as TlsEvidence;
      },
    },
  }).catch(() => null);
  connection?.destroy();
  if (seen === undefined) throw new Error("There was no handshake.");
  return seen;
}

/** The relay's own certificate, then what it sends beside it. */
function chain({ key, cert }: CertificatePair, ...others: string[]): CertificatePair {
  return { key, cert: [cert, ...others].join("") };
}

const selfSigned = root.selfSigned({ names });
const leaf = root.issue({ names });
const below = middle.issue({ names });

describe("a chain that only lacks trust", () => {
  it.each([
    ["a certificate that signs itself", selfSigned, "CN=relay.test"],
    ["a certificate without its authority", leaf, "CN=relay.test"],
    ["a certificate with its authority", chain(leaf, root.caPem), "authority"],
    ["a certificate with the one above it", chain(below, middle.caPem), "authority"],
    ["a whole chain", chain(below, middle.caPem, root.caPem), "authority"],
    ["a whole chain in no order", chain(below, root.caPem, middle.caPem), "authority"],
    ["a chain with one that has no part in it", chain(leaf, ended.caPem, root.caPem), "authority"],
  ])("verifies with its pin: %s", async (_, sent, owner) => {
    const { pin, authorized, faults } = await shakeHands(sent, null);
    expect({ authorized, faults }).toEqual({ authorized: false, faults: [expect.any(String)] });
    expect(pin?.subject).toContain(owner);
    expect(await shakeHands(sent, pin!.caPem)).toMatchObject({ authorized: true, faults: [], pin: null });
  });

  it("shows every certificate that was sent, the relay's own first", async () => {
    const { chain: sent } = await shakeHands(chain(below, middle.caPem, root.caPem), null);
    expect(sent.map(({ selfSigned }) => selfSigned)).toEqual([false, false, true]);
    expect(sent[0]).toEqual({
      subject: "CN=relay.test",
      issuer: sent[1]?.subject,
      validTo: expect.any(Number),
      fingerprint256: expect.stringMatching(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/),
      selfSigned: false,
    });
  });
});

describe("a chain that trust would not mend", () => {
  it.each([
    ["that ended", root.selfSigned({ names, ...past }), ["It expired on 2020-02-03."]],
    [
      "for another name",
      root.selfSigned({ names: ["other.test"] }),
      ["It is self-signed", "It is not for relay.test."],
    ],
    [
      "of an authority that ended",
      chain(ended.issue({ names }), ended.caPem),
      ["authority", "expired on 2020-02-03."],
    ],
    [
      "of an authority that ended, and for another name",
      chain(ended.issue({ names: ["other.test"] }), ended.caPem),
      ["expired on 2020-02-03.", "It is not for relay.test."],
    ],
  ])("has no pin: %s", async (_, sent, words) => {
    const { pin, faults } = await shakeHands(sent, null);
    expect(pin).toBeNull();
    for (const word of words) expect(faults.join(" ")).toContain(word);
  });

  it("would not verify with itself as the pin", async () => {
    for (const sent of [root.selfSigned({ names, ...past }), root.selfSigned({ names: ["other.test"] })]) {
      expect((await shakeHands(sent, sent.cert)).authorized).toBe(false);
    }
  });
});

it("keeps no more certificates than anybody reads", async () => {
  const many = Array.from({ length: 12 }, () => makeAuthority().caPem);
  expect((await shakeHands(chain(leaf, ...many), null)).chain).toHaveLength(10);
});

describe("an address in a certificate (RFC 5280 §4.2.1.6)", () => {
  const faults = (cert: string) =>
    faultsOf({
      certificates: [new X509Certificate(cert)],
      error: "ERR_TLS_CERT_ALTNAME_INVALID",
      host: "127.0.0.1",
      isForHost: false,
      now: Date.now(),
    });

  it("that stands as a DNS name is told of", () => {
    expect(faults(root.issue({ names: ["DNS:127.0.0.1"] }).cert)).toEqual([
      "It lists 127.0.0.1 as a DNS name instead of an IP address.",
    ]);
    expect(faults(root.issue({ names: ["192.0.2.1", "DNS:127.0.0.10"] }).cert)).toEqual([
      "It is not for 127.0.0.1.",
    ]);
  });
});
