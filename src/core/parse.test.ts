import { describe, expect, it } from "vitest";
import { z } from "zod";
import { SendwrightError } from "./errors.ts";
import { parse } from "./parse.ts";

const schema = z.strictObject({
  port: z.number().int(),
  "a/b~c": z.string().optional(),
  to: z.array(z.union([z.string().min(3, "too short"), z.strictObject({ address: z.string() })])).default([]),
});

function issues(input: unknown) {
  try {
    parse(schema, input);
  } catch (error) {
    if (error instanceof SendwrightError) return error.issues.map(({ pointer }) => pointer);
    throw error;
  }
  return [];
}

describe("parsing outside input", () => {
  it("gives what the schema makes of good input", () => {
    expect(parse(schema, { port: 25 })).toEqual({ port: 25, to: [] });
  });

  it("names every wrong field at once, unknown ones too", () => {
    expect(issues({ port: "25", extra: 1, other: 2 })).toEqual(["/port", "/extra", "/other"]);
  });

  it("escapes pointers by RFC 6901", () => {
    expect(issues({ port: 1, "a/b~c": 5 })).toEqual(["/a~1b~0c"]);
  });

  it("points into the branch of a union that was meant", () => {
    expect(issues({ port: 1, to: [{ address: "x", nmae: "y" }] })).toEqual(["/to/0/nmae"]);
    expect(issues({ port: 1, to: [7] })).toEqual(["/to/0"]);
  });

  it("says what a rule of a branch says, and not only that the type is another one", () => {
    const even = z.number().refine((value) => value % 2 === 0, "must be even");
    expect(() => parse(z.union([even, z.array(even)]), 3)).toThrow("must be even");
  });
});
