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
  "input.invalid": { status: 400, title: "Invalid fields" },
  "address.invalid": { status: 400, title: "Invalid email address" },
  "header.invalid": { status: 400, title: "Invalid header" },
  "message.too_large": { status: 413, title: "Message too large" },
  "message.too_many_recipients": { status: 400, title: "Too many recipients" },

  "secret.missing": { status: 503, title: "Secret is missing" },
  "secret.unusable": { status: 503, title: "Secret can't be used" },
  "secret.mismatch": { status: 503, title: "Secret doesn't match the database" },
  "token.invalid": { status: 409, title: "Can't decrypt a stored secret" },
  "seal.broken": { status: 409, title: "SMTP config was modified outside Sendwright" },

  "config.not_found": { status: 404, title: "SMTP config not found" },
  "config.password_required": { status: 409, title: "Password is required" },
  "config.version_conflict": { status: 409, title: "Someone else saved a newer version" },
  "config.managed": { status: 409, title: "Config is set by the environment" },
  "config.no_draft": { status: 404, title: "Draft not found" },
  "config.no_version": { status: 404, title: "Version not found" },
  "config.none_usable": { status: 503, title: "No SMTP config can send" },

  "oauth.consent_required": { status: 409, title: "Provider connection is required" },
  "oauth.refused": { status: 502, title: "Provider rejected the request" },
  "oauth.unreachable": { status: 502, title: "Can't reach the provider" },
  "oauth.state_invalid": { status: 403, title: "Authorization expired or invalid" },
  "oauth.address_unknown": { status: 409, title: "Public URL is unknown" },

  "email.not_found": { status: 404, title: "Email not found" },
  "email.state_conflict": { status: 409, title: "Not possible in this state" },
  "email.withheld": { status: 409, title: "No recipient is allowed" },
  "email.expired": { status: 409, title: "Email expired" },
  "email.lease_lost": { status: 409, title: "Another node is sending this email" },
  "email.content_gone": { status: 410, title: "Email content deleted" },
  "idempotency.conflict": { status: 409, title: "Idempotency key was already used" },

  "template.not_found": { status: 404, title: "Template not found" },
  "template.invalid": { status: 400, title: "Can't render the template" },
  "template.version_conflict": { status: 409, title: "Someone else saved a newer version" },

  "webhook.none": { status: 409, title: "Webhook not found" },
  "alert.not_found": { status: 404, title: "Alert not found" },

  "store.locked": { status: 503, title: "Database is in use" },
  "store.upgrade_failed": { status: 503, title: "Can't upgrade the database" },
  "store.older": { status: 503, title: "Database is not upgraded yet" },
  "store.newer": { status: 503, title: "Database is from a newer version" },
  "store.unavailable": { status: 503, title: "Database unavailable" },

  "egress.refused": { status: 422, title: "Sendwright isn't allowed to connect there" },
  "smtp.resolve": { status: 502, title: "Can't find the SMTP server" },
  "smtp.connect": { status: 502, title: "Can't reach the SMTP server" },
  "smtp.timeout": { status: 504, title: "SMTP server timed out" },
  "smtp.closed": { status: 502, title: "SMTP server closed the connection" },
  "smtp.withdrawn": { status: 503, title: "Message was withdrawn before sending" },
  "smtp.protocol": { status: 502, title: "Server doesn't speak SMTP" },
  "smtp.rejected": { status: 502, title: "SMTP server rejected the email" },
  "smtp.starttls_missing": { status: 502, title: "SMTP server doesn't offer STARTTLS" },
  "smtp.tls": { status: 502, title: "Can't secure the connection" },
  "smtp.auth_unavailable": { status: 502, title: "No supported authentication method" },
  "smtp.auth_rejected": { status: 502, title: "SMTP server rejected the credentials" },
  "smtp.smtputf8_missing": { status: 502, title: "SMTP server doesn't support SMTPUTF8" },
  "smtp.too_large": { status: 502, title: "Message too large for SMTP server" },
  "smtp.unknown_outcome": { status: 502, title: "SMTP server's last reply was lost" },
  "sandbox.unavailable": { status: 503, title: "Sandbox is off" },

  "request.malformed": { status: 400, title: "Can't read the request" },
  "request.unsupported_type": {
    status: 415,
    title: "Body must be JSON",
    headers: { accept: "application/json" },
  },
  "request.unsupported_encoding": {
    status: 415,
    title: "Body must not be compressed",
    headers: { "accept-encoding": "identity" },
  },
  "request.too_large": { status: 413, title: "Body too large" },
  "request.cross_site": { status: 403, title: "Cross-site request rejected" },
  "request.not_found": { status: 404, title: "Not found" },
  "request.method_not_allowed": { status: 405, title: "Method not allowed" },
  "auth.required": { status: 401, title: "Sign in first" },
  "auth.forbidden": { status: 403, title: "Not allowed" },
  "auth.authorize_failed": { status: 500, title: "Application can't identify you" },
  "auth.link_invalid": { status: 403, title: "Link expired or invalid" },
  "auth.failed": { status: 401, title: "Sign-in failed" },
  "auth.too_many_attempts": { status: 429, title: "Too many attempts" },
  "api_key.not_found": { status: 404, title: "API key not found" },
  "test.busy": { status: 429, title: "Too many tests" },
  "server.unavailable": { status: 503, title: "Can't start the server" },
  "server.busy": { status: 503, title: "Too many large requests", retryAfter: 5 },
  "queue.full": { status: 503, title: "Queue is full", retryAfter: 30 },
  "disk.full": { status: 503, title: "Disk is nearly full", retryAfter: 60 },
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
  log.error({ err: error, id }, "unhandled error");
  return problemOf(
    new SendwrightError("internal", `This is a bug in Sendwright. Search its log for the ID ${id}.`),
    log,
  );
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
  const what = charset === null ? "" : ` in UTF-8, not in ${shorten(charset, 40)}`;
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
