/** The words of Sendwright as types: states are unions, so that an impossible one does not compile. */

/** The life of an email; drawn in docs/concepts/delivery.md. */
export const emailStates = [
  "queued",
  "sending",
  "sent",
  "partial",
  "failed",
  "cancelled",
  "expired",
  "unknown",
  "withheld",
] as const;
export type EmailState = (typeof emailStates)[number];

/** Final, and somebody has not got it: an admin may have it tried again. */
export const retryableStates = [
  "failed",
  "expired",
  "unknown",
  "partial",
  "cancelled",
  "withheld",
] as const satisfies readonly EmailState[];
export type RetryableState = (typeof retryableStates)[number];

/** The outcome of one recipient; `queued` until it has one. `withheld`: the recipient rule of this machine forbids it. */
export const recipientStates = [
  "queued",
  "sent",
  "failed",
  "cancelled",
  "expired",
  "unknown",
  "withheld",
] as const;
export type RecipientState = (typeof recipientStates)[number];

export const recipientRoles = ["to", "cc", "bcc"] as const;
export type RecipientRole = (typeof recipientRoles)[number];

/**
 * How one try ended. `sent`: each recipient tried was taken; `partial`: some were; `temporary` and
 * `permanent`: none was; `config`: the config must be mended first; `unknown`: the answer to the
 * final dot was lost (RFC 1047); `withheld`: no recipient may get mail from this machine.
 */
export const attemptOutcomes = [
  "sent",
  "partial",
  "temporary",
  "permanent",
  "config",
  "unknown",
  "withheld",
] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

export const priorities = ["high", "normal", "low"] as const;
export type Priority = (typeof priorities)[number];

export const unknownPolicies = ["resend", "hold"] as const;
export type UnknownPolicy = (typeof unknownPolicies)[number];

/** What admins may edit: whole templates, and the parts that these share. */
export type TemplateKind = "template" | "part";

/** How a version of a template came to be; `reset`: the built-in one is used again. */
export const templateChanges = ["created", "edited", "restored", "reset"] as const;
export type TemplateChange = (typeof templateChanges)[number];

/** The way of a connection, in the order of STARTTLS; with implicit TLS, `tls` precedes `greeting`. */
export const stages = [
  "resolve",
  "connect",
  "greeting",
  "ehlo",
  "starttls",
  "tls",
  "auth",
  "sender",
  "recipient",
  "message",
] as const;
export type Stage = (typeof stages)[number];

export const tlsModes = ["auto", "starttls", "implicit"] as const;
export type TlsMode = (typeof tlsModes)[number];

/** `oauth` signs in with a token that Sendwright gets and renews; with `xoauth2` the password is the token. */
export const authMethods = ["auto", "plain", "login", "xoauth2", "oauth"] as const;
export type AuthMethod = (typeof authMethods)[number];

/** What the API shows where a secret is saved. Sent back, it keeps that secret. */
export const passwordMask = "********";

/**
 * The kinds of problem that the monitor raises alerts for. At most one alert of a kind is open for a config;
 * `emails_failing` is about all configs together.
 */
export const alertKinds = [
  "unusable",
  "unreachable",
  "tls_failed",
  "certificate_expiring",
  "sign_in_failed",
  "consent_expiring",
  "sender_refused",
  "dmarc_broken",
  "spf_broken",
  "emails_failing",
] as const;
export type AlertKind = (typeof alertKinds)[number];

/** Stands in the log as the template of Test Connection's emails: no template may have this name. */
export const testEmailTemplate = "test-email";

/** A person or thing that gets or sends mail (RFC 5322 §3.4). */
export interface Mailbox {
  readonly name: string | null;
  readonly address: string;
}

/** A whole reply of the relay (RFC 5321 §4.2), redacted. `enhancedCode` is null unless its class fits. */
export interface SmtpReply {
  readonly code: number;
  readonly enhancedCode: string | null;
  /** The text of each line, without code and separator. */
  readonly lines: readonly string[];
}

/** What a relay offered in an answer to EHLO, as far as explanations ask for it. Redacted. */
export interface Offer {
  readonly startTls: boolean;
  /** SASL mechanisms in upper case (RFC 4954 §3). */
  readonly authMechanisms: readonly string[];
}

/** What tells a relay's certificate from another. Redacted. */
export interface ShownCertificate {
  /** DNS names and IP addresses of the subjectAltName. */
  readonly names: readonly string[];
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
  readonly fingerprint256: string;
}

/** Some of the fields; one that is undefined stays as it is. */
export type Changed<Fields> = { readonly [Name in keyof Fields]?: Fields[Name] | undefined };

/** Who did it, for the audit log and for the scope of an idempotency key. */
export interface Actor {
  /** `user:…`, `key:…`, `library` or `system`. */
  readonly id: string;
  readonly name: string;
}

/** Who acts when nobody asked for it. */
export const systemActor: Actor = { id: "system", name: "Sendwright" };

/**
 * Which relays may be dialled. Link-local and metadata addresses never are; `public-only` also refuses
 * private addresses and unusual ports, for hosts whose admins are not the operator.
 */
export const egressModes = ["default", "public-only"] as const;
export type EgressMode = (typeof egressModes)[number];
