import { z } from "zod";
import { isSendwrightError } from "../core/errors.ts";
import { emailStates } from "../core/model.ts";
import { parseAddress } from "../message/address.ts";

/** In the normal form in which addresses are stored. */
const wholeAddress = z.string().transform((text, context) => {
  try {
    return parseAddress(text).address;
  } catch (error) {
    if (!isSendwrightError(error, "address.invalid")) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
});

/** PostgreSQL has no text with a NUL in it, so nothing could match. */
const words = z.string().refine((text) => !text.includes("\0"), "must not hold NUL");

/** Which emails are meant, wherever a request says so. */
export const emailCriteria = {
  state: z.enum(emailStates).optional(),
  recipient: wholeAddress.optional().describe("A whole address"),
  template: words.optional(),
  q: words.optional().describe("Part of the subject or of a recipient's address"),
};
