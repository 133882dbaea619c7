import { describe, expect, it } from "vitest";
import { holdsInvisible, withoutInvisible } from "./invisible.ts";

describe("a character that nobody sees", () => {
  it.each([
    ["a no-break space inside", "abcd\u00a0efgh"],
    ["a zero-width space inside", "abcd\u200befgh"],
    ["a mark of direction at the beginning", "\u202aabcdefgh"],
    ["a byte order mark at the beginning", "\ufeffabcdefgh"],
    ["a byte order mark at the end", "abcdefgh\ufeff"],
    ["a word joiner", "ab\u2060cdefgh"],
    ["a soft hyphen", "ab\u00adcdefgh"],
    ["a Hangul filler", "abcd\u3164efgh"],
    ["an ideographic space", "abcd\u3000efgh"],
    ["a line separator", "abcd\u2028efgh"],
    ["a tab at the end", "abcdefgh\t"],
    ["a space at the beginning", " abcdefgh"],
    ["a space at the end", "abcdefgh "],
  ])("is found: %s", (_, text) => {
    expect(holdsInvisible(text)).toBe(true);
    expect(withoutInvisible(text)).toBe("abcdefgh");
  });

  it.each([
    "abcd efgh ijkl mnop",
    "correct horse",
    "Schlüssel",
    "Schlu\u0308ssel",
    "ключ",
    "鍵",
    "!\"#$%&'()*+,-./",
    "",
  ])("is not %j", (text) => {
    expect(holdsInvisible(text)).toBe(false);
    expect(withoutInvisible(text)).toBe(text);
  });
});
