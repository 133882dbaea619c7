import type { AuthMethod, TlsMode } from "../core/model.ts";

/** The server at the other end, and how the connection to it is secured. */
export interface Relay {
  /** A name or an IP address. */
  readonly host: string;
  readonly port: number;
  /** `implicit`: TLS from the first byte; `starttls`: TLS before anything else, or nothing; `none`: in the clear. */
  readonly tls: "implicit" | "starttls" | "none";
  /** Certificates in PEM that are trusted instead of the public authorities, or null. */
  readonly caPem: string | null;
  /** The name in EHLO; null for this machine's full name, or its address if it has none. */
  readonly ehloName: string | null;
}

/** `use_tls` means required. `auto`: implicit on port 465, STARTTLS elsewhere (RFC 8314 §3.3, §7.3). */
export function tlsFor(useTls: boolean, mode: TlsMode, port: number): Relay["tls"] {
  if (!useTls) return "none";
  if (mode !== "auto") return mode;
  return port === 465 ? "implicit" : "starttls";
}

export interface Credentials {
  readonly username: string;
  /** For `xoauth2` and `oauth` the access token. */
  readonly password: string;
  readonly method: AuthMethod;
}
