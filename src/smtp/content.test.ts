import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockBytes, Content } from "./content.ts";

const prepare = (text: string, needsSmtpUtf8 = false) => new Content([Buffer.from(text)], needsSmtpUtf8);
const wireOf = (content: Content) => Buffer.concat([...content.blocks()].map(({ bytes }) => bytes));
const wire = (text: string) => wireOf(prepare(text)).toString();
const invalid = expect.objectContaining({ code: "input.invalid" });

describe("dot-stuffing (RFC 5321 §4.5.2)", () => {
  it.each([
    ["a\r\n", "a\r\n.\r\n"],
    [".\r\n", "..\r\n.\r\n"],
    ["..a\r\n.\r\n.\r\nb.\r\n", "...a\r\n..\r\n..\r\nb.\r\n.\r\n"],
    ["a\r\n.", "a\r\n..\r\n.\r\n"],
    ["no end", "no end\r\n.\r\n"],
    ["", ".\r\n"],
    ["\r\n", "\r\n.\r\n"],
  ])("sends %j as %j", (content, sent) => {
    expect(wire(content)).toBe(sent);
  });

  it("is undone by the relay's rule, and ends where it should, for any content", () => {
    const line = fc.string({ unit: fc.constantFrom(".", "a", " ", "="), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const content = lines.map((text) => `${text}\r\n`).join("");
        const sent = wire(content);
        expect(`\r\n${sent}`.indexOf("\r\n.\r\n")).toBe(sent.length - 3);
        expect(sent.slice(0, -3).replaceAll(/^\./gmu, "")).toBe(content);
      }),
    );
  });
});

describe("content (RFC 5321 §2.3.8, §4.5.3.1.6)", () => {
  it.each([
    "a\nb\r\n",
    "a\rb\r\n",
    "a\r\r\nb",
    "\n",
    "a\r",
    "a\n.\nb\r\n",
    "a\n.\r\nb\r\n",
    "a\r.\r\n",
    "a\r\n\n",
  ])("is refused with a bare CR or LF: %j", (text) => {
    expect(() => prepare(text)).toThrow(invalid);
  });

  it("has lines of at most 998 octets", () => {
    const longest = "x".repeat(998);
    expect(prepare(`${longest}\r\n${longest}`).size).toBe(2000);
    expect(() => prepare(`${longest}x\r\n`)).toThrow(invalid);
    expect(() => prepare(`a\r\n${longest}x`)).toThrow(invalid);
    expect(() => prepare("x".repeat(1_000_000))).toThrow(invalid);
  });

  it("is 7-bit, but for the headers of an SMTPUTF8 message (RFC 6152, RFC 6532)", () => {
    expect(() => prepare("Subject: ü\r\n")).toThrow(invalid);
    expect(wireOf(prepare("Subject: ü\r\n", true)).toString()).toBe("Subject: ü\r\n.\r\n");
  });

  it("counts without dot-stuffing and final dot, with CRLFs (RFC 1870 §5)", () => {
    expect(prepare(".a\r\nb").size).toBe(7);
    expect(prepare("").size).toBe(0);
  });

  it("may be part of a larger buffer", () => {
    const bytes = new Uint8Array(Buffer.from("xx.a\r\nxx")).subarray(2, 6);
    expect(wireOf(new Content([bytes], false)).toString()).toBe("..a\r\n.\r\n");
  });
});

describe("blocks", () => {
  /** By RFC 5321 §4.5.2, in other words. */
  const stuffed = (text: string) => `${text.replaceAll(/^\./gmu, "..")}.\r\n`;
  /** Whole lines, about as long as a block. */
  const filler = "x"
    .repeat(62)
    .concat("\r\n")
    .repeat(blockBytes / 64);

  it("are those of one write for a small content", () => {
    expect([...prepare(".a\r\n").blocks()]).toEqual([{ bytes: Buffer.from("..a\r\n.\r\n"), isLast: true }]);
  });

  it("of a large one are as large, and of its own memory unless a dot is to be doubled", () => {
    const bytes = Buffer.from(filler.repeat(3));
    const blocks = [...new Content([bytes], false).blocks()];
    expect(blocks.map((block) => [block.bytes.length, block.isLast])).toEqual([
      [blockBytes, false],
      [blockBytes, false],
      [blockBytes + ".\r\n".length, true],
    ]);
    expect(blocks.slice(0, 2).map((block) => block.bytes.buffer)).toEqual([bytes.buffer, bytes.buffer]);
  });

  it.each([-4, -3, -2, -1, 0, 1, 2])(
    "double the dot of a line that begins %d octets from a border",
    (shift) => {
      const line = "y".repeat(62 + shift);
      const text = `${filler.slice(0, -64)}${line}\r\n.dot\r\n${filler}`;
      expect(wire(text)).toBe(stuffed(text));
    },
  );

  it("are the same bytes for parts, for any lines, and their number is known before", () => {
    const line = fc.constantFrom("\r\n", ".\r\n", "..\r\n", "a.b\r\n", `${"z".repeat(900)}\r\n`);
    const part = fc.array(fc.tuple(line, fc.constantFrom(1, 2, 3, 400))).map((lines) => {
      return lines.map(([text, count]) => text.repeat(count)).join("");
    });
    fc.assert(
      fc.property(fc.array(part), fc.constantFrom("", "no end"), (parts, rest) => {
        const whole = [...parts, rest].join("");
        const content = new Content(
          [...parts, rest].map((text) => Buffer.from(text)),
          false,
        );
        const sent = wireOf(content);
        expect(sent.toString()).toBe(stuffed(rest === "" ? whole : `${whole}\r\n`));
        expect(content.wireBytes).toBe(sent.length);
        expect([...content.blocks()].map(({ isLast }) => isLast).indexOf(true)).toBe(
          [...content.blocks()].length - 1,
        );
      }),
      { numRuns: 50 },
    );
  });

  it("are of whole lines in each part", () => {
    expect(() => new Content([Buffer.from("half"), Buffer.from("line\r\n")], false)).toThrow(TypeError);
  });
});
