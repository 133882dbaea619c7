import fc from "fast-check";
import { simpleParser } from "mailparser";
import { addressParser, decodeWords } from "postal-mime";
import { describe, expect, it } from "vitest";
import { isSendwrightError } from "../core/errors.ts";
import { structuredField } from "./structured-field.ts";

function refusal(name: string, value: string): string {
  try {
    structuredField(name, value);
  } catch (error) {
    if (isSendwrightError(error, "header.invalid")) return error.message;
    throw error;
  }
  throw new Error("expected a refusal");
}

/** The field on the wire, of lines that may stand there. */
function field(name: string, value: string): string {
  const text = structuredField(name, value) ?? "";
  expect(text).toMatch(/^[^\r\n]+\r\n(?: [^\r\n]+\r\n)*$/);
  for (const line of text.trimEnd().split("\r\n")) {
    expect(line).toMatch(/^[ -~]*[!-~]$/);
    expect(line.length).toBeLessThanOrEqual(998);
  }
  return text;
}

/** What stands after the name, unfolded (RFC 5322 §2.2.3). */
function written(name: string, value: string): string {
  return field(name, value)
    .slice(name.length + 1, -2)
    .replaceAll("\r\n", "")
    .trimStart();
}

/** What mailparser, which knows nothing of this code, reads in the field. */
async function read(name: string, value: string) {
  const parsed = await simpleParser(`${field(name, value)}\r\n`);
  return parsed;
}

const blanks = fc.constantFrom("", " ", "  ", "    ");
const someBlanks = fc.constantFrom(" ", "  ", "    ");
const uri = fc
  .tuple(
    fc.constantFrom("https://", "mailto:", "HTTP://"),
    fc.string({
      unit: fc.constantFrom(..."aZ09.-_~:/?#[]@!$&'()*+,;=%\"", "=?", "x".repeat(70)),
      minLength: 1,
    }),
  )
  .map((parts) => parts.join(""))
  .filter((text) => text.length < 900 && !/=\?[^?]+\?[BbQq]\?[^?]*\?=/.test(text));
const description = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(...'aé 日(),;:@."\\<>', "=?", "word "),
      fc.string({ unit: "grapheme", maxLength: 2 }),
    ),
  })
  .map((text) => text.replace(/\s+/gu, " ").trim())
  .filter((text) => text !== "" && !/[\p{Cc}\uFEFF]/u.test(text));
const quote = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;

