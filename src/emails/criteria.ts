import { z } from "zod";
import { isSendwrightError } from "../core/errors.ts";
import { emailStates } from "../core/model.ts";
import { parseAddress } from "../message/address.ts";

/** An address, normalized as it is stored. */
const wholeAddress = z.string().transform((text, context) => {
  try {
    return parseAddress(text).address;
  } catch (error) {
    if (!isSendwrightError(error, "address.invalid")) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
});

/** PostgreSQL refuses text with a NUL, and no stored text has one. */
const words = z.string().refine((text) => !text.includes("\0"), "must not hold NUL");

/** The filter of every request that is about many emails. */
export const emailCriteria = {
  state: z.enum(emailStates).optional(),
  recipient: wholeAddress.optional().describe("A whole address"),
  template: words.optional(),
  q: words.optional().describe("Part of the subject or of a recipient's address"),
};
