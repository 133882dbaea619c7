import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";
import {
  bitString,
  booleanTrue,
  element,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from "./der.ts";

/** A private key and its certificate, both in PEM: what `node:tls` takes as `key` and `cert`. */
export interface CertificatePair {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateRequest extends Validity {
  /**
   * DNS names and IP addresses for the subjectAltName; the first one is also the common name. `DNS:127.0.0.1` puts an
   * address where only a name may stand, as hand-made certificates do.
   */
  readonly names: readonly string[];
}

export interface Validity {
  /** An hour ago by default. */
  readonly notBefore?: Date;
  /** A day from now by default. */
  readonly notAfter?: Date;
}

export interface CertificateAuthority {
  /** Its certificate: a client that trusts it trusts what is issued. */
  readonly caPem: string;
  /** An authority between this one and what it issues. */
  intermediate(validity?: Validity): CertificateAuthority;
  /** A server certificate signed by this authority. */
  issue(request: CertificateRequest): CertificatePair;
  /** A server certificate signed by nobody but itself. */
  selfSigned(request: CertificateRequest): CertificatePair;
}

interface Signer {
  readonly name: string;
  readonly key: KeyObject;
}

const hourMs = 3_600_000;

/** A certificate authority for tests (RFC 5280), with EC P-256 keys; nothing is written to disk. */
export function makeAuthority(validity: Validity = {}): CertificateAuthority {
  return authorityOf("itself", validity);
}

function authorityOf(signer: Signer | "itself", validity: Validity): CertificateAuthority {
  const keys = makeKeys();
  // Each has a name of its own, so that a client that trusts another one finds its issuer unknown.
  const name = `Sendwright test authority ${randomBytes(4).toString("hex")}`;
  const authority: Signer = { name, key: keys.privateKey };
  const own = certificate(name, keys.publicKey, signer === "itself" ? authority : signer, validity, [
    extension("2.5.29.19", sequence(booleanTrue)), // basicConstraints: an authority
    extension("2.5.29.15", bitString(Uint8Array.of(0b0000_0110))), // keyUsage: keyCertSign, cRLSign
  ]);

  function certify(request: CertificateRequest, signer: Signer | "itself"): CertificatePair {
    const { publicKey, privateKey } = makeKeys();
    const name = request.names[0] ?? "nameless";
    const signedBy = signer === "itself" ? { name, key: privateKey } : signer;
    return {
      key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      cert: certificate(name, publicKey, signedBy, request, [
        extension("2.5.29.37", sequence(objectIdentifier("1.3.6.1.5.5.7.3.1"))), // extKeyUsage: serverAuth
        extension("2.5.29.17", sequence(...request.names.map(generalName))), // subjectAltName
      ]),
    };
  }

  return {
    caPem: own,
    intermediate: (validity = {}) => authorityOf(authority, validity),
    issue: (request) => certify(request, authority),
    selfSigned: (request) => certify(request, "itself"),
  };
}

function makeKeys() {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** RFC 5280 §4.1: the part to be signed, the algorithm, the signature. */
function certificate(
  subject: string,
  publicKey: KeyObject,
  signer: Signer,
  validity: Validity,
  extensions: readonly Buffer[],
): string {
  const ecdsaWithSha256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));
  const version3 = element(0xa0, integer(Uint8Array.of(2)));
  const serialNumber = Buffer.concat([Uint8Array.of(1), randomBytes(15)]);
  const toBeSigned = sequence(
    version3,
    integer(serialNumber),
    ecdsaWithSha256,
    commonName(signer.name),
    sequence(
      time(validity.notBefore ?? new Date(Date.now() - hourMs)),
      time(validity.notAfter ?? new Date(Date.now() + 24 * hourMs)),
    ),
    commonName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    element(0xa3, sequence(...extensions)),
  );
  const signature = bitString(sign("sha256", toBeSigned, signer.key));
  const base64 = sequence(toBeSigned, ecdsaWithSha256, signature).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function commonName(name: string): Buffer {
  return sequence(set(sequence(objectIdentifier("2.5.4.3"), utf8String(name))));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectIdentifier(id), octetString(value));
}

/** RFC 5280 §4.2.1.6: dNSName is [2], iPAddress is [7] with the address in network order. */
function generalName(name: string): Buffer {
  if (name.startsWith("DNS:")) return element(0x82, Buffer.from(name.slice("DNS:".length), "ascii"));
  switch (isIP(name)) {
    case 4:
      return element(0x87, Uint8Array.from(name.split("."), Number));
    case 6:
      return element(0x87, ipv6Bytes(name));
    default:
      return element(0x82, Buffer.from(name, "ascii"));
  }
}

function ipv6Bytes(address: string): Uint8Array {
  // The URL parser writes an embedded IPv4 part in hexadecimal groups.
  const [head = "", tail = ""] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const zeros = new Array<string>(8 - groups(head).length - groups(tail).length).fill("0");
  return Buffer.from(
    [...groups(head), ...zeros, ...groups(tail)].map((group) => group.padStart(4, "0")).join(""),
    "hex",
  );
}
