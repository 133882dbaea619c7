import type { X509Certificate } from "node:crypto";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import type { DialAddress } from "../net/egress.ts";
import {
  describeCertificate,
  faultsOf,
  nameOnOneLine,
  type Pin,
  pinOf,
  type SentCertificate,
  sentCertificates,
} from "./certificate-chain.ts";

/** What the relay showed in its TLS handshake, also where it was not believed. */
export interface TlsEvidence {
  /** Such as `TLSv1.3`. */
  readonly version: string;
  readonly cipher: string;
  readonly subject: string;
  readonly issuer: string;
  /** DNS names and IP addresses of the subjectAltName. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
  /** Whole days until `validTo`; negative once it is past. */
  readonly daysLeft: number;
  readonly fingerprint256: string;
  readonly selfSigned: boolean;
  /** True if the chain is trusted, in time, and for the name that was dialled. */
  readonly authorized: boolean;
  /** Why not, as Node.js and OpenSSL call it, such as `CERT_HAS_EXPIRED`. */
  readonly error: string | null;
  /** Why not, in words: everything that is wrong. */
  readonly faults: readonly string[];
  /** What the relay sent, its own certificate first. */
  readonly chain: readonly SentCertificate[];
  /** What to trust so that it verifies; null where that would not help. */
  readonly pin: Pin | null;
}

/** What a wire tells its owner. */
export interface WireEvents {
  bytes(chunk: Buffer): void;
  /** Once: the relay ended the connection, or it failed. */
  lost(error: NodeJS.ErrnoException | null): void;
}

/** A connection to a relay: bytes in, bytes out, TLS in between. */
export interface Wire {
  /** This machine's end of the connection. */
  readonly localAddress: string | undefined;
  /** Begins to read. */
  open(events: WireEvents): void;
  /** Calls back once the system has taken the bytes; never if it does not. */
  write(bytes: string | Uint8Array, taken?: () => void): void;
  /**
   * Negotiates TLS 1.2 or later and looks at the certificate. It does not judge: whoever calls must not
   * write another byte unless the evidence is `authorized`.
   * @param host the name or address that the certificate must be for
   * @param caPem certificates trusted instead of the public authorities
   */
  secure(host: string, caPem: string | null, now: number): Promise<TlsEvidence>;
  destroy(): void;
}

/** Opens a connection to exactly this address. Rejects with the system's error, or as the signal says. */
export type Dial = (to: DialAddress, port: number, signal: AbortSignal) => Promise<Wire>;

export const dial: Dial = (to, port, signal) =>
  new Promise((resolve, reject) => {
    const socket = connectTcp({ host: to.address, family: to.family, port, signal });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(new SocketWire(socket));
    });
  });

/** The one owner of a socket. */
class SocketWire implements Wire {
  readonly #tcp: Socket;
  #stream: Socket;
  #events: WireEvents | null = null;
  #lost = false;

  constructor(socket: Socket) {
    this.#tcp = socket;
    this.#stream = socket;
    // Commands are written in groups already; Nagle's algorithm would only hold them back.
    socket.setNoDelay(true);
    this.#listen(socket);
  }

  get localAddress(): string | undefined {
    return this.#tcp.localAddress;
  }

  open(events: WireEvents): void {
    this.#events = events;
    this.#stream.on("data", this.#bytes);
  }

  write(bytes: string | Uint8Array, taken?: () => void): void {
    this.#stream.write(bytes, (error) => {
      if (!error) taken?.();
    });
  }

  async secure(host: string, caPem: string | null, now: number): Promise<TlsEvidence> {
    // What happens to the connection during the handshake is told by the handshake.
    this.#tcp
      .off("data", this.#bytes)
      .off("error", this.#lose)
      .off("end", this.#ended)
      .off("close", this.#ended);
    this.#tcp.on("error", () => {});
    const secure = await new Promise<TLSSocket>((resolve, reject) => {
      const socket = connectTls({
        socket: this.#tcp,
        // Without a servername the certificate is checked for this.
        host,
        // RFC 6066 §3: an address is no server name.
        ...(isIP(host) === 0 ? { servername: host } : {}),
        // What the admin trusts need not be a root: the relay's own certificate will do.
        ...(caPem === null ? {} : { ca: caPem, allowPartialTrustChain: true }),
        minVersion: "TLSv1.2",
        // The handshake is finished in any case, so that a refused certificate can be shown.
        rejectUnauthorized: false,
      });
      socket.once("error", reject);
      socket.once("secureConnect", () => {
        // At once: what follows the handshake in the same packet may be an error already.
        this.#stream = socket;
        this.#listen(socket);
        socket.off("error", reject).on("data", this.#bytes);
        resolve(socket);
      });
    });
    return evidenceOf(secure, host, now);
  }

  destroy(): void {
    this.#lost = true;
    this.#stream.destroy();
    this.#tcp.destroy();
  }

  readonly #bytes = (chunk: Buffer): void => {
    if (!this.#lost) this.#events?.bytes(chunk);
  };

  readonly #lose = (error: NodeJS.ErrnoException | null): void => {
    if (this.#lost) return;
    this.#lost = true;
    this.#events?.lost(error);
  };

  readonly #ended = (): void => this.#lose(null);

  #listen(stream: Socket): void {
    stream.on("error", this.#lose).on("end", this.#ended).on("close", this.#ended);
  }
}

const dayMs = 86_400_000;

function evidenceOf(socket: TLSSocket, host: string, now: number): TlsEvidence {
  const certificates = sentCertificates(socket.getPeerX509Certificate());
  const [certificate] = certificates;
  const validTo = certificate?.validToDate.getTime() ?? 0;
  return {
    version: socket.getProtocol() ?? "unknown",
    cipher: socket.getCipher().standardName,
    subject: nameOnOneLine(certificate?.subject),
    issuer: nameOnOneLine(certificate?.issuer),
    names: namesOf(certificate?.subjectAltName),
    validFrom: certificate?.validFromDate.getTime() ?? 0,
    validTo,
    daysLeft: Math.floor((validTo - now) / dayMs),
    fingerprint256: certificate?.fingerprint256 ?? "",
    selfSigned: certificate?.checkIssued(certificate) ?? false,
    chain: certificates.map(describeCertificate),
    ...judgementOf(socket, certificates, host, now),
  };
}

function judgementOf(
  socket: TLSSocket,
  certificates: readonly X509Certificate[],
  host: string,
  now: number,
): Pick<TlsEvidence, "authorized" | "error" | "faults" | "pin"> {
  if (socket.authorized) return { authorized: true, error: null, faults: [], pin: null };
  const error = String(socket.authorizationError);
  // OpenSSL looks at the chain, and Node.js at the name only where that was well.
  const own = certificates[0]?.toLegacyObject();
  const isForHost = own !== undefined && checkServerIdentity(host, own) === undefined;
  const refused = { certificates, error, host, isForHost, now };
  return { authorized: false, error, faults: faultsOf(refused), pin: pinOf(refused) };
}

/** `DNS:mail.example.com, IP Address:192.0.2.1` */
function namesOf(subjectAltName: string | undefined): string[] {
  return (subjectAltName ?? "").split(", ").flatMap((entry) => {
    const name = /^(?:DNS|IP Address):(.+)$/u.exec(entry)?.[1];
    return name === undefined ? [] : [name];
  });
}
