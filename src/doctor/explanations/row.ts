import type { ErrorCode } from "../../errors.ts";
import type { Stage, TlsMode } from "../../model.ts";
import type { Relay } from "../../smtp/relay.ts";

/** Fields of the settings form with the values that would mend it, by the names of the API. */
export interface Fix {
  readonly smtpPort?: number;
  readonly useTls?: boolean;
  readonly tlsMode?: TlsMode;
  readonly username?: string;
  readonly authMethod?: "auto";
  readonly allowCleartextAuth?: boolean;
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
}

/** One explanation. Words in braces are filled in from what was seen. */
export interface Row {
  readonly code: string;
  readonly when: Condition;
  readonly title: string;
  readonly explanation: string;
  readonly remedy: string;
  readonly fix?: Fix;
  /** Where it is written that a server or a system means this. */
  readonly source: string;
}

/** The machine (or the container) itself. */
export const loopback = /^(?:localhost|127\.[\d.]+|\[?::1\]?)$/i;

/** RFC 6409 and RFC 8314 §7.3: where clients that sign in hand over mail. */
export const submission = { smtpPort: 587, useTls: true, tlsMode: "starttls" } as const satisfies Fix;
export const submissions = { smtpPort: 465, useTls: true, tlsMode: "implicit" } as const satisfies Fix;
