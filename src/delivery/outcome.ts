import type { SendwrightError } from "../core/errors.ts";
import { newId } from "../core/id.ts";
import type { AttemptOutcome, EmailState, RecipientState, SmtpReply } from "../core/model.ts";
import { withheldReply } from "../guard/withheld.ts";
import type { Connection, RecipientResult, SendResult } from "../smtp/connection.ts";
import type { RecipientOutcome, Settlement } from "../store/tables/email-settlements.ts";
import type { Attempt, AttemptCopy, AttemptRoute, Email, Recipient } from "../store/tables/emails.ts";
import type { CountedUsage } from "../store/tables/smtp-config-usage.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { nextAttemptAt } from "./backoff.ts";
import { refusalKind, refusedHereOnly } from "./refusal-kind.ts";

/** How one attempt ended: with an outcome for each recipient, or with an error before there was any. */
export type AttemptEnd =
  | { readonly kind: "answered"; readonly result: SendResult }
  | { readonly kind: "failed"; readonly error: SendwrightError };

/** Errors that say that the config, not the email, needs an admin first. */
const configErrors: ReadonlySet<string> = new Set([
  "config.none_usable",
  "secret.mismatch",
  "seal.broken",
  "config.password_required",
  "oauth.consent_required",
  "oauth.refused",
  "egress.refused",
  "smtp.starttls_missing",
  "smtp.tls",
  "smtp.auth_unavailable",
]);

/**
 * What a failure before the final dot means. A relay that turns us away for good before MAIL (554 in
 * the greeting, 535 at sign-in) judges the config: emails keep waiting. 454 at sign-in is temporary
 * (RFC 4954 §6).
 */
export function failureOutcome(error: SendwrightError): "temporary" | "permanent" | "config" {
  if (configErrors.has(error.code)) return "config";
  const reply = error.smtp?.reply;
  if (error.retry === "by-reply" && reply !== undefined) return reply.code >= 500 ? "config" : "temporary";
  // A fault of our own is not the email's.
  return error.retry === "never" && error.code !== "internal" ? "permanent" : "temporary";
}

/** The word for a whole attempt, for the log. */
function attemptOutcome(end: AttemptEnd): AttemptOutcome {
  if (end.kind === "failed") return isWithheld(end) ? "withheld" : failureOutcome(end.error);
  const { recipients } = end.result;
  // "Authentication required" (RFC 4954 §6), "Must issue STARTTLS first" (RFC 3207 §4): the config's fault.
  if (recipients.every(({ reply }) => reply?.code === 530)) return "config";
  const outcomes = new Set(recipients.map((recipient) => recipient.outcome));
  if (outcomes.has("unknown")) return "unknown";
  if (outcomes.has("sent")) return outcomes.size === 1 ? "sent" : "partial";
  return outcomes.has("temporary") ? "temporary" : "permanent";
}

/**
 * The state of an email from those of its recipients: open ones keep it queued; with one outcome for
 * all it has that; a lost answer outweighs the rest, then a success among failures is `partial`. It is `withheld` if
 * all of them are.
 */
export function emailStateOf(recipients: readonly RecipientState[]): EmailState {
  const states = new Set(recipients);
  if (states.has("queued")) return "queued";
  if (states.has("unknown")) return "unknown";
  if (states.has("sent")) return states.size === 1 ? "sent" : "partial";
  if (states.has("failed")) return "failed";
  if (states.has("expired")) return "expired";
  return states.has("cancelled") ? "cancelled" : "withheld";
}

/** Whether the sandbox has the message, rather than refused it. */
function isCaptured({ captured = false, recipients }: SendResult): boolean {
  return captured && recipients.some(({ outcome }) => outcome === "sent");
}

/** Whether none of the recipients may get mail from this machine. */
function isWithheld(end: AttemptEnd): boolean {
  return end.kind === "failed" && end.error.code === "email.withheld";
}

/** The row of the log for an attempt. */
export function attemptOf(result: {
  readonly config: SmtpConfig | null;
  readonly connection: Connection | null;
  readonly end: AttemptEnd;
  readonly startedAt: number;
  readonly durationMs: number;
  /** Why it went through this config. */
  readonly why: AttemptRoute | null;
  readonly copy?: AttemptCopy | null;
}): Attempt {
  const { config, connection, end, startedAt, durationMs, why, copy = null } = result;
  const error = end.kind === "failed" ? end.error : end.result.lost;
  const reply =
    end.kind === "answered" && error === null ? replyForLog(end.result) : (error?.smtp?.reply ?? null);
  const outcome = attemptOutcome(end);
  return {
    id: newId(startedAt),
    at: startedAt,
    configId: config?.id ?? null,
    configName: config?.settings.name ?? null,
    // Where it went, which for captured mail is not the server of the config.
    relayHost: connection?.host ?? config?.settings.smtpServer ?? null,
    relayAddress: connection?.address ?? null,
    tlsVersion: connection?.tls?.version ?? null,
    stage: end.kind === "answered" ? end.result.stage : (error?.smtp?.stage ?? null),
    outcome,
    errorCode: outcome === "unknown" ? "smtp.unknown_outcome" : (error?.code ?? null),
    ...replyColumns(reply, error?.message ?? null),
    durationMs,
    possibleDuplicate: outcome === "unknown",
    captured: end.kind === "answered" && isCaptured(end.result),
    failure: null,
    route: why,
    ...(copy === null ? {} : { copy }),
  };
}

/** The reply that tells most: that to the message, else the first refusal. */
function replyForLog(result: SendResult): SmtpReply | null {
  return result.reply ?? result.recipients.find(({ outcome }) => outcome !== "sent")?.reply ?? null;
}

