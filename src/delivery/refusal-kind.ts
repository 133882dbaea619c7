import type { SmtpReply, Stage } from "../core/model.ts";
import type { RecipientResult } from "../smtp/connection.ts";

/**
 * What a relay refuses with a reply.
 * `quota`: the account has sent what it may send in a day. `account`: the provider lets it send nothing.
 * `sender`: the account may not send as this sender. `message`: this relay cannot take this message, others may.
 * `recipient`: anything else; any relay would say so.
 */
export type RefusalKind = "quota" | "account" | "sender" | "message" | "recipient";

/** Kinds of which another config knows nothing: it may well send the email. */
export const refusedHereOnly: ReadonlySet<RefusalKind> = new Set(["quota", "account", "sender", "message"]);

/** The errors of recipients who were left out because the relay lacks an extension, or has a limit. */
export const errorsHereOnly: ReadonlySet<string> = new Set(["smtp.too_large", "smtp.smtputf8_missing"]);

/**
 * What the result of a recipient who was refused for good means.
 * @param from the address that the email was sent from.
 */
export function refusalKind({ reply, error }: RecipientResult, stage: Stage, from: string): RefusalKind {
  if (reply === null) return error !== undefined && errorsHereOnly.has(error.code) ? "message" : "recipient";
  if (isQuota(reply)) return "quota";
  if (isOfAccount(reply)) return "account";
  if (isTooLarge(reply)) return "message";
  if (stage === "sender" || isOfSender(reply)) return "sender";
  return isUnverified(reply) ? (says(reply, from) ? "sender" : "message") : "recipient";
}

/**
 * The account has sent what it may send in a day.
 * Gmail: 550 5.4.5 (https://support.google.com/a/answer/3221692). Exchange Online: 5.1.90, SubmissionQuotaExceeded,
 * 5.7.232 and 5.7.233 (https://learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr). Amazon SES: 454
 * Throttling failure (https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html).
 */
export function isQuota({ enhancedCode, lines }: SmtpReply): boolean {
  // 4.4.5 is a relay that is busy (RFC 3463 §3.5); X.2.2 is the full mailbox of a recipient.
  return (
    (enhancedCode !== null && quotaCodes.has(enhancedCode)) ||
    (!isMailboxFull(enhancedCode) && quotaWords.test(lines.join(" ")))
  );
}

const quotaCodes: ReadonlySet<string> = new Set(["5.4.5", "5.1.90", "5.7.232", "5.7.233"]);

function isMailboxFull(enhancedCode: string | null): boolean {
  return enhancedCode === "4.2.2" || enhancedCode === "5.2.2";
}

const quotaWords =
  /SubmissionQuotaExceeded|\bdaily (?:\w+ ){0,2}(?:sending|message|email|mail|relay) (?:limit|quota)|\b(?:sending|message) (?:limit|quota) (?:is |was |has been )?exceeded/i;

/**
 * The provider lets the account send nothing. Exchange Online: 5.1.8 bad outbound sender, 5.7.705 and 5.7.708
 * (https://learn.microsoft.com/exchange/troubleshoot/email-delivery/ndr). Amazon SES: "Sending paused for this
 * account". Brevo: "SMTP account is not yet activated". Zoho Mail: 5.4.6 "Unusual sending activity", 5.1.8 "Email
 * Outgoing Blocked" (https://www.zoho.com/mail/help/).
 */
function isOfAccount({ enhancedCode, lines }: SmtpReply): boolean {
  return enhancedCode === "5.7.705" || enhancedCode === "5.7.708" || accountWords.test(lines.join(" "));
}

const accountWords =
  /bad outbound sender|Sending paused for this account|account is not (?:yet )?activated|Unusual sending activity|Email Outgoing Blocked/i;

/** "Message length exceeds administrative limit" (RFC 3463 §3.4), the reply of RFC 1870 §6.1. */
function isTooLarge({ code, enhancedCode }: SmtpReply): boolean {
  return code === 552 && (enhancedCode === null || enhancedCode === "5.3.4" || enhancedCode === "5.2.3");
}

/**
 * The account may not send as this sender; many relays say so only to RCPT or after the content.
 * Exchange: 5.7.60, 5.2.252 SendAsDenied. Postfix: reject_sender_login_mismatch, "not owned by user", and
 * reject_unlisted_sender (https://www.postfix.org/postconf.5.html). Yandex: "not owned by auth user". SendGrid: "does
 * not match a verified Sender Identity". Postmark: "not a Sender Signature". Zoho: "Relaying disallowed as". GMX: "Sender address is not allowed". QQ: "mail from
 * address must be same as authorization user".
 */
function isOfSender({ enhancedCode, lines }: SmtpReply): boolean {
  return enhancedCode === "5.7.60" || enhancedCode === "5.2.252" || senderWords.test(lines.join(" "));
}

const senderWords =
  /SendAsDenied|Sender address (?:is )?(?:rejected|not allowed)|mail from address must be same as|not owned by (?:user|auth)|verified Sender Identity|not a Sender Signature|Relaying disallowed as|Sender is not allowed to relay|not local sender over smtp|\bsender (?:domain )?(?:is )?not (?:yet )?verified|not allowed to send (?:mail |email )?(?:as|from)\b/i;

/** In its sandbox Amazon SES wants recipients verified too; only the text says whose address is not. */
function isUnverified({ lines }: SmtpReply): boolean {
  return /identities failed the check/i.test(lines.join(" "));
}

function says({ lines }: SmtpReply, address: string): boolean {
  const text = lines.join(" ").toLowerCase();
  return text.includes(address.toLowerCase());
}
