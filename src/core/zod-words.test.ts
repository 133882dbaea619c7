import { describe, expect, it, test } from "vitest";
import { z } from "zod";
import { isSendwrightError } from "./errors.ts";
import { parse } from "./parse.ts";

function details(schema: z.ZodType, input: unknown): string[] {
  try {
    parse(schema, input);
  } catch (error) {
    if (isSendwrightError(error, "input.invalid"))
      return error.issues.map(({ pointer, detail }) => `${pointer} ${detail}`);
    throw error;
  }
  return [];
}

const of = (schema: z.ZodType) => z.strictObject({ a: schema });

/** Every kind of issue of zod: a new one does not compile until it has a row. */
const kinds: Record<
  z.core.$ZodIssueCode,
  readonly (readonly [schema: z.ZodType, value: unknown, detail: string])[]
> = {
  invalid_type: [
    [z.string(), 1, "must be text"],
    [z.string(), undefined, "is required"],
    [z.number(), "1", "must be a number"],
    [z.number(), Number.NaN, "must be a number"],
    [z.int(), 1.5, "must be a whole number"],
    [z.bigint(), 1, "must be a whole number"],
    [z.boolean(), "true", "must be true or false"],
    [z.array(z.string()), {}, "must be a list"],
    [z.tuple([z.string()]), {}, "must be a list"],
    [z.set(z.string()), [], "must be a list"],
    [z.object({}), [], "must be an object"],
    [z.record(z.string(), z.string()), null, "must be an object"],
    [z.map(z.string(), z.string()), null, "must be an object"],
    [z.null(), 1, "must be null"],
    [z.date(), "today", "must be a date"],
    [z.file(), 1, "must be a file"],
    [z.never(), 1, "must be left out"],
    [z.undefined(), 1, "must be left out"],
    [z.symbol(), 1, "must be of another type"],
  ],
  invalid_value: [
    [z.enum(["one", "two"]), "three", "must be one of one, two"],
    [z.enum(["one", "two"]), undefined, "is required"],
    [z.literal(true), 1, "must be true"],
    [z.literal(["", "x"]), 1, 'must be one of "", x'],
  ],
  invalid_union: [
    [z.union([z.string(), z.array(z.string())]), 1, "must be text or a list"],
    [z.union([z.string(), z.number()]), undefined, "is required"],
    [
      z.discriminatedUnion("k", [z.object({ k: z.literal("x") }), z.object({ k: z.literal("y") })]),
      { k: "z" },
      "must be one of x, y",
    ],
    [z.xor([z.string(), z.string().max(3)]), "x", "is not valid"],
  ],
  too_small: [
    [z.string().min(1), "", "must have 1 character or more"],
    [z.string().min(2), "x", "must have 2 characters or more"],
    [z.string().length(2), "x", "must have exactly 2 characters"],
    [z.array(z.string()).min(1), [], "must have 1 item or more"],
    [z.number().min(1), 0, "must be 1 or more"],
    [z.number().positive(), 0, "must be more than 0"],
    [z.date().min(new Date(0)), new Date(-1), "must be 1970-01-01T00:00:00.000Z or more"],
  ],
  too_big: [
    [z.string().max(1), "xy", "must have at most 1 character"],
    [z.array(z.string()).max(2), ["", "", ""], "must have at most 2 items"],
    [z.number().max(5), 6, "must be 5 or less"],
    [z.number().negative(), 0, "must be less than 0"],
    [z.int(), 1e300, "must be 9007199254740991 or less"],
  ],
  invalid_format: [
    [z.email(), "x", "must be an email address"],
    [z.url(), "x", "must be a URL"],
    [z.uuid(), "x", "must be a UUID"],
    [z.iso.datetime(), "x", "must be an RFC 3339 time, such as 2026-06-01T12:00:00Z"],
    [z.iso.date(), "x", "must be a date, such as 2026-06-01"],
    [z.ipv4(), "x", "must be an IPv4 address"],
    [z.base64(), "=", "must be base64 (RFC 4648 §4)"],
    [z.e164(), "x", "must be a valid e164"],
    [z.string().regex(/^a$/), "x", "must match /^a$/"],
    [z.string().startsWith("a"), "x", "must start with a"],
    [z.string().endsWith("a"), "x", "must end with a"],
    [z.string().includes("a"), "x", "must contain a"],
  ],
  not_multiple_of: [[z.number().multipleOf(5), 6, "must be a multiple of 5"]],
  unrecognized_keys: [[z.strictObject({}), { b: 1 }, "unknown field"]],
  invalid_key: [[z.record(z.string().max(1), z.number()), { long: 1 }, "is not an allowed field name"]],
  invalid_element: [
    [z.map(z.date(), z.string()), new Map([[new Date(), 1]]), "has an entry that is not allowed"],
  ],
  custom: [
    [z.custom(() => false), 1, "is not valid"],
    [z.string().refine(() => false, "must rhyme"), "x", "must rhyme"],
  ],
};

describe("the words about a wrong field", () => {
  test.each(Object.entries(kinds))("%s", (code, rows) => {
    for (const [schema, value, detail] of rows) {
      const [found] = details(of(schema), { a: value });
      expect(found?.replace(/^\S+ /, ""), `${code}: ${detail}`).toBe(detail);
    }
  });

  it("say what the whole must be, and not that it is required", () => {
    expect(details(z.object({}), undefined)).toEqual([" must be an object"]);
  });

  it("find a missing field beneath a union", () => {
    const schema = of(z.union([z.string(), z.object({ address: z.string(), name: z.string() })]));
    expect(details(schema, { a: { name: 7 } })).toEqual(["/a/address is required", "/a/name must be text"]);
  });

  it("have no full stop where several follow each other", () => {
    const schema = z.object({ a: z.string("Give a."), b: z.string("Give b.") });
    expect(() => parse(schema, {})).toThrow("/a: Give a; /b: Give b");
  });
});
