import type { RecipientState } from "../../api/model.ts";
import type { Attempt } from "../../api/types.ts";

export const back = "Emails";
export const retry = "Retry email";
export const sendNow = "Send now";
export const sendNowTitle = "Send this email now?";
export const sendNowBody = "Sendwright sends it now instead of waiting for the next attempt.";
export const retryTitle = "Retry this email?";
export const retryUnknown =
  "The SMTP server may have accepted this email already. Recipients may get it twice.";
export const retryBody = "Sendwright queues it again for the recipients who didn't get it.";
export const resend = "Resend email";
export const resendTitle = "Resend this email?";
export const resendBody = (recipients: number) =>
  recipients === 1
    ? "The recipient gets the same email again. It appears as a new email in the log."
    : `All ${recipients} recipients get the same email again, including those who already have it. It appears as a new email in the log.`;
export const copySent = (address: string) => `Copy to ${address}: accepted`;
export const copyFailed = (address: string, reply: string) => `Copy to ${address}: ${reply}`;
export const copyUnknown = "reply lost";
export const askedConfig = "SMTP config";
export const askedOnly = (config: string) => `${config} only`;
export const askedFirst = (config: string) => `${config}, or another one if it can't send`;
export const resentFrom = "Resent from";
export const earlierEmail = "Earlier email";
export const resends = "Resent as";
export const cancel = "Cancel email";
export const cancelTitle = "Cancel this email?";
export const cancelBody =
  "Sendwright doesn't send it to recipients who haven't got it yet. You can't undo this.";
export const cancelKeep = "Keep email";
export const nextTry = "Next attempt";
export const duplicateAttempt = "The server's reply was lost. Recipients may have got this email.";
export const duplicate =
  "Recipients may have got this email more than once. The server's reply was lost and Sendwright sent it again.";
export const recipients = "Recipients";
export const roles = { to: "To", cc: "Cc", bcc: "Bcc" };
export const recipientStates = {
  queued: "Queued",
  sent: "Sent",
  failed: "Failed",
  cancelled: "Cancelled",
  expired: "Expired",
  unknown: "Unknown",
  withheld: "Withheld",
} satisfies Record<RecipientState, string>;
export const attempts = "Attempts";
export const noAttempts = "No attempts yet.";
export const outcomes = {
  sent: "Sent",
  partial: "Partially sent",
  temporary: "Temporary failure",
  permanent: "Permanent failure",
  config: "SMTP config needs attention",
  unknown: "Reply lost",
  withheld: "Withheld",
} satisfies Record<Attempt["outcome"], string>;
export const capturedAttempt = "Captured by the sandbox";
export const through = (config: string) => `through ${config}`;
export const atStage = (stage: string) => `failed at: ${stage}`;
export const openConfig = (config: string) => `Open SMTP config ${config}`;
export const content = "Content";
export const sensitive =
  "This email is sensitive. It may contain a sign-in link or code. Sendwright encrypts its content, never shows it here and deletes it once the email is final. After that, you can't send it again.";
export const contentGone =
  "Content deleted after your retention period. The delivery log is still available.";
export const openSource = "View source";
export const facts = "Details";
export const from = "From";
export const fromConfig = "From email of the SMTP config";
export const accepted = "Created";
export const sentAt = "Sent";
export const expires = "Expires";
export const template = "Template";
export const tags = "Tags";
export const priority = "Priority";
export const priorities = { high: "High", normal: "Normal", low: "Low" };
export const messageId = "Message-ID";
export const id = "ID";
