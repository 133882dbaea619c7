import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeQuotedPrintable } from "./quoted-printable.ts";

function encode(text: string): string {
  return Buffer.from(encodeQuotedPrintable(Buffer.from(text))).toString("latin1");
}

function decode(encoded: string): Buffer {
  const text = encoded
    .replaceAll("=\r\n", "")
    .replace(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(text, "latin1");
}

describe("encodeQuotedPrintable", () => {
  it.each([
    ["", ""],
    ["plain, with <tags> & more!", "plain, with <tags> & more!"],
    ["a=b", "a=3Db"],
    ["Grüße", "Gr=C3=BC=C3=9Fe"],
    ["a\r\nb", "a\r\nb"],
    ["a\rb\nc\r\r\n", "a=0Db=0Ac=0D\r\n"],
    ["\0\u001b\u007f", "=00=1B=7F"],
    ["a \r\nb\t\r\nc \t", "a=20\r\nb=09\r\nc =09"],
    [" a\tb", " a\tb"],
    [".\r\n..a\r\na.", "=2E\r\n=2E.a\r\na."],
    ["From me\r\nFrom\r\nFirst\r\n>From ", "=46rom me\r\nFrom\r\nFirst\r\n>From=20"],
  ])("writes %j", (text, encoded) => {
    expect(encode(text)).toBe(encoded);
  });

  it("breaks lines softly at 76 characters, the = included", () => {
    expect(encode("a".repeat(75))).toBe("a".repeat(75));
    expect(encode("a".repeat(76))).toBe(`${"a".repeat(75)}=\r\na`);
    expect(encode(`${"a".repeat(74)}é`)).toBe(`${"a".repeat(74)}=\r\n=C3=A9`);
    expect(encode(`${"a".repeat(72)}é`)).toBe(`${"a".repeat(72)}=C3=\r\n=A9`);
  });

  it("escapes what is at risk where a soft break brings it to the start of a line", () => {
    expect(encode(`${"a".repeat(75)}.b`)).toBe(`${"a".repeat(75)}=\r\n=2Eb`);
    expect(encode(`${"a".repeat(75)}From b`)).toBe(`${"a".repeat(75)}=\r\n=46rom b`);
  });

  it("keeps any bytes, in lines that any relay takes", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .array(fc.constantFrom("\r\n", "\r", "\n", " ", "\t", ".", "From ", "=", "aaaaaaaaaa", "é"), {
          maxLength: 80,
        })
        .map((pieces) => new Uint8Array(Buffer.from(pieces.join("")))),
    );
    fc.assert(
      fc.property(bytes, (content) => {
        const encoded = Buffer.from(encodeQuotedPrintable(content)).toString("latin1");
        expect(decode(encoded)).toEqual(Buffer.from(content));
        for (const line of encoded.split("\r\n")) {
          expect(line).toMatch(/^(?!\.|From )[\t -~]{0,76}$/);
          expect(line).not.toMatch(/[\t ]$/);
        }
      }),
      { numRuns: 500 },
    );
  });
});
