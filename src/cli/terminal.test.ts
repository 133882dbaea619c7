import { describe, expect, it } from "vitest";
import { fitted, markOf, type Output, oneLine, paragraph } from "./terminal.ts";

const output = (given: Partial<Output> = {}): Output => ({
  write() {},
  isTerminal: false,
  hasColours: false,
  columns: 40,
  ...given,
});

describe("what others have said", () => {
  it("cannot steer the terminal", () => {
    expect(oneLine("220 relay\r\n\u001b[2J\u001b]0;owned\u0007 hi\u2028there")).toBe(
      "220 relay [2J ]0;owned hi there",
    );
  });
});

describe("a paragraph", () => {
  it("is broken between words, and indented", () => {
    expect(paragraph("one two three four five six seven eight nine ten", 4, output())).toBe(
      "    one two three four five six seven\n    eight nine ten\n",
    );
  });

  it("is no wider than can be read with comfort", () => {
    const wide = paragraph("word ".repeat(100), 2, output({ columns: Number.POSITIVE_INFINITY }));
    expect(Math.max(...wide.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(88);
  });

  it("keeps a word whole that is wider than the line", () => {
    const address = `https://mail.example.com/${"x".repeat(60)}`;
    expect(paragraph(`See ${address} there`, 0, output())).toBe(`See\n${address}\nthere\n`);
  });
});

describe("a line that is too long", () => {
  it("shows that it was cut", () => {
    expect(fitted("abcdef", 4)).toBe("abc…");
    expect(fitted("abcd", 4)).toBe("abcd");
  });
});

describe("a mark", () => {
  it("has a colour where there are any, and the same sign everywhere", () => {
    expect(markOf("bad", output())).toBe("✗");
    expect(markOf("bad", output({ hasColours: true }))).toBe("\u001b[31m✗\u001b[39m");
  });
});