describe("the URIs of RFC 2369", () => {
  it.each([
    [
      "<https://mail.example.com/u/1>,  <mailto:u@example.com>",
      "<https://mail.example.com/u/1>, <mailto:u@example.com>",
    ],
    ["<https://example.com/u> ", "<https://example.com/u>"],
    ["< https://example.com/u >,<mailto:u@example.com>", "<https://example.com/u>, <mailto:u@example.com>"],
    ["<https://example.com/?a=?b>", "<https://example.com/?a=?b>"],
    ["<https://example.com/u>  (in  a browser)", "<https://example.com/u> (in a browser)"],
    ["<https://example.com/u> (für alle)", "<https://example.com/u> (=?UTF-8?B?ZsO8ciBhbGxl?=)"],
    [
      "(by mail) <mailto:u@example.com>, <https://example.com>",
      "(by mail) <mailto:u@example.com>, <https://example.com>",
    ],
  ])("of %j are %j", (value, expected) => {
    expect(written("List-Unsubscribe", value)).toBe(expected);
  });

  it("may be NO in List-Post alone (§3.4)", () => {
    expect(written("List-Post", "NO  (posting not allowed)")).toBe("NO (posting not allowed)");
    expect(refusal("List-Help", "NO")).toContain("angle brackets");
  });

  it("stay in one line each, up to 998 characters", () => {
    const long = `<https://example.com/${"x".repeat(970)}>`;
    expect(field("List-Unsubscribe", long)).toBe(`List-Unsubscribe:\r\n ${long}\r\n`);
    expect(refusal("List-Unsubscribe", `<https://example.com/${"x".repeat(980)}>`)).toMatch(
      /"List-Unsubscribe".*998.*RFC 5322 §2\.1\.1.*shorten/,
    );
  });

  it.each([
    ["", "leave it out"],
    ["https://example.com/u", "angle brackets"],
    ["<https://example.com/u> <mailto:u@example.com>", "separated by commas"],
    ["<https://example.com/u>,", "separated by commas"],
    [",<https://example.com/u>", "separated by commas"],
    ["<https://example.com/u>,,<mailto:u@example.com>", "separated by commas"],
    ["<https://example.com/u", "angle brackets"],
    ["https://example.com/u>", "angle brackets"],
    ["<https://example.com/u> later", "angle brackets"],
    ["<https://example.com/u> (open", "angle brackets"],
    ["<>", "scheme"],
    ["<example.com/u>", "https:"],
    ["<https://example.com/a b>", "%20"],
    ["<https://example.com/ü>", "percent-encode"],
    ["<mailto:u@bücher.example>", "A-labels"],
    ["<https://example.com/?a=?UTF-8?Q?b?=>", "%3F"],
  ])("are not made of %j", (value, reason) => {
    const message = refusal("List-Unsubscribe", value);
    expect(message).toContain('"List-Unsubscribe"');
    expect(message).toContain(reason);
  });

  it("are read back, whatever they hold", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(uri, { minLength: 1, maxLength: 4 }),
        blanks,
        fc.option(description),
        async (uris, gap, comment) => {
          const remark = comment === null ? "" : ` (${comment.replace(/[()\\]/g, "\\$&")})`;
          const text = written(
            "List-Unsubscribe",
            `${gap}${uris.map((one) => `<${gap}${one}${gap}>`).join(`${gap},${gap}`)}${remark}`,
          );
          expect(
            Array.from(text.matchAll(/<([^<>]*)>/g), ([, found]) => found).slice(0, uris.length),
          ).toEqual(uris);
          for (const [, inside] of text.matchAll(/<([^<>]*)>/g)) {
            if (comment === null) expect(inside).not.toMatch(/=\?UTF-8\?/);
          }
        },
      ),
    );
  });

  it("are what mailparser reads", async () => {
    const { headers } = await read(
      "List-Unsubscribe",
      "<https://example.com/u?t=1>,  <mailto:u@example.com>",
    );
    expect(headers.get("list")).toEqual({
      unsubscribe: { url: "https://example.com/u?t=1", mail: "u@example.com" },
    });
  });
});

describe("List-ID (RFC 2919)", () => {
  it.each([
    ["Müller Newsletter <news.example.com>", "=?UTF-8?Q?M=C3=BCller_Newsletter?= <news.example.com>"],
    ["Weekly   news  < news.example.com > ", "Weekly news <news.example.com>"],
    ['"Lena\'s list, weekly" <lena.example.com>', '"Lena\'s list, weekly" <lena.example.com>'],
    ["owner/repo <repo.owner.example.com>", "owner/repo <repo.owner.example.com>"],
    ["<news.example.com>", "<news.example.com>"],
  ])("of %j is %j", (value, expected) => {
    expect(written("List-ID", value)).toBe(expected);
  });

  it.each([
    ["news.example.com", "angle brackets"],
    ["News <news.example.com> x", "angle brackets"],
    ["News <news example>", "without spaces"],
    ["News <news@example.com>", "without spaces, @ and :"],
    ["News <news.example.com:3000>", "without spaces, @ and :"],
    ["News <nüws.example>", "A-labels"],
    ["News <>", "1 to 255"],
    [`<${"x".repeat(256)}>`, "255"],
  ])("is not made of %j", (value, reason) => {
    expect(refusal("List-ID", value)).toContain(reason);
  });

  it("is read back with its description", () => {
    fc.assert(
      fc.property(description, someBlanks, (text, gap) => {
        const value = written("List-ID", `${quote(text)}${gap}<news.example.com>`);
        expect(value.endsWith("<news.example.com>")).toBe(true);
        expect(addressParser(value.replace("news.example.com", "a@example.com"))).toEqual([
          { name: expect.anything(), address: "a@example.com" },
        ]);
        const phrase = value.slice(0, value.lastIndexOf("<")).trim();
        const unquoted = phrase.startsWith('"')
          ? phrase.slice(1, -1).replace(/\\(.)/g, "$1")
          : decodeWords(phrase);
        expect(unquoted).toBe(text);
      }),
    );
  });
});

