import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeWords } from "./encoded-word.ts";

/** A decoder of its own, word by word, that fails on bytes that are no UTF-8. */
function decode(word: string): string {
  const [, encoding, text = ""] = /^=\?UTF-8\?([QB])\?([^? ]*)\?=$/.exec(word) ?? [];
  const bytes =
    encoding === "B"
      ? Buffer.from(text, "base64")
      : Buffer.from(
          text
            .replaceAll("_", " ")
            .replace(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
          "latin1",
        );
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

describe("encodeWords", () => {
  it("uses Q where that is shorter, with _ for a space", () => {
    expect(encodeWords("Your order № 12 is here?")).toEqual([
      "=?UTF-8?Q?Your_order_=E2=84=96_12_is_here=3F?=",
    ]);
  });

  it("uses B where that is shorter", () => {
    expect(encodeWords("こんにちは")).toEqual(["=?UTF-8?B?44GT44KT44Gr44Gh44Gv?="]);
  });

  it("writes Q with the characters that a phrase allows and no others (RFC 2047 §5)", () => {
    expect(encodeWords("aZ09!*+-/ ~\"#$%&'(),.:;<=>?@[]^_`{|}é".repeat(2), 999).join("")).toMatch(
      /^(?:=\?UTF-8\?[QB]\?[\w!*+/=-]+\?=)+$/,
    );
    expect(encodeWords("aZ09!*+-/ é")).toEqual(["=?UTF-8?Q?aZ09!*+-/_=C3=A9?="]);
    expect(encodeWords("(plain words here) é.")).toEqual(["=?UTF-8?Q?=28plain_words_here=29_=C3=A9=2E?="]);
  });

  it("gives the first word the room it has", () => {
    const words = encodeWords("Grüße aus Österreich", 30);
    expect(words.length).toBeGreaterThan(1);
    expect(words[0]?.length).toBeLessThanOrEqual(30);
    expect(words.map(decode).join("")).toBe("Grüße aus Österreich");
  });

  it("keeps a grapheme of several code points in one word", () => {
    const family = "👩‍👩‍👧‍👦";
    for (const word of encodeWords(family.repeat(9))) expect(decode(word)).toMatch(/^(?:👩‍👩‍👧‍👦)+$/u);
    const accented = "e\u0301".repeat(60);
    for (const word of encodeWords(accented)) expect(decode(word)).toMatch(/^(?:e\u0301)+$/);
  });

  it("cuts a grapheme that fits in no word between its code points", () => {
    const tower = `a${"\u0301".repeat(200)}`;
    const words = encodeWords(tower);
    expect(words.length).toBeGreaterThan(1);
    expect(words.map(decode).join("")).toBe(tower);
  });

  it("gives complete words of at most 75 characters for any text and any room", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.oneof(fc.constantFrom(" ", "é", "\u0301"), fc.string({ unit: "binary" })) }),
        fc.integer({ min: -10, max: 75 }),
        (text, room) => {
          const words = encodeWords(text, room);
          for (const word of words) expect(word.length).toBeLessThanOrEqual(75);
          expect(words.map(decode).join("")).toBe(text);
        },
      ),
      { numRuns: 300 },
    );
  });
});
