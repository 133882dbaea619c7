import type { RecipientState } from "../../api/model.ts";
import type { Attempt } from "../../api/types.ts";

export const back = "Emails";
export const retry = "Retry";
export const sendNow = "Send now";
export const sendNowTitle = "Send it now?";
export const sendNowBody = "It is tried at once instead of at its next time.";
export const retryTitle = "Retry this email?";
export const retryUnknown = "The relay may have taken it already. Recipients may get it twice.";
export const retryBody = "It is queued again for the recipients that did not get it.";
export const resend = "Resend";
export const resendTitle = "Resend this email?";
export const resendBody = (recipients: number) =>
  recipients === 1
    ? "The recipient gets the same email once more. It is a new email in the log."
    : `All ${recipients} recipients get the same email once more, also those that have it. It is a new email in the log.`;
export const copySent = (address: string) => `Copy to ${address}: accepted`;
export const copyFailed = (address: string, reply: string) => `Copy to ${address}: ${reply}`;
export const copyUnknown = "its reply was lost";
export const askedConfig = "SMTP config";
export const askedOnly = (config: string) => `${config} only`;
export const askedFirst = (config: string) => `${config}, or another one if it can't send`;
export const resentFrom = "Resent from";
export const earlierEmail = "Earlier email";
export const resends = "Resent as";
export const cancel = "Cancel email";
export const cancelTitle = "Cancel this email?";
export const cancelBody = "It will not be sent to recipients that did not get it yet. This cannot be undone.";
export const cancelKeep = "Keep it";
export const nextTry = "Next try";
export const duplicateAttempt = "The answer was lost: recipients may have got it.";
export const duplicate =
  "A recipient may have got this email more than once: an answer was lost and it was sent again.";
export const recipients = "Recipients";
export const roles = { to: "To", cc: "Cc", bcc: "Bcc" };
export const recipientStates = {
  queued: "Waiting",
  sent: "Taken by the relay",
  failed: "Refused",
  cancelled: "Cancelled",
  expired: "Expired",
  unknown: "Unclear",
  withheld: "Withheld",
} satisfies Record<RecipientState, string>;
export const attempts = "Attempts";
export const noAttempts = "Not tried yet.";
export const outcomes = {
  sent: "Sent",
  partial: "Partly sent",
  temporary: "Refused for now",
  permanent: "Refused",
  config: "The SMTP config must be mended",
  unknown: "The answer was lost",
  withheld: "Withheld",
} satisfies Record<Attempt["outcome"], string>;
export const capturedAttempt = "Captured by the sandbox";
export const through = (config: string) => `through ${config}`;
export const atStage = (stage: string) => `at: ${stage}`;
export const openConfig = (config: string) => `Open the settings of ${config}`;
export const content = "Content";
export const sensitive =
  "This email is sensitive: it may hold a sign-in link or a code. Its contents are encrypted, never shown here, and deleted once it is final. After that it cannot be sent again.";
export const contentGone =
  "The contents were deleted when their time of keeping was over. Its outcomes stay.";
export const openSource = "Open source";
export const facts = "Details";
export const from = "From";
export const fromConfig = "the sender of the SMTP config";
export const accepted = "Accepted";
export const sentAt = "Sent";
export const expires = "Tried until";
export const template = "Template";
export const tags = "Tags";
export const priority = "Priority";
export const priorities = { high: "High", normal: "Normal", low: "Low" };
export const messageId = "Message-ID";
export const id = "Id";
