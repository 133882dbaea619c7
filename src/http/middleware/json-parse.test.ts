import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "./json-parse.ts";
import { JsonSize, maxRestBytes } from "./json-size.ts";

const limits = { depth: 100, values: 1_000_000, names: 1_000_000 };

/** As a body that arrives in chunks of so many bytes. */
function measured(bytes: Uint8Array, step = bytes.length): JsonSize {
  const size = new JsonSize(limits);
  for (let at = 0; at < bytes.length; at += step) expect(size.add(bytes.subarray(at, at + step))).toBeNull();
  return size;
}

const parsed = (text: string | Uint8Array, step?: number) => {
  const bytes = Buffer.from(text);
  return parseJson(bytes, measured(bytes, step).longTexts);
};

/** Pieces of a text as it stands in JSON, and what they mean. */
const written = fc.constantFrom(
  "a",
  "é",
  "中",
  "😀",
  "\\\\",
  '\\"',
  "\\n",
  "\\u4e2d",
  "\\ud83d",
  "\\ude00",
  "\uFEFF",
);
const long = fc
  .tuple(fc.array(written, { minLength: 1, maxLength: 8 }), fc.integer({ min: 3_000, max: 30_000 }))
  .map(([parts, count]) => parts.join("").repeat(Math.ceil(count / parts.length)));

describe("a body with long texts", () => {
  it("is parsed as JSON.parse does it, however it arrives", async () => {
    const body = fc
      .tuple(long, long, fc.jsonValue({ maxDepth: 3 }))
      .map(
        ([a, b, other]) =>
          `{"a":"${a}","__proto__":"${b}","c":[${JSON.stringify(other)},"${b}",{"d":"${a}"}]}`,
      );
    await fc.assert(
      fc.asyncProperty(body, fc.integer({ min: 1_000, max: 100_000 }), async (text, step) => {
        const value = await parsed(text, step);
        const expected = JSON.parse(text);
        expect(value).toEqual(expected);
        expect(JSON.stringify(value)).toBe(JSON.stringify(expected));
      }),
      { numRuns: 60 },
    );
  });

  it("is cut into pieces nowhere within an escape or a character", async () => {
    const piece = 1024 * 1024;
    for (const part of ["\\\\", '\\"', "\\u4e2d", "中", "😀", "\\\\\\u4e2d"]) {
      for (let shift = 0; shift < 8; shift += 1) {
        const text = `"${"a".repeat(piece - 20 + shift)}${part.repeat(10)}${"\\\\".repeat(shift)}${"b".repeat(piece)}"`;
        expect((await parsed(text)) === JSON.parse(text), `${part} ${shift}`).toBe(true);
      }
    }
    const backslashes = `"${"\\\\".repeat(piece)}"`;
    expect((await parsed(backslashes)) === JSON.parse(backslashes)).toBe(true);
  });

  it.each([
    ["an escape that is none", `"${"a".repeat(5_000)}\\x"`, SyntaxError],
    ["a line break", `"${"a".repeat(5_000)}\n"`, SyntaxError],
    ["no end", `"${"a".repeat(5_000)}`, SyntaxError],
    ["something behind it", `"${"a".repeat(5_000)}" "`, SyntaxError],
    [
      "half a character",
      Buffer.concat([Buffer.from(`"${"a".repeat(5_000)}`), Buffer.of(0xe4, 0x22)]),
      TypeError,
    ],
  ])("is refused for %s", async (_name, body, error) => {
    await expect(parsed(body)).rejects.toBeInstanceOf(error);
  });

  it("has a byte order mark at its beginning, and keeps those within texts", async () => {
    const text = `\uFEFF["\uFEFF","${"a".repeat(5_000)}","\uFEFF${"b".repeat(5_000)}"]`;
    expect(await parsed(text)).toEqual(JSON.parse(text.slice(1)));
  });
});

it("measures what is parsed in one go, and long texts do not count", () => {
  const short = `"${"a".repeat(4_000)}",`;
  const many = Buffer.from(`[${short.repeat(Math.ceil(maxRestBytes / short.length))}1]`);
  expect(new JsonSize(limits).add(many)?.message).toBe(
    "has more than 16777216 bytes in field names, numbers and texts of up to 4096 bytes",
  );
  const few = Buffer.from(`["${"a".repeat(maxRestBytes)}","${"b".repeat(maxRestBytes)}"]`);
  expect(new JsonSize(limits).add(few)).toBeNull();
});
