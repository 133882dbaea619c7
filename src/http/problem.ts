import { randomUUID } from "node:crypto";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type ErrorCode, SendwrightError, shorten } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Problem } from "./schema/common.ts";

interface Kind {
  readonly status: ContentfulStatusCode;
  readonly title: string;
  /** Seconds after which the same request may succeed (RFC 9110 §10.2.3). */
  readonly retryAfter?: number;
  /** What would be accepted instead (RFC 9110 §15.5.16, §12.5.3). */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What each error is in HTTP. A new code does not compile until it has its place here. */
const kinds = {
  "input.invalid": { status: 400, title: "Some fields are wrong" },
  "address.invalid": { status: 400, title: "An address is wrong" },
  "header.invalid": { status: 400, title: "A header is wrong" },
  "message.too_large": { status: 413, title: "The message is too large" },
  "message.too_many_recipients": { status: 400, title: "Too many recipients" },

  "secret.missing": { status: 503, title: "The secret is missing" },
  "secret.unusable": { status: 503, title: "The secret cannot be used" },
  "secret.mismatch": { status: 503, title: "The secret is not that of this database" },
  "token.invalid": { status: 409, title: "A stored secret cannot be read" },
  "seal.broken": { status: 409, title: "The SMTP config was changed by other hands" },

  "config.not_found": { status: 404, title: "No such SMTP config" },
  "config.password_required": { status: 409, title: "The password is needed again" },
  "config.version_conflict": { status: 409, title: "Somebody else saved in the meantime" },
  "config.managed": { status: 409, title: "The environment sets this config" },
  "config.no_draft": { status: 404, title: "There is no draft" },
  "config.no_version": { status: 404, title: "There is no such version" },
  "config.none_usable": { status: 503, title: "No SMTP config can be used" },

  "oauth.consent_required": { status: 409, title: "The consent is needed" },
  "oauth.refused": { status: 502, title: "The provider refused" },
  "oauth.unreachable": { status: 502, title: "The provider could not be asked" },
  "oauth.state_invalid": { status: 403, title: "This consent was not asked for here" },
  "oauth.address_unknown": { status: 409, title: "Sendwright does not know its own address" },

  "email.not_found": { status: 404, title: "No such email" },
  "email.state_conflict": { status: 409, title: "The email's state does not allow it" },
  "email.withheld": { status: 409, title: "No recipient may get mail" },
  "email.expired": { status: 409, title: "The email's time is over" },
  "email.lease_lost": { status: 409, title: "Another node has the email" },
  "email.content_gone": { status: 410, title: "The contents are gone" },
  "idempotency.conflict": { status: 409, title: "The idempotency key was used for another request" },

  "template.not_found": { status: 404, title: "No such template" },
  "template.invalid": { status: 400, title: "The template cannot be rendered" },
  "template.version_conflict": { status: 409, title: "Somebody else saved in the meantime" },

  "webhook.none": { status: 409, title: "There is no webhook" },
  "alert.not_found": { status: 404, title: "No such alert" },

  "store.locked": { status: 503, title: "The database is in use by another server" },
  "store.upgrade_failed": { status: 503, title: "Can't upgrade the database" },
  "store.older": { status: 503, title: "The database has not been upgraded yet" },
  "store.newer": { status: 503, title: "The database belongs to a newer version" },
  "store.unavailable": { status: 503, title: "The database cannot be used now" },

  "egress.refused": { status: 422, title: "Sendwright does not connect there" },
  "smtp.resolve": { status: 502, title: "The relay's name could not be resolved" },
  "smtp.connect": { status: 502, title: "The relay could not be reached" },
  "smtp.timeout": { status: 504, title: "The relay took too long" },
  "smtp.closed": { status: 502, title: "The relay closed the connection" },
  "smtp.withdrawn": { status: 503, title: "The message was taken back before it was sent" },
  "smtp.protocol": { status: 502, title: "The relay does not speak SMTP" },
  "smtp.rejected": { status: 502, title: "The relay refused" },
  "smtp.starttls_missing": { status: 502, title: "The relay does not offer STARTTLS" },
  "smtp.tls": { status: 502, title: "No secure connection to the relay" },
  "smtp.auth_unavailable": { status: 502, title: "No way to sign in to the relay" },
  "smtp.auth_rejected": { status: 502, title: "The relay refused the sign-in" },
  "smtp.smtputf8_missing": { status: 502, title: "The relay does not take such addresses" },
  "smtp.too_large": { status: 502, title: "The message is too large for the relay" },
  "smtp.unknown_outcome": { status: 502, title: "The relay's last answer was lost" },
  "sandbox.unavailable": { status: 503, title: "The sandbox is not running" },

  "request.malformed": { status: 400, title: "The request cannot be read" },
  "request.unsupported_type": {
    status: 415,
    title: "The body must be JSON",
    headers: { accept: "application/json" },
  },
  "request.unsupported_encoding": {
    status: 415,
    title: "The body must not be compressed",
    headers: { "accept-encoding": "identity" },
  },
  "request.too_large": { status: 413, title: "The body is too large" },
  "request.cross_site": { status: 403, title: "Refused: sent by another site" },
  "request.not_found": { status: 404, title: "There is nothing here" },
  "request.method_not_allowed": { status: 405, title: "Not with this method" },
  "auth.required": { status: 401, title: "Sign in first" },
  "auth.forbidden": { status: 403, title: "Not allowed" },
  "auth.authorize_failed": { status: 500, title: "The application cannot tell who you are" },
  "auth.link_invalid": { status: 403, title: "The link is not valid" },
  "auth.failed": { status: 401, title: "Sign-in failed" },
  "auth.too_many_attempts": { status: 429, title: "Too many attempts" },
  "api_key.not_found": { status: 404, title: "No such API key" },
  "test.busy": { status: 429, title: "Too many tests at once" },
  "server.unavailable": { status: 503, title: "The server cannot listen" },
  "server.busy": { status: 503, title: "Too many large requests at once", retryAfter: 5 },
  "queue.full": { status: 503, title: "The queue is full", retryAfter: 30 },
  "disk.full": { status: 503, title: "The disk is nearly full", retryAfter: 60 },
  internal: { status: 500, title: "Something went wrong in Sendwright" },
} as const satisfies Record<ErrorCode, Kind>;

/** An error as a problem (RFC 9457). One that nobody foresaw says no more than where the log has it. */
export function problemOf(error: unknown, log: Log): Problem {
  if (error instanceof SendwrightError) {
    const { status, title } = kinds[error.code];
    // What lies beneath is for the log alone.
    if (error.cause !== undefined) log.warn({ err: error.cause, code: error.code }, error.message);
    return {
      type: `urn:sendwright:problem:${error.code}`,
      title,
      status,
      code: error.code,
      detail: error.message,
      ...(error.issues.length === 0 ? {} : { errors: [...error.issues] }),
    };
  }
  // The framework's own refusals, before a handler runs.
  if (error instanceof HTTPException && error.status === 415) return problemOf(unsupportedType(), log);
  if (error instanceof HTTPException && error.status < 500) {
    return problemOf(new SendwrightError("request.malformed", `${error.message}.`), log);
  }
  const id = randomUUID();
  log.error({ err: error, id }, "a request failed for a reason nobody foresaw");
  return problemOf(new SendwrightError("internal", `The log says more about it under the id ${id}.`), log);
}

/** A problem of many in one reply: as much of it as goes into so many bytes of JSON, one way or another. */
export function inBrief(problem: Problem, maxBytes: number): Problem {
  const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
  const { errors = [], ...rest } = problem;
  // A character has up to six bytes in JSON.
  const brief = { ...rest, detail: shorten(rest.detail, Math.max(60, Math.floor(maxBytes / 12))) };
  let left = maxBytes - bytesOf(brief);
  const shown = errors.filter((issue) => {
    left -= bytesOf(issue) + 1;
    return left > 0;
  });
  return shown.length === 0 ? brief : { ...brief, errors: shown };
}

/** The answer for a failed request. Nothing in it is for caches. */
export function problemResponse(error: unknown, log: Log): Response {
  const problem = problemOf(error, log);
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  // RFC 9110 §11.6.1: a 401 says how to authenticate.
  if (problem.status === 401) headers.set("www-authenticate", "Bearer");
  const kind: Kind | undefined = error instanceof SendwrightError ? kinds[error.code] : undefined;
  if (kind?.retryAfter !== undefined) headers.set("retry-after", String(kind.retryAfter));
  for (const [name, value] of Object.entries(kind?.headers ?? {})) headers.set(name, value);
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

/** @param charset that of the body, if the body is not UTF-8. */
export function unsupportedType(charset: string | null = null): SendwrightError {
  const what = charset === null ? "" : ` in UTF-8, and not in ${shorten(charset, 40)}`;
  return new SendwrightError(
    "request.unsupported_type",
    `Send the body as JSON${what}, with the header Content-Type: application/json.`,
  );
}

/** @param coding what the request names, such as `gzip`. */
export function unsupportedEncoding(coding: string): SendwrightError {
  return new SendwrightError(
    "request.unsupported_encoding",
    `The body is encoded with ${shorten(coding, 40)}. Send it uncompressed, without the header Content-Encoding.`,
  );
}
