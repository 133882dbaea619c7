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
const words = z.string().refine((text) => !text.includes("\0"), "must not contain NUL");

const dayMs = 86_400_000;
const timeOrDate = z.union(
  [z.iso.datetime({ offset: true }), z.iso.date()],
  "must be an RFC 3339 time, such as 2026-06-01T12:00:00Z, or a date, such as 2026-06-01",
);
const isDate = (text: string) => text.length === "2026-06-01".length;

/** The filter of every request that is about many emails. */
export const emailCriteria = {
  state: z.enum(emailStates).optional(),
  recipient: wholeAddress.optional().describe("Exact email address of a recipient"),
  template: words.optional().describe("Name of the template"),
  tag: words.min(1).optional().describe("Exact tag, case-sensitive"),
  config: words.optional().describe("ID of the SMTP config of the last attempt"),
  caller: words
    .optional()
    .describe("Caller: `key:` with the ID of an API key, `user:` with the ID of a person, or `library`"),
  createdFrom: timeOrDate
    .transform((text) => Date.parse(text))
    .optional()
    .meta({
      description: "Start of the period in which emails were accepted: RFC 3339, or a date in UTC",
      example: "2026-06-01",
    }),
  createdTo: timeOrDate
    .transform((text) => Date.parse(text) + (isDate(text) ? dayMs : 1))
    .optional()
    .meta({
      description:
        "End of the period in which emails were accepted: RFC 3339, or a date in UTC, which is included",
      example: "2026-06-30T17:00:00Z",
    }),
  q: words.optional().describe("Part of the subject or of a recipient's email address"),
};

type Given = Partial<z.output<z.ZodObject<typeof emailCriteria>>> & {
  readonly createdBefore?: number | undefined;
};

/** The criteria as the log is asked: both ends of the time are one, the earlier. */
export function criteriaOf<Filter extends Given>({ createdTo, createdBefore, ...rest }: Filter) {
  const ends = [createdTo, createdBefore].filter((end) => end !== undefined);
  return { ...rest, createdBefore: ends.length === 0 ? undefined : Math.min(...ends) };
}
