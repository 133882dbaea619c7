import { z } from "zod";
import { type ErrorCode, errorTable } from "../../core/errors.ts";

/**
 * What the API answers. A schema with an `id` has its own place in the OpenAPI document; the types are
 * those that the pages and `hono/client` see.
 */

export const id = z.string().describe("UUIDv7, so IDs sort by creation time");

export const time = z.iso.datetime().describe("Time in UTC (RFC 3339)");

/** A field of a nullable time, so that each says when it is null. */
export const timeOrNull = (description: string) => z.iso.datetime().nullable().describe(description);

/** A page of a list: hand `next` back as `after` for the following one. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe("Value of `after` for the next page. Null on the last page"),
  });
}

export const errorCodes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];

export const problem = z
  .object({
    type: z.string().describe("URI of the problem type"),
    title: z.string(),
    status: z.int(),
    code: z.enum(errorCodes).describe("Error code, for programs"),
    detail: z.string().describe("Explanation with the remedy"),
    errors: z
      .array(
        z.object({
          pointer: z.string().describe("JSON Pointer (RFC 6901) into the body, or `/name` of a parameter"),
          detail: z.string(),
          line: z
            .int()
            .nullable()
            .optional()
            .describe("Line in the template's source, from 1. Null if unknown"),
          column: z.int().nullable().optional(),
        }),
      )
      .optional()
      .describe("Invalid fields"),
  })
  .meta({ id: "Problem", description: "Error as application/problem+json (RFC 9457)" });
export type Problem = z.infer<typeof problem>;

export const mailbox = z.object({ name: z.string().nullable(), address: z.string() }).meta({ id: "Mailbox" });

/** Of a version, in a path. */
export const versionNumber = z.coerce
  .number({ error: "must be a version number" })
  .int({ error: "must be a version number" })
  .min(0);

export const restoreRequest = z.strictObject({
  version: z.int().min(0).describe("Latest version that you read"),
});

export const textOrNull = z.string().nullable();
