import { z } from "zod";
import { type ErrorCode, errorTable } from "../../core/errors.ts";

/**
 * What the API answers. A schema with an `id` has its own place in the OpenAPI document; the types are
 * those that the pages and `hono/client` see.
 */

export const id = z.string().describe("UUIDv7: ids sort by the time of their making");

export const time = z.iso.datetime().describe("RFC 3339, UTC");

/** A field of a nullable time, so that each says when it is null. */
export const timeOrNull = (description: string) => z.iso.datetime().nullable().describe(description);

/** A page of a list: hand `next` back as `after` for the following one. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe("The `after` of the next page; null on the last"),
  });
}

export const errorCodes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];

export const problem = z
  .object({
    type: z.string().describe("A URI of this kind of problem"),
    title: z.string(),
    status: z.int(),
    code: z.enum(errorCodes).describe("What programs compare"),
    detail: z.string().describe("What is wrong here, and the remedy"),
    errors: z
      .array(
        z.object({
          pointer: z.string().describe("JSON Pointer (RFC 6901) into the body, or `/name` of a parameter"),
          detail: z.string(),
          line: z.int().nullable().optional().describe("In a template's source, from 1; null: not known"),
          column: z.int().nullable().optional(),
        }),
      )
      .optional()
      .describe("Every wrong field"),
  })
  .meta({ id: "Problem", description: "RFC 9457, as application/problem+json" });
export type Problem = z.infer<typeof problem>;

export const mailbox = z.object({ name: z.string().nullable(), address: z.string() }).meta({ id: "Mailbox" });

/** Of a version, in a path. */
export const versionNumber = z.coerce
  .number({ error: "must be the number of a version" })
  .int({ error: "must be the number of a version" })
  .min(0);

export const restoreRequest = z.strictObject({
  version: z.int().min(0).describe("The newest one so far, as it was read"),
});

export const textOrNull = z.string().nullable();
