import fc from "fast-check";
import { decodeWords } from "postal-mime";
import { describe, expect, it } from "vitest";
import { cpuMs } from "../../test/support/cpu-time.ts";
import { isSendwrightError } from "../core/errors.ts";
import { customFields } from "./custom-field.ts";

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isSendwrightError(error, "header.invalid")) return error.message;
    throw error;
  }
  throw new Error("expected a refusal");
}

/** What stands on the wire after the name, unfolded (RFC 5322 §2.2.3). */
function written(name: string, value: string): string {
  const field = customFields({ [name]: value });
  for (const line of field.trimEnd().split("\r\n")) {
    expect(line).toMatch(/^[ -~]*[!-~][ -~]*$/);
    expect(line.length).toBeLessThanOrEqual(998);
  }
  expect(field.endsWith("\r\n")).toBe(true);
  return field
    .slice(name.length + 1, -2)
    .replaceAll("\r\n", "")
    .replace(/^ /, "");
}

describe("customFields", () => {
  it("writes each field with the name as given", () => {
    expect(customFields({ "X-Tag": "order", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" })).toBe(
      "X-Tag: order\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
    );
  });

  it.each([
    ["From", "`from`"],
    ["TO", "`to`"],
    ["cc", "`cc`"],
    ["Bcc", "`bcc`"],
    ["Reply-To", "`replyTo`"],
    ["Subject", "`subject`"],
    ["Date", "accepts"],
    ["Message-ID", "accepts"],
    ["Sender", "SMTP config"],
    ["Return-Path", "delivers"],
    ["Received", "servers"],
    ["DKIM-Signature", "SMTP server signs"],
    ["Auto-Submitted", "every email"],
    ["MIME-Version", "content"],
    ["Content-Type", "content"],
    ["content-anything", "content"],
    ["Resent-To", "servers"],
  ])("refuses %s with a reason", (name, reason) => {
    const message = refusal(() => customFields({ [name]: "x" }));
    expect(message).toContain(`"${name}"`);
    expect(message).toContain(reason);
  });

  it.each(["", "X Tag", "X-Tag:", "X-Tag\r\nBcc", "X-Täg", "X-Tag\0", "x".repeat(77)])(
    "refuses the name %j",
    (name) => {
      expect(refusal(() => customFields({ [name]: "x" }))).toContain("not a header name");
    },
  );

  it("refuses a hostile value and names the header", () => {
    expect(refusal(() => customFields({ "X-Tag": "a\r\nBcc: all@example.com" }))).toContain('"X-Tag"');
  });

  it("keeps names that every object has", () => {
    expect(customFields({ constructor: "a", valueOf: "b" })).toBe("constructor: a\r\nvalueOf: b\r\n");
  });

  it("refuses a field with a grammar that is set twice, whatever the case of its name", () => {
    expect(refusal(() => customFields({ References: "<a@b>", references: "<c@d>" }))).toContain("set twice");
    expect(customFields({ "X-Tag": "a", "x-tag": "b" })).toBe("X-Tag: a\r\nx-tag: b\r\n");
  });
});

describe("a field that only programs know", () => {
  it.each([
    ["two  blanks", "two  blanks"],
    [" at both ends  ", "at both ends"],
    ['{"to":["a","b"],  "x": 1}', '{"to":["a","b"],  "x": 1}'],
    ["https://example.com/?a=?b", "https://example.com/?a=?b"],
    ["", ""],
    ["   ", ""],
  ])("keeps %j as it is", (value, expected) => {
    expect(written("X-Data", value)).toBe(expected);
  });

  it.each(["naïve", "=?UTF-8?Q?plain?=", "=?utf-8?q?a b?= c"])("encodes %j, as text is read", (value) => {
    const field = written("X-Note", value);
    expect(field).toMatch(/^=\?UTF-8\?/);
    expect(decodeWords(field)).toBe(value);
  });

  it("writes JSON in ASCII, with the same meaning (RFC 8259 §7)", () => {
    const value = '{"category":"Grüße 🎺","like":"=?UTF-8?Q?x?="}';
    expect(written("X-SMTPAPI", value)).toBe(
      '{"category":"Gr\\u00fc\\u00dfe \\ud83c\\udfba","like":"=\\u003fUTF-8?Q?x?="}',
    );
  });

  it("folds long JSON between its values", () => {
    const data = Array.from({ length: 400 }, (_, index) => `a,b"${index}`);
    expect(JSON.parse(written("X-SMTPAPI", JSON.stringify(data)))).toEqual(data);
  });

  it("refuses what fits in no line, and names the rule", () => {
    const message = refusal(() => customFields({ "X-Data": "x".repeat(999) }));
    expect(message).toMatch(/"X-Data".*998.*RFC 5322 §2\.1\.1.*shorten/);
  });

  it("is read back with every blank between its words", () => {
    const text = fc.string({
      unit: fc.constantFrom(" ", "  ", "a", "=", "?", "Q", "w".repeat(80)),
      maxLength: 60,
    });
    fc.assert(
      fc.property(text, (value) => {
        const field = written("X-Note", value);
        if (/=\?[^?]*\?Q\?.*\?=/.test(value)) return;
        expect(field).toBe(value.trim());
      }),
    );
  });

  it("is read back as the same JSON", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1 }), (value) => {
        const json = JSON.stringify(value);
        fc.pre(json.isWellFormed() && !/[\u007f-\u009f]/.test(json));
        expect(JSON.parse(written("X-MC-Metadata", json))).toEqual(JSON.parse(json));
      }),
    );
  });
});

describe("a hostile value", () => {
  const length = 20_000;
  const fill = (text: string) => text.repeat(length / text.length);
  it.each([
    ["blanks in the middle", `x${" ".repeat(length - 2)}x`],
    ["blanks at an end", `x${" ".repeat(length - 1)}`],
    ["beginnings of encoded words", fill("=?x?Q? ")],
    ["JSON", `[${fill("1,").slice(0, -4)}1]`],
    ["quotes", fill('"a')],
    ["backslashes", `"${fill("\\a").slice(0, -2)}`],
    ["angle brackets", fill("<")],
    ["parentheses", fill("(")],
    ["addresses", fill("a@b,")],
    ["umlauts", fill("é ")],
  ])("takes no long time: %s", (_, value) => {
    for (const name of ["X-A", "List-Unsubscribe", "List-ID", "References", "Keywords", "Errors-To"]) {
      const spent = cpuMs(() => {
        try {
          customFields({ [name]: value });
        } catch (error) {
          if (!isSendwrightError(error, "header.invalid")) throw error;
        }
      });
      expect(spent, name).toBeLessThan(500);
    }
  });
});
