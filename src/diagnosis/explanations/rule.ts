import type { ErrorCode } from "../../core/errors.ts";
import type { AuthMethod, Stage, TlsMode } from "../../core/model.ts";
import type { Relay } from "../../smtp/relay.ts";

/** The fields of the settings form to change, with their new values, by the names of the API. */
export interface Fix {
  readonly smtpServer?: string;
  readonly smtpPort?: number;
  readonly useTls?: boolean;
  readonly tlsMode?: TlsMode;
  readonly username?: string;
  readonly authMethod?: "auto" | "login";
  readonly allowCleartextAuth?: boolean;
  readonly caPem?: string;
}

/** What must have been seen for a rule to apply. Every part that is given must hold. */
export interface Condition {
  readonly stage?: readonly Stage[];
  readonly code?: readonly ErrorCode[];
  readonly systemCode?: readonly string[];
  /** Reply codes; a single digit stands for its whole class. */
  readonly reply?: readonly number[];
  readonly enhancedCode?: readonly string[];
  /** Matches anywhere in the reply, which is put on one line: `550 5.7.1 No`. */
  readonly says?: RegExp;
  readonly host?: RegExp;
  readonly port?: readonly number[];
  readonly tls?: readonly Relay["tls"][];
  /** Whether the config names the authorities that it trusts. */
  readonly ownAuthority?: boolean;
  readonly username?: RegExp;
  /** Whether the password is an access token. */
  readonly withToken?: boolean;
  /** Whether the config has a username. */
  readonly signsIn?: boolean;
  /** Whether the config allows authentication without TLS. */
  readonly allowsCleartext?: boolean;
  readonly offersStartTls?: boolean;
  /** Whether any authentication mechanism was offered. */
  readonly offersAuth?: boolean;
  /** Whether PLAIN or LOGIN was offered, the mechanisms for which Sendwright uses a password. */
  readonly offersPassword?: boolean;
  /** How the config authenticates. */
  readonly authMethod?: readonly AuthMethod[];
  /** Whether the reply rejects the authentication mechanism, and not the username or the password. */
  readonly refusesMechanism?: boolean;
  /** Whether LOGIN was tried after PLAIN had been rejected, and worked. */
  readonly loginWorks?: boolean;
  /** Which of the two holds an invisible character. */
  readonly invisibleIn?: "username" | "password";
  /** Whether the host is an address that the certificate has as a DNS name, which verifies nothing. */
  readonly addressAsName?: boolean;
  /** Whether a TLS handshake had succeeded before. */
  readonly encrypted?: boolean;
}

/** One explanation and when it applies. Words in braces are replaced by what was seen. */
export interface ExplanationRule {
  readonly code: string;
  readonly when: Condition;
  readonly title: string;
  readonly explanation: string;
  readonly remedy: string;
  readonly fix?: Fix;
  /** The fix is the username without its invisible characters. */
  readonly fixesUsername?: true;
  /** Remedies for a certificate that does not verify, if it is known whether trusting it would change that. */
  readonly pin?: {
    /** Trusting it helps: the certificate is then the fix. */
    readonly helps: string;
    readonly isNotEnough: string;
  };
  /** The explanation is true only if its fix works: once the fix is disproved, the next rule that fits explains. */
  readonly guess?: true;
  /** The document or the reply that shows what the server or the system means. */
  readonly source: string;
}

/** Hosts that are the machine or the container itself. */
export const loopback = /^(?:localhost|127\.[\d.]+|\[?::1\]?)$/i;

/** The machine itself, and mail catchers by the names of their container images. */
export const privateHost = /^(?:localhost|127\.[\d.]+|\[?::1\]?|mailpit|mailhog|maildev)$/i;

/** The error codes of OpenSSL for an answer to the handshake that is not TLS. */
export const clearAnswers: readonly string[] = [
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "EPROTO",
];

/** The ports for clients that authenticate: RFC 6409 and RFC 8314 §7.3. */
export const submission = { smtpPort: 587, useTls: true, tlsMode: "starttls" } as const satisfies Fix;
export const submissions = { smtpPort: 465, useTls: true, tlsMode: "implicit" } as const satisfies Fix;
