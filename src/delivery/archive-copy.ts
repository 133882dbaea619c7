import type { SmtpReply } from "../core/model.ts";
import type { Message, SendResult } from "../smtp/connection.ts";
import type { Attempt, AttemptCopy, Email, Recipient } from "../store/tables/emails.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";

/**
 * Who gets an archive copy with this attempt; null for nobody. An email is copied once for each address: not after a
 * recipient got the email, and not to an address that got the copy or was rejected for good. A sensitive email never is.
 * @param earlier reads the attempts before this one, if there are any.
 */
export async function archiveAddress(
  { email, recipients }: { readonly email: Email; readonly recipients: readonly Recipient[] },
  { settings: { bcc } }: SmtpConfig,
  earlier: () => Promise<readonly Attempt[]>,
): Promise<string | null> {
  if (bcc === null || email.sensitive) return null;
  const isTold = recipients.some(({ address, state }) => state === "sent" || isSame(address, bcc));
  if (isTold) return null;
  // The first claim has the token 1.
  const attempts = email.lease > 1 ? await earlier() : [];
  return attempts.some(({ copy }) => isDone(copy, bcc)) ? null : bcc;
}

/** A copy that is answered with 421 ends the session for everybody: it is not tried again. */
function isDone(copy: AttemptCopy | null | undefined, bcc: string): boolean {
  if (!copy || !isSame(copy.address, bcc)) return false;
  return copy.outcome === "sent" || copy.outcome === "permanent" || copy.code === 421;
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/**
 * Sends a message with its archive copy. What became of the copy is no part of the result: if the server rejects the
 * message because it rejected the copy, the message is sent again without it.
 * @param copyTo the last recipient of the message, if that is the archive; else null.
 */
export async function sendWithCopy(
  send: (message: Message) => Promise<SendResult>,
  message: Message,
  copyTo: string | null,
): Promise<{ readonly result: SendResult; readonly copy: AttemptCopy | null }> {
  const whole = await send(message);
  if (copyTo === null) return { result: whole, copy: null };
  const { result, copy } = withoutCopy(whole, copyTo);
  if (!isSpoilt(result, copy)) return { result, copy };
  const to = message.to.filter((address) => address !== copyTo);
  return { result: await send({ ...message, to }), copy };
}

function withoutCopy(result: SendResult, copyTo: string): { result: SendResult; copy: AttemptCopy | null } {
  const own = result.recipients.find(({ address }) => address === copyTo);
  const recipients = result.recipients.filter(({ address }) => address !== copyTo);
  if (own === undefined) return { result, copy: null };
  const { outcome, reply, error } = own;
  const words = reply?.lines.join("\n") ?? (error ?? result.lost)?.message ?? null;
  // If the copy is all that the server accepted, its reply to the message is about the copy alone.
  const isOfCopy = result.reply !== null && !recipients.some((one) => isSameReply(one.reply, result.reply));
  const ofRecipients = isOfCopy ? ({ stage: "recipient", reply: null } as const) : {};
  return {
    result: { ...result, ...ofRecipients, recipients },
    copy: { address: copyTo, outcome, code: reply?.code ?? null, reply: words },
  };
}

/** Whether a message that was rejected as a whole may have been rejected for its copy. */
function isSpoilt({ recipients, reply, stage, lost }: SendResult, copy: AttemptCopy | null): boolean {
  if (copy === null || copy.code === null || copy.code < 400 || reply === null) return false;
  if (lost !== null || stage !== "message" || wordsOf(reply) === `${copy.code} ${copy.reply}`) return false;
  const isUnsent = recipients.every(({ outcome }) => outcome === "temporary" || outcome === "permanent");
  return isUnsent && recipients.some((one) => isSameReply(one.reply, reply));
}

function isSameReply(one: SmtpReply | null, other: SmtpReply | null): boolean {
  return one !== null && other !== null && wordsOf(one) === wordsOf(other);
}

function wordsOf({ code, lines }: SmtpReply): string {
  return `${code} ${lines.join("\n")}`;
}
