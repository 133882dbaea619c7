import type { ErrorCode } from "../../core/errors.ts";
import type { AuthMethod, Stage, TlsMode } from "../../core/model.ts";
import type { Relay } from "../../smtp/relay.ts";

/** Fields of the settings form with the values that would mend it, by the names of the API. */
export interface Fix {
  readonly smtpServer?: string;
  readonly smtpPort?: number;
  readonly useTls?: boolean;
  readonly tlsMode?: TlsMode;
  readonly username?: string;
  readonly authMethod?: "auto";
  readonly allowCleartextAuth?: boolean;
  readonly caPem?: string;
}

/** What must have been seen for a row to explain it. Every part given must hold. */
export interface Condition {
  readonly stage?: readonly Stage[];
  readonly code?: readonly ErrorCode[];
  readonly systemCode?: readonly string[];
  /** Reply codes; a single digit stands for its whole class. */
  readonly reply?: readonly number[];
  readonly enhancedCode?: readonly string[];
  /** Somewhere in the reply, put on one line: `550 5.7.1 No`. */
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
  /** Whether the config allows signing in without TLS. */
  readonly allowsCleartext?: boolean;
  readonly offersStartTls?: boolean;
  /** Whether any sign-in mechanism was offered. */
  readonly offersAuth?: boolean;
  /** Whether one of those offered takes a password from Sendwright: PLAIN or LOGIN. */
  readonly offersPassword?: boolean;
  /** How the config signs in. */
  readonly authMethod?: readonly AuthMethod[];
  /** Whether a TLS handshake had come about before. */
  readonly encrypted?: boolean;
}

/** One explanation. Words in braces are filled in from what was seen. */
export interface Row {
  readonly code: string;
  readonly when: Condition;
  readonly title: string;
  readonly explanation: string;
  readonly remedy: string;
  readonly fix?: Fix;
  /** Remedies where it is known whether trusting what the relay sent would make it verify. */
  readonly pin?: {
    /** It would: the fix then is that certificate. */
    readonly helps: string;
    readonly isNotEnough: string;
  };
  /** The explanation holds only if the fix does: where that was tried in vain, the next row explains. */
  readonly guess?: true;
  /** Where it is written that a server or a system means this. */
  readonly source: string;
}

/** The machine (or the container) itself. */
export const loopback = /^(?:localhost|127\.[\d.]+|\[?::1\]?)$/i;

/** Mail catchers, by the names that their images have on the network of containers, and this machine itself. */
export const privateHost = /^(?:localhost|127\.[\d.]+|\[?::1\]?|mailpit|mailhog|maildev)$/i;

/** What OpenSSL says where the answer to its handshake is no TLS at all. */
export const clearAnswers: readonly string[] = [
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "EPROTO",
];

/** RFC 6409 and RFC 8314 §7.3: where clients that sign in hand over mail. */
export const submission = { smtpPort: 587, useTls: true, tlsMode: "starttls" } as const satisfies Fix;
export const submissions = { smtpPort: 465, useTls: true, tlsMode: "implicit" } as const satisfies Fix;
