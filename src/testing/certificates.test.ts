import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { type CertificatePair, makeAuthority } from "./certificates.ts";
import { startScriptedServer } from "./scripted-server.ts";

const authority = makeAuthority();

/** What a verifying TLS client makes of it: `ok`, or the code of its refusal. */
async function verdict(pair: CertificatePair, servername: string): Promise<string> {
  await using server = await startScriptedServer((peer) => peer.closed, { implicitTls: pair });
  return await new Promise((resolve) => {
    const socket: TLSSocket = connect(
      {
        host: server.host,
        port: server.port,
        // RFC 6066 §3: an address is no server name.
        ...(isIP(servername) === 0 ? { servername } : {}),
        ca: authority.caPem,
      },
      () => {
        resolve("ok");
        socket.destroy();
      },
    );
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

test("issues certificates that a client of the authority trusts for their names", async () => {
  const pair = authority.issue({ names: ["relay.test", "mail.relay.test"] });
  expect(await verdict(pair, "relay.test")).toBe("ok");
  expect(await verdict(pair, "mail.relay.test")).toBe("ok");
  expect(await verdict(pair, "other.test")).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
});

test("puts an address where a name must stand, which is no certificate for the address", async () => {
  expect(await verdict(authority.issue({ names: ["127.0.0.1"] }), "127.0.0.1")).toBe("ok");
  expect(await verdict(authority.issue({ names: ["DNS:127.0.0.1"] }), "127.0.0.1")).toBe(
    "ERR_TLS_CERT_ALTNAME_INVALID",
  );
});

test("makes the wrong certificates that a client must refuse", async () => {
  const names = ["relay.test"];
  const longAgo = new Date("2020-01-01T00:00:00Z");
  const expired = authority.issue({ names, notBefore: longAgo, notAfter: new Date("2020-02-01T00:00:00Z") });
  const early = authority.issue({
    names,
    notBefore: new Date("2049-12-31T23:59:59Z"),
    notAfter: new Date("2050-01-01T00:00:00Z"),
  });
  expect(await verdict(expired, "relay.test")).toBe("CERT_HAS_EXPIRED");
  expect(await verdict(early, "relay.test")).toBe("CERT_NOT_YET_VALID");
  expect(await verdict(authority.selfSigned({ names }), "relay.test")).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
  expect(await verdict(makeAuthority().issue({ names }), "relay.test")).toBe(
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  );
});

test("writes names, addresses and times as other readers know them", () => {
  const { cert } = authority.issue({
    names: ["relay.test", "127.0.0.1", "::1", "2001:db8::ffff:192.0.2.1"],
    notAfter: new Date("2050-06-01T12:30:15Z"),
  });
  const certificate = new X509Certificate(cert);
  expect(certificate.subjectAltName).toBe(
    "DNS:relay.test, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:FFFF:C000:201",
  );
  expect(certificate.subject).toBe("CN=relay.test");
  expect(certificate.validToDate).toEqual(new Date("2050-06-01T12:30:15Z"));
  const root = new X509Certificate(authority.caPem);
  expect(root.ca).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.verify(root.publicKey)).toBe(true);
});
