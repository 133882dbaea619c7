import type { Offer, ShownCertificate, SmtpReply, Stage } from "./model.ts";

/**
 * What a failure means for whoever wants to try again:
 * `never` the same call fails the same way; `later` it may pass by itself; `by-reply` the relay's
 * reply decides (4yz later, 5yz never); `unsafe` it may have taken effect already.
 */
export type Retry = "never" | "later" | "by-reply" | "unsafe";

/** Every failure Sendwright can report, once. The code is what programs compare; texts may change. */
export const errorTable = {
  "input.invalid": "never",
  "address.invalid": "never",
  "header.invalid": "never",
  "message.too_large": "never",
  "message.too_many_recipients": "never",

  "secret.missing": "never",
  "secret.unusable": "never",
  "secret.mismatch": "never",
  "token.invalid": "never",
  "seal.broken": "never",

  "config.not_found": "never",
  "config.password_required": "never",
  "config.version_conflict": "never",
  "config.managed": "never",
  "config.no_draft": "never",
  "config.no_version": "never",
  "config.none_usable": "later",

  "oauth.consent_required": "never",
  "oauth.refused": "never",
  "oauth.unreachable": "later",
  "oauth.state_invalid": "never",
  "oauth.address_unknown": "never",

  "email.not_found": "never",
  "email.state_conflict": "never",
  "email.content_gone": "never",
  "email.lease_lost": "later",
  "email.expired": "never",
  "email.withheld": "never",
  "idempotency.conflict": "never",

  "template.not_found": "never",
  "template.invalid": "never",
  "template.version_conflict": "never",

  "webhook.none": "never",
  "alert.not_found": "never",

  "store.locked": "later",
  "store.newer": "never",
  "store.older": "never",
  "store.upgrade_failed": "never",
  "store.unavailable": "later",
  "sandbox.unavailable": "later",

  "egress.refused": "never",
  "smtp.resolve": "later",
  "smtp.connect": "later",
  "smtp.timeout": "later",
  "smtp.closed": "later",
  "smtp.withdrawn": "later",
  "smtp.protocol": "later",
  "smtp.rejected": "by-reply",
  "smtp.starttls_missing": "never",
  "smtp.tls": "never",
  "smtp.auth_unavailable": "never",
  "smtp.auth_rejected": "by-reply",
  "smtp.smtputf8_missing": "never",
  "smtp.too_large": "never",
  "smtp.unknown_outcome": "unsafe",

  "request.malformed": "never",
  "request.unsupported_type": "never",
  "request.unsupported_encoding": "never",
  "request.too_large": "never",
  "request.cross_site": "never",
  "request.not_found": "never",
  "request.method_not_allowed": "never",
  "auth.required": "never",
  "auth.forbidden": "never",
  "auth.authorize_failed": "never",
  "auth.link_invalid": "never",
  "auth.failed": "never",
  "auth.too_many_attempts": "later",
  "api_key.not_found": "never",
  "test.busy": "later",
  "server.unavailable": "later",
  "server.busy": "later",
  "queue.full": "later",
  "disk.full": "later",
  internal: "never",
} as const satisfies Record<string, Retry>;

export type ErrorCode = keyof typeof errorTable;

/** One wrong field: `pointer` is a JSON Pointer (RFC 6901) into the input, "" for the whole. */
export interface Issue {
  readonly pointer: string;
  readonly detail: string;
  /** Where in the source text of a template, from 1 on; null where that is not known. */
  readonly line?: number | null;
  readonly column?: number | null;
}

/** Where the source text of a template is at fault: the place itself, or what stands there. */
export type SourcePlace = { readonly line: number; readonly column: number } | { readonly near: string };

/** Where an SMTP conversation ended, and what the relay had said by then. Redacted. */
export interface SmtpFailure {
  readonly stage: Stage;
  readonly reply?: SmtpReply;
  /** The code of the operating system or of OpenSSL, such as `ECONNREFUSED` or `CERT_HAS_EXPIRED`. */
  readonly systemCode?: string;
  /** What the latest answer to EHLO offered, where the sign-in failed. */
  readonly offered?: Offer;
  /** The certificate that was not trusted. */
  readonly certificate?: ShownCertificate;
  /** What the relay said of the access token before it refused the sign-in (RFC 7628 §3.2.2). */
  readonly tokenRefusal?: string;
}

export interface ErrorDetails {
  readonly issues?: readonly Issue[];
  readonly smtp?: SmtpFailure;
  readonly place?: SourcePlace;
  readonly cause?: unknown;
}

/** What one error says at most: more helps nobody, and what others sent must not decide how long a reply is. */
export const maxIssues = 100;
/** Characters. */
const maxMessage = 2_000;
const maxPointer = 300;
const maxDetail = 600;
/** Bytes of all issues as JSON. */
const maxIssueBytes = 32_768;

/**
 * The one error class. `message` names the thing and the remedy and is fit for an admin's eyes:
 * it never holds a secret. Long messages are cut, and of many issues the first ones are kept.
 */
export class SendwrightError extends Error {
  override readonly name = "SendwrightError";
  readonly code: ErrorCode;
  readonly issues: readonly Issue[];
  readonly smtp: SmtpFailure | undefined;
  readonly place: SourcePlace | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(shorten(message, maxMessage), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.issues = firstOf(details.issues ?? []);
    this.smtp = details.smtp;
    this.place = details.place;
  }

  get retry(): Retry {
    return errorTable[this.code];
  }
}

function firstOf(issues: readonly Issue[]): readonly Issue[] {
  const kept: Issue[] = [];
  let bytes = 0;
  for (const issue of issues.slice(0, maxIssues)) {
    const short = {
      ...issue,
      pointer: shorten(issue.pointer, maxPointer),
      detail: shorten(issue.detail, maxDetail),
    };
    bytes += Buffer.byteLength(JSON.stringify(short));
    if (bytes > maxIssueBytes) break;
    kept.push(short);
  }
  return kept;
}

/** Cut where it is too long, and never within a character. */
export function shorten(text: string, max: number): string {
  return text.length <= max
    ? text
    : `${text
        .slice(0, max - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, "")}…`;
}

/** True for a SendwrightError, with this code if one is given. */
export function isSendwrightError(error: unknown, code?: ErrorCode): error is SendwrightError {
  return error instanceof SendwrightError && (code === undefined || error.code === code);
}
