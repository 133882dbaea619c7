import type { EmailState, Stage } from "./api/model.ts";

/**
 * Words that several pages use. The words of one page stand in the strings.ts beside it; numbers and names
 * come in as arguments. Each is an export of its own, so that the checks find those that nothing uses; an
 * object is a map from a value to its word.
 */
export const product = "Sendwright";
export const close = "Close";
export const cancel = "Cancel";
export const remedyLead = "What to do:";
export const signedInAs = (name: string) => `Signed in as ${name}`;
export const newPasswordHint = "At least 12 characters. A sentence is better than a riddle.";
export const findEmail = "Your email address";
export const findStart = "Find settings";
export const testConnection = "Test Connection";
export const connectionTestTitle = "Connection test";
export const stages = {
  resolve: "Find the server",
  connect: "Connect",
  greeting: "Greeting",
  ehlo: "Introduce ourselves",
  starttls: "Ask for TLS",
  tls: "Encrypt and check certificate",
  auth: "Sign in",
  sender: "Sender accepted",
  recipient: "Recipient accepted",
  message: "Hand over the email",
} satisfies Record<Stage, string>;
export const noSubject = "(no subject)";
export const noEmailTitle = "No email yet";
export const noEmail = "Send one with an API key. This is the whole request:";
export const makeKey = "Make an API key";
export const emailStateMeanings = {
  queued: "It is stored and waits for its next try.",
  sending: "It is being handed to the relay now.",
  sent: "The relay has taken responsibility for every recipient.",
  partial: "The SMTP server accepted it for some recipients only.",
  failed: "No relay took it. The last attempt says why.",
  cancelled: "It was cancelled before it was sent.",
  expired: "Its time ran out before a relay took it.",
  unknown: "The relay's last answer was lost. It may have arrived.",
  withheld: "No recipient may get mail from this installation.",
} satisfies Record<EmailState, string>;
export const captured = "The built-in sandbox has it. No recipient got it.";
export const previewBlocked = "Scripts, forms and everything from outside are blocked in this preview.";