export interface SettleInput {
  readonly email: Email;
  /** The address that it was sent from. */
  readonly from: string;
  /** All recipients of the email, as they were before the attempt. */
  readonly recipients: readonly Recipient[];
  readonly end: AttemptEnd;
  readonly now: number;
  /** In [0, 1), for the jitter. */
  readonly random: number;
  readonly attempt: Attempt;
  /**
   * `counted`: it is tried again by the schedule. `uncounted`: at once, by another config or once this one works again.
   * `taken-over`: at once, by another config; a recipient who was refused for good stays refused.
   * `elsewhere`: by another config, since this one has refused it for good.
   */
  readonly next: "counted" | "uncounted" | "taken-over" | "elsewhere";
  /** As `refusalOf` of the config. */
  readonly refusal: string;
  /** What the claim counted towards the limits of the config. */
  readonly counted: CountedUsage | null;
}

/** A relay that may have accepted an email counts it, whatever became of the email. */
const counts: ReadonlySet<AttemptOutcome> = new Set(["sent", "partial", "unknown"]);

/** What is written of an email that was claimed, and not attempted. */
export function handedBack(email: Email, counted: CountedUsage | null, now: number): Settlement {
  const { attemptCount, possibleDuplicate, captured, sentAt, refusedBy } = email;
  return {
    state: "queued",
    nextAttemptAt: email.nextAttemptAt ?? now,
    attemptCount,
    possibleDuplicate,
    captured,
    sentAt,
    finishedAt: null,
    refusedBy,
    recipients: [],
    attempt: null,
    released: counted,
  };
}

/** Turns the end of an attempt into what is written: pure, so that each case is a test. */
export function settlementOf(input: SettleInput): Settlement {
  const { email, recipients, now, random, attempt, next, refusal, counted } = input;
  const { createdAt, expiresAt } = email;
  const failed = email.attemptCount + 1;
  const attemptCount = next === "counted" ? failed : email.attemptCount;
  const retryAt = next === "counted" ? nextAttemptAt({ failed, now, createdAt, expiresAt, random }) : now;
  const outcomes = recipients
    .filter((recipient) => recipient.state === "queued")
    .map((recipient) => recipientOutcome(recipient, input, retryAt !== null));

  const after = recipients.map(
    (recipient) =>
      outcomes.find((outcome) => outcome.position === recipient.position)?.state ?? recipient.state,
  );
  const state = emailStateOf(after);
  const taken = outcomes.some((outcome) => outcome.state === "sent");
  return {
    state,
    // After its last attempt an email stays queued until its time is over: only then it has expired.
    nextAttemptAt: state === "queued" ? (retryAt ?? expiresAt) : null,
    attemptCount,
    possibleDuplicate: email.possibleDuplicate || attempt.outcome === "unknown",
    captured: email.captured || attempt.captured,
    sentAt: taken ? now : email.sentAt,
    finishedAt: state === "queued" ? null : now,
    refusedBy: next === "elsewhere" ? [...email.refusedBy, refusal] : email.refusedBy,
    recipients: outcomes,
    attempt,
    released: counts.has(attempt.outcome) ? null : counted,
  };
}

function recipientOutcome(recipient: Recipient, input: SettleInput, isTriedAgain: boolean): RecipientOutcome {
  const { end, attempt, email, next } = input;
  const { position } = recipient;
  if (end.kind === "failed") {
    const { error } = end;
    if (isWithheld(end)) return { position, state: "withheld", ...replyColumns(null, withheldReply) };
    const reply = error.smtp?.reply ?? null;
    const state = attempt.outcome === "permanent" && next === "counted" ? "failed" : "queued";
    return { position, state, ...replyColumns(reply, error.message) };
  }
  if (end.result.withheld?.includes(recipient.address)) {
    return { position, state: "withheld", ...replyColumns(null, withheldReply) };
  }
  const result = end.result.recipients.find((candidate) => candidate.address === recipient.address);
  // The client answers for each address it was given; without an answer nothing was sent.
  if (result === undefined) return { position, state: "queued", ...replyColumns(null, null) };
  const staysQueued = attempt.outcome === "config" || isLeftToOthers(result, input, end.result);
  return {
    position,
    state: staysQueued ? "queued" : recipientState(result.outcome, email, isTriedAgain),
    ...replyColumns(result.reply, (result.error ?? end.result.lost)?.message ?? null),
  };
}

/** Whether a recipient who was refused for good is tried again all the same: it is not about the recipient. */
function isLeftToOthers(
  result: RecipientResult,
  { next, from }: SettleInput,
  { stage }: SendResult,
): boolean {
  if (result.outcome !== "permanent" || next === "counted" || next === "taken-over") return false;
  return refusedHereOnly.has(refusalKind(result, stage, from));
}

function recipientState(
  outcome: RecipientResult["outcome"],
  email: Email,
  isTriedAgain: boolean,
): RecipientState {
  switch (outcome) {
    case "sent":
      return "sent";
    case "permanent":
      return "failed";
    case "temporary":
      return "queued";
    case "unknown":
      // Without time for another attempt, "perhaps" is the last word.
      return email.onUnknown === "resend" && isTriedAgain ? "queued" : "unknown";
    default:
      return outcome satisfies never;
  }
}

function replyColumns(reply: SmtpReply | null, otherwise: string | null) {
  return {
    code: reply?.code ?? null,
    enhancedCode: reply?.enhancedCode ?? null,
    reply: reply === null ? otherwise : reply.lines.join("\n"),
  };
}