describe("References and In-Reply-To (RFC 5322 §3.6.4)", () => {
  it("collapse blanks and fold between identifiers, never in one", async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `<${index}.${"x".repeat(index * 6)}@example.com>`);
    const text = field("References", ids.join("   "));
    expect(text.replaceAll("\r\n", "")).toBe(`References: ${ids.join(" ")}`);
    expect((await read("References", ids.join("   "))).references).toEqual(ids);
  });

  it("keep what another sender made, however odd", () => {
    const id = `<=?UTF-8?Q?odd?=$${"A".repeat(200)}==@AM0PR05.example.com>`;
    expect(field("In-Reply-To", id)).toBe(`In-Reply-To: ${id}\r\n`);
    expect(written("In-Reply-To", "<no-at-sign>")).toBe("<no-at-sign>");
  });

  it.each([
    ["1234@example.com", "angle brackets"],
    ["<a@b>, <c@d>", "separated by spaces"],
    ["<a b@c>", "angle brackets"],
    ["your mail <a@b>", "angle brackets"],
    ["<ä@b>", "ASCII"],
    [`<${"x".repeat(1000)}@b>`, "998"],
  ])("are not made of %j", (value, reason) => {
    expect(refusal("In-Reply-To", value)).toContain(reason);
  });
});

describe("fields of addresses, phrases and tokens", () => {
  it.each([
    [
      "Disposition-Notification-To",
      "Jörg <jo@bücher.example>,  al@example.com",
      "=?UTF-8?B?SsO2cmc=?= <jo@xn--bcher-kva.example>, al@example.com",
    ],
    ["Return-Receipt-To", '"Doe, Jo" <jo@example.com>', '"Doe, Jo" <jo@example.com>'],
    ["Errors-To", '"a..b"@example.com', '"a..b"@example.com'],
    ["Keywords", 'Rechnung,  März 2025, "a, b"', 'Rechnung, =?UTF-8?Q?M=C3=A4rz_2025?=, "a, b"'],
    ["Precedence", " bulk ", "bulk"],
    ["X-Auto-Response-Suppress", "OOF,  AutoReply", "OOF, AutoReply"],
    ["Feedback-ID", "campaign:42:news:example", "campaign:42:news:example"],
    ["List-Unsubscribe-Post", "List-Unsubscribe=One-Click ", "List-Unsubscribe=One-Click"],
    ["list-unsubscribe-post", "list-unsubscribe=one-click", "List-Unsubscribe=One-Click"],
  ])("%s of %j is %j", (name, value, expected) => {
    expect(written(name, value)).toBe(expected);
  });

  it.each([
    ["Disposition-Notification-To", "Jo", "RFC 5322 §3.4"],
    ["Disposition-Notification-To", "jö@example.com", "RFC 6532"],
    ["Errors-To", '"jo@example.com', "double quotes"],
    ["Precedence", "büro", "ASCII"],
    ["Feedback-ID", "x".repeat(999), "998"],
    ["List-Unsubscribe-Post", "One-Click", "RFC 8058"],
  ])("%s is not made of %j", (name, value, reason) => {
    expect(refusal(name, value)).toContain(reason);
  });

  it("are read back", () => {
    const names = fc.array(description, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(names, someBlanks, (phrases, gap) => {
        const list = phrases.map((text) => `${quote(text)}${gap}<jo@example.com>`).join(`,${gap}`);
        const parsed = addressParser(written("Mail-Followup-To", list)).map(({ name }) => decodeWords(name));
        expect(parsed).toEqual(phrases);
      }),
    );
  });
});
