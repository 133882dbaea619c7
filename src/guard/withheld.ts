import { SendwrightError } from "../core/errors.ts";

/** What the log says of a recipient who gets no mail. */
export const withheldReply = "SENDWRIGHT_RECIPIENTS does not allow mail to this recipient.";

/** The error for an email of which no recipient may get mail. */
export function withheldError(recipients: readonly string[]): SendwrightError {
  const [first, ...others] = recipients;
  const who = others.length === 0 ? String(first) : `${first} and ${others.length} more`;
  return new SendwrightError(
    "email.withheld",
    `SENDWRIGHT_RECIPIENTS does not allow mail to ${who}. Add the address there, or send to an allowed one.`,
  );
}
