import type { X509Certificate } from "node:crypto";
import { isAddress } from "../net/host.ts";

/** One certificate as the relay sent it. */
export interface SentCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly validTo: number;
  readonly fingerprint256: string;
  readonly selfSigned: boolean;
}

/** The certificate that would make the relay's own verify if it were trusted. */
export interface Pin {
  /** One certificate in PEM. */
  readonly caPem: string;
  readonly subject: string;
  readonly fingerprint256: string;
  /** Milliseconds since the epoch. */
  readonly validTo: number;
}

/** A certificate chain that does not verify. */
interface Refused {
  /** As sent, the relay's own first. */
  readonly certificates: readonly X509Certificate[];
  /** The error code of OpenSSL, such as `CERT_HAS_EXPIRED`. */
  readonly error: string;
  /** The name or address that the certificate must be for. */
  readonly host: string;
  readonly isForHost: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A limit for what is shown: a relay may send as many certificates as fit into its handshake. */
const maxCertificates = 10;

/** The certificates of the relay, its own first. Node.js links them in the order in which they were sent. */
export function sentCertificates(own: X509Certificate | undefined): readonly X509Certificate[] {
  const certificates: X509Certificate[] = [];
  for (let next = own; next !== undefined && certificates.length < maxCertificates; ) {
    certificates.push(next);
    next = next.issuerCertificate;
  }
  return certificates;
}

export function describeCertificate(certificate: X509Certificate): SentCertificate {
  return {
    subject: nameOnOneLine(certificate.subject),
    issuer: nameOnOneLine(certificate.issuer),
    validTo: certificate.validToDate.getTime(),
    fingerprint256: certificate.fingerprint256,
    selfSigned: certificate.checkIssued(certificate),
  };
}

/** Node.js writes one attribute on each line. */
export function nameOnOneLine(name: string | undefined): string {
  return (name ?? "").replaceAll("\n", ", ");
}

/** The error codes of OpenSSL for a chain without a trusted authority, in words. */
const untrusted: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "It is self-signed.",
  SELF_SIGNED_CERT_IN_CHAIN: "Its certificate authority isn't trusted here.",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "Its certificate authority is unknown here.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "Its certificate authority is unknown here.",
};

/** All faults of the chain, in words. OpenSSL names only the first. */
export function faultsOf({ certificates, error, host, isForHost, now }: Refused): readonly string[] {
  const faults: string[] = [];
  const trust = untrusted[error];
  if (trust !== undefined) faults.push(trust);
  for (const [index, certificate] of pathOf(certificates).entries()) {
    const whose =
      index === 0 ? "It" : `The certificate of its authority ${nameOnOneLine(certificate.subject)}`;
    if (certificate.validToDate.getTime() < now)
      faults.push(`${whose} expired on ${day(certificate.validToDate)}.`);
    if (certificate.validFromDate.getTime() > now) {
      faults.push(`${whose} is valid only from ${day(certificate.validFromDate)}.`);
    }
  }
  if (!isForHost) faults.push(nameFault(certificates[0], host));
  return faults.length === 0 ? [`Verification failed (${error}).`] : faults;
}

/** RFC 5280 §4.2.1.6: an address stands as iPAddress. As a DNS name it counts for nothing (RFC 9525 §6.4). */
function nameFault(own: X509Certificate | undefined, host: string): string {
  const entries = own?.subjectAltName?.split(", ") ?? [];
  return isAddress(host) && entries.includes(`DNS:${host}`)
    ? `It lists ${host} as a DNS name instead of an IP address.`
    : `It is not for ${host}.`;
}

/**
 * The topmost certificate that the relay sent, if the only fault is that it is not trusted: the
 * authority's where the relay sent it, else the relay's own, which a partial chain may end with. Null
 * where trusting it would not help. The same is checked as in a handshake (RFC 5280 §6.1): who signed
 * whom, the times, what each certificate is for, and the name.
 */
export function pinOf({ certificates, error, isForHost, now }: Refused): Pin | null {
  if (untrusted[error] === undefined || !isForHost) return null;
  const path = pathOf(certificates);
  const top = path.at(-1);
  if (top === undefined) return null;
  const sound = path.every(
    (certificate, index) =>
      certificate.validFromDate.getTime() <= now &&
      certificate.validToDate.getTime() >= now &&
      isForServers(certificate) &&
      (index === 0 || certificate.ca),
  );
  if (!sound) return null;
  const { subject, fingerprint256, validTo } = describeCertificate(top);
  return { caPem: top.toString(), subject, fingerprint256, validTo };
}

/** From the relay's own certificate up, each one signed by the next, as far as what was sent leads. */
function pathOf(certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  const path = certificates.slice(0, 1);
  const others = new Set(certificates.slice(1));
  for (let last = path[0]; last !== undefined; ) {
    const lower = last;
    const signer = lower.checkIssued(lower)
      ? undefined
      : [...others].find((other) => isSignedBy(lower, other));
    if (signer !== undefined) {
      others.delete(signer);
      path.push(signer);
    }
    last = signer;
  }
  return path;
}

function isSignedBy(lower: X509Certificate, upper: X509Certificate): boolean {
  try {
    return lower.checkIssued(upper) && lower.verify(upper.publicKey);
  } catch {
    // A key of a kind that is not known here.
    return false;
  }
}

const serverAuth = "1.3.6.1.5.5.7.3.1";

/** RFC 5280 §4.2.1.12: without the extension, it is for everything. */
function isForServers({ keyUsage }: X509Certificate): boolean {
  return (keyUsage as readonly string[] | undefined)?.includes(serverAuth) ?? true;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
