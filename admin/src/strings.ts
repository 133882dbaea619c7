import type { EmailState, Stage } from "./api/model.ts";

/**
 * Words that several pages use. The words of one page are in the strings.ts beside it; numbers and names
 * come in as arguments. Each is an export of its own, which lets the checks find those that nothing uses;
 * an object is a map from a value to its word.
 */
export const product = "Sendwright";
export const close = "Close";
export const cancel = "Cancel";
export const remedyLead = "What to do:";
export const signedInAs = (name: string) => `Signed in as ${name}`;
export const newPasswordHint = "At least 12 characters. A short sentence works well.";
export const findEmail = "Your email address";
export const findStart = "Find settings";
export const testConnection = "Test Connection";
export const connectionTestTitle = "Connection test";
export const stages = {
  resolve: "Look up the server",
  connect: "Connect",
  greeting: "Receive the greeting",
  ehlo: "Say hello (EHLO)",
  starttls: "Start TLS",
  tls: "Encrypt and check the certificate",
  auth: "Authenticate",
  sender: "Sender accepted",
  recipient: "Recipient accepted",
  message: "Send the email",
} satisfies Record<Stage, string>;
export const noSubject = "(no subject)";
export const noEmailTitle = "No emails yet";
export const noEmail = "Send an email with an API key. This is the complete request:";
export const makeKey = "Create an API key";
export const emailStateMeanings = {
  queued: "Sendwright has stored it and will send it.",
  sending: "Sendwright is sending it to the SMTP server now.",
  sent: "The SMTP server accepted it for every recipient.",
  partial: "The SMTP server accepted it for some recipients only.",
  failed: "No SMTP server accepted it. The last attempt shows why.",
  cancelled: "It was cancelled before it was sent.",
  expired: "It expired before an SMTP server accepted it.",
  unknown: "The server's final reply was lost. The email may have been delivered.",
  withheld: "This installation isn't allowed to send to its recipients.",
} satisfies Record<EmailState, string>;
export const captured = "The built-in sandbox captured it. No recipient got it.";
export const previewBlocked = "This preview blocks scripts, forms and everything from outside.";
