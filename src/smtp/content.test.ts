import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prepareContent } from "./content.ts";

const prepare = (text: string, needsSmtpUtf8 = false) => prepareContent(Buffer.from(text), needsSmtpUtf8);
const wire = (text: string) => prepare(text).wire.toString();
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
    expect(prepare("Subject: ü\r\n", true).wire.toString()).toBe("Subject: ü\r\n.\r\n");
  });

  it("counts without dot-stuffing and final dot, with CRLFs (RFC 1870 §5)", () => {
    expect(prepare(".a\r\nb").size).toBe(7);
    expect(prepare("").size).toBe(0);
  });

  it("may be part of a larger buffer", () => {
    const bytes = new Uint8Array(Buffer.from("xx.a\r\nxx")).subarray(2, 6);
    expect(prepareContent(bytes, false).wire.toString()).toBe("..a\r\n.\r\n");
  });
});
