import { describe, expect, it } from "vitest";
import { legacyParameter, parameter } from "./parameter.ts";

describe("parameter", () => {
  it("quotes a plain value", () => {
    expect(parameter("filename", "invoice 12 (copy).pdf")).toEqual(['filename="invoice 12 (copy).pdf"']);
  });

  it("percent-encodes any other as UTF-8 (RFC 2231 §4)", () => {
    expect(parameter("filename", "Rechnung März.pdf")).toEqual(["filename*=UTF-8''Rechnung%20M%C3%A4rz.pdf"]);
  });

  it.each([
    ['a"b', "a%22b"],
    ["a%41", "a%2541"],
    ["a;b", "a%3Bb"],
    ["a'b*(c)", "a%27b%2A%28c%29"],
    [" a", "%20a"],
    ["a  b", "a%20%20b"],
    ["=?UTF-8?Q?x?=", "%3D%3FUTF-8%3FQ%3Fx%3F%3D"],
  ])("percent-encodes %j, which naive readers would trip over", (value, encoded) => {
    expect(parameter("filename", value)).toEqual([`filename*=UTF-8''${encoded}`]);
  });

  it("numbers the pieces of a long value, none longer than a line (RFC 2231 §3)", () => {
    const value = `${"日本語 📄 ".repeat(20)}.pdf`;
    const words = parameter("filename", value);
    const decoded = words.map((word, index) => {
      expect(word.length).toBeLessThanOrEqual(75);
      const [, encoded = ""] = new RegExp(`^filename\\*${index}\\*=(?:UTF-8'')?([^;]*);?$`).exec(word) ?? [];
      // Decodes each piece by itself: a character cut in two would throw.
      return decodeURIComponent(encoded);
    });
    expect(decoded.join("")).toBe(value);
    expect(words.filter((word) => word.includes("UTF-8''"))).toHaveLength(1);
    expect(words.filter((word) => !word.endsWith(";"))).toEqual([words.at(-1)]);
  });

  it("numbers the pieces of a long ASCII value too", () => {
    expect(parameter("filename", "a".repeat(100))).toEqual([
      `filename*0*=UTF-8''${"a".repeat(55)};`,
      `filename*1*=${"a".repeat(45)}`,
    ]);
  });
});

describe("legacyParameter", () => {
  it("quotes a plain value", () => {
    expect(legacyParameter("name", "invoice.pdf")).toEqual(['name="invoice.pdf"']);
  });

  it("quotes encoded words, each a word for folding", () => {
    expect(legacyParameter("name", "März.pdf")).toEqual(['name="=?UTF-8?B?TcOkcnoucGRm?="']);
    const words = legacyParameter("name", "日本語".repeat(20));
    expect(words.length).toBeGreaterThan(2);
    for (const word of words) expect(word.length).toBeLessThanOrEqual(75);
    expect(words.join(" ")).toMatch(/^name="=\?UTF-8\?B\?[^"]+\?="$/);
  });
});
