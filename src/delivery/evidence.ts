import type { SendwrightError } from "../core/errors.ts";
import { type SmtpReply, type Stage, stages } from "../core/model.ts";
import type { Attempt, Email } from "../store/tables/emails.ts";
import type { FailureCause } from "./circuit-breaker.ts";
import type { AttemptEnd } from "./outcome.ts";

/** What an attempt shows of the way that an email took. */
export type Evidence =
  /** The relay has dealt with the email: it accepted it, or judged it. */
  | "works"
  /** Nothing: what failed was the email's own fault. */
  | "none"
  /** This node cannot use the config, which need not be so for others. */
  | "node-fails"
  | { readonly fails: FailureCause };

export interface EvidenceInput {
  readonly end: AttemptEnd;
  readonly attempt: Pick<Attempt, "outcome" | "stage">;
  readonly email: Pick<Email, "from">;
  /** Whether an email was accepted through these settings before. */
  readonly isKnownGood: boolean;
  /** Milliseconds since the epoch, by the clock of the database. */
  readonly now: number;
}

/** Where a connection has not come so far that a message could be to blame. */
const beforeMessages: ReadonlySet<Stage> = new Set(stages.slice(0, stages.indexOf("sender")));

/** What an attempt shows of its config, its relay and this node: pure, so that each case is a test. */
export function evidenceOf({ end, attempt, email, isKnownGood, now }: EvidenceInput): Evidence {
  const { outcome, stage } = attempt;
  if (end.kind === "failed") {
    const { error } = end;
    if (isNodeFault(error, isKnownGood, now)) return "node-fails";
    if (outcome === "config") return { fails: "config" };
    if (outcome !== "temporary" || stage === null) return "none";
    if (error.smtp?.reply?.code === 421) return { fails: "busy" };
    if (beforeMessages.has(stage)) return { fails: "unreachable" };
    return { fails: "refused" };
  }
  if (outcome === "config") return { fails: "config" };
  const refusals = end.result.recipients.flatMap((recipient) => recipient.reply ?? []);
  if (outcome === "sent" || outcome === "partial") return "works";
  if (refusals.some(isQuota)) return { fails: "quota" };
  if (refusals.length > 0 && refusals.every(({ code }) => code === 421)) return { fails: "busy" };
  if (outcome === "permanent") {
    const isOfSender = stage === "sender" && !refusals.every(isTooLarge);
    const isOwnSender = email.from === null && (isOfSender || refusals.some(isSenderDenied));
    return isOwnSender ? { fails: "config" } : "works";
  }
  // Who defers one recipient may accept the next: greylisting works so.
  return outcome === "temporary" && stage === "recipient" ? "works" : { fails: "refused" };
}

/**
 * Whether another config may well send an email that this one has refused for good: the relay has a limit or lacks
 * an extension, or does not let the account send as this sender.
 */
export function isRefusedHereOnly({
  end,
  attempt,
  email,
}: Omit<EvidenceInput, "now" | "isKnownGood">): boolean {
  if (attempt.outcome !== "permanent") return false;
  if (end.kind === "failed") return hereOnly.has(end.error.code);
  const { recipients } = end.result;
  const replies = recipients.flatMap(({ reply }) => reply ?? []);
  const isOfSender = email.from !== null && (attempt.stage === "sender" || replies.some(isSenderDenied));
  return (
    isOfSender ||
    recipients.every(({ reply, error }) =>
      reply === null ? error !== undefined && hereOnly.has(error.code) : isTooLarge(reply),
    )
  );
}

const hereOnly: ReadonlySet<string> = new Set(["smtp.too_large", "smtp.smtputf8_missing"]);

/** "Message length exceeds administrative limit" (RFC 3463 §3.4), the reply of RFC 1870 §6.1. */
function isTooLarge({ code, enhancedCode }: SmtpReply): boolean {
  return code === 552 && (enhancedCode === null || enhancedCode === "5.3.4" || enhancedCode === "5.2.3");
}

/**
 * The account has sent what it may send in a day.
 * Gmail: 550 5.4.5 (https://support.google.com/a/answer/3221692). Exchange Online: 5.1.90, SubmissionQuotaExceeded
 * (https://learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr). Amazon SES: 454 Throttling failure
 * (https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html).
 */
function isQuota({ enhancedCode, lines }: SmtpReply): boolean {
  // 4.4.5 is a relay that is busy (RFC 3463 §3.5); X.2.2 is the full mailbox of a recipient.
  return (
    enhancedCode === "5.4.5" ||
    enhancedCode === "5.1.90" ||
    (!isMailboxFull(enhancedCode) && quotaWords.test(lines.join(" ")))
  );
}

function isMailboxFull(enhancedCode: string | null): boolean {
  return enhancedCode === "4.2.2" || enhancedCode === "5.2.2";
}

const quotaWords =
  /SubmissionQuotaExceeded|\bdaily (?:\w+ )?(?:sending|message|email|mail) (?:limit|quota)|\b(?:sending|message) (?:limit|quota) (?:is |was |has been )?exceeded/i;

/** Exchange: the account may not send as this sender (5.7.60; 5.2.252 SendAsDenied, after the content). */
function isSenderDenied({ enhancedCode, lines }: SmtpReply): boolean {
  return (
    enhancedCode === "5.7.60" ||
    enhancedCode === "5.2.252" ||
    lines.some((line) => line.includes("SendAsDenied"))
  );
}

/** The name servers of this node do not answer; a name that does not exist is no fault of theirs. */
const resolverCodes: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "EAI_FAIL",
  "ESERVFAIL",
  "ETIMEOUT",
  "ECONNREFUSED",
]);
/** This node has no way to the network, no file descriptor, or no permission. */
const localCodes: ReadonlySet<string> = new Set([
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EACCES",
  "EPERM",
]);
/** The authority of a certificate is not known here. */
const authorityCodes: ReadonlySet<string> = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
]);
const validityCodes: ReadonlySet<string> = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);

/** Its key, its rules of where to dial, its name servers, its network, its authorities, or its clock. */
function isNodeFault({ code, smtp }: SendwrightError, isKnownGood: boolean, now: number): boolean {
  if (code === "secret.mismatch" || code === "egress.refused") return true;
  const systemCode = smtp?.systemCode ?? "";
  if (smtp?.stage === "resolve") return resolverCodes.has(systemCode);
  if (smtp?.stage === "connect") return localCodes.has(systemCode);
  if (code !== "smtp.tls") return false;
  // Settings that worked and were not changed: more likely this node has other authorities than the one that sent.
  if (authorityCodes.has(systemCode)) return isKnownGood;
  // By the database's clock the certificate is in time, so the clock of this node is wrong.
  const shown = smtp?.certificate;
  return (
    validityCodes.has(systemCode) && shown !== undefined && shown.validFrom <= now && now <= shown.validTo
  );
}
