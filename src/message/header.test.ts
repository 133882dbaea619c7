import { describe, expect, it } from "vitest";
import { isSendwrightError } from "../core/errors.ts";
import { parseMailbox } from "./address.ts";
import { foldField, mailboxField, textField } from "./header.ts";

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isSendwrightError(error, "header.invalid")) return error.message;
    throw error;
  }
  throw new Error("expected a refusal");
}

describe("textField", () => {
  it("writes plain ASCII as it is", () => {
    expect(textField("Subject", "Your order 12 (2 items)")).toBe("Subject: Your order 12 (2 items)\r\n");
  });

  it("writes an empty value without a blank at the end of the line", () => {
    expect(textField("Subject", "")).toBe("Subject:\r\n");
  });

  it("folds at 76 columns before a space", () => {
    const field = textField("Subject", "word ".repeat(40).trim());
    const lines = field.trimEnd().split("\r\n");
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(76);
    expect(lines.join("")).toBe(`Subject: ${"word ".repeat(40).trim()}`);
  });

  it("leaves a word that fits in no folded line whole: it may be a URL", () => {
    const url = `<https://example.com/${"x".repeat(300)}>`;
    expect(textField("Subject", url)).toBe(`Subject: ${url}\r\n`);
    expect(textField("Subject", `${url}, ${url}`)).toBe(`Subject: ${url},\r\n ${url}\r\n`);
  });

  it("encodes a word that no line may hold (RFC 5322 §2.1.1)", () => {
    expect(textField("Subject", "x".repeat(989))).toBe(`Subject: ${"x".repeat(989)}\r\n`);
    const lines = textField("Subject", "x".repeat(990)).trimEnd().split("\r\n");
    for (const line of lines) expect(line).toMatch(/^(?:Subject:)? =\?UTF-8\?Q\?x+\?=$/);
  });

  it("encodes what merely looks like an encoded word", () => {
    expect(textField("Subject", "=?UTF-8?Q?plain?= and more words")).toBe(
      "Subject: =?UTF-8?Q?=3D=3FUTF-8=3FQ=3Fplain=3F=3D_and_more_words?=\r\n",
    );
  });

  it.each([" leading", "trailing ", "two  spaces"])(
    "encodes %j, whose spaces readers would drop",
    (value) => {
      expect(textField("Subject", value)).toContain("=?UTF-8?Q?");
    },
  );

  it("fits the first encoded word beside the name and the others in lines of 76 (RFC 2047 §2)", () => {
    const lines = textField("Subject", "Ваш заказ номер двенадцать отправлен и скоро будет у вас")
      .trimEnd()
      .split("\r\n");
    expect(lines[0]).toMatch(/^Subject: =\?UTF-8\?B\?/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(76);
  });

  it.each(["\r", "\n", "\r\n", "\0", "\t", "\u000b", "\u001b", "\u007f", "\u0085"])(
    "refuses %j and names the header",
    (control) => {
      const message = refusal(() => textField("Subject", `Hi${control}Bcc: all@example.com`));
      expect(message).toContain('"Subject"');
      expect(message).toContain("line break");
    },
  );

  it("refuses half a surrogate pair, which no UTF-8 can hold", () => {
    expect(refusal(() => textField("Subject", "Hi \ud83d"))).toContain("surrogate");
  });
});

describe("mailboxField", () => {
  const field = (...mailboxes: string[]) => mailboxField("To", mailboxes.map(parseMailbox));

  it.each([
    ["jo@example.com", "jo@example.com"],
    ["Jo Doe <jo@example.com>", "Jo Doe <jo@example.com>"],
    ["J. Doe <jo@example.com>", '"J. Doe" <jo@example.com>'],
    ['"Doe, Jo" <jo@example.com>', '"Doe, Jo" <jo@example.com>'],
    ['"Jo \\"J\\" \\\\" <jo@example.com>', '"Jo \\"J\\" \\\\" <jo@example.com>'],
    ['"al@example.com" <jo@example.com>', '"al@example.com" <jo@example.com>'],
    ["Jörg Doe <jo@example.com>", "=?UTF-8?B?SsO2cmcgRG9l?= <jo@example.com>"],
    ['"Dö, Josephine" <jo@example.com>', "=?UTF-8?Q?D=C3=B6=2C_Josephine?= <jo@example.com>"],
    ["=?UTF-8?Q?x?= <jo@example.com>", "=?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?= <jo@example.com>"],
    ["jo@bücher.example", "jo@xn--bcher-kva.example"],
    ["jö@bücher.example", "jö@xn--bcher-kva.example"],
  ])("writes %s", (mailbox, written) => {
    expect(field(mailbox)).toBe(`To: ${written}\r\n`);
  });

  it("separates by commas and folds between mailboxes", () => {
    const addresses = Array.from({ length: 50 }, (_, index) => `someone.${index}@example.com`);
    const lines = field(...addresses)
      .trimEnd()
      .split("\r\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(76);
    expect(lines.join("")).toBe(`To: ${addresses.join(", ")}`);
  });

  it("keeps each of many long addresses on a line of its own", () => {
    const long = `${"a".repeat(64)}@${`${"b".repeat(59)}.`.repeat(3)}example`;
    const lines = field(long, long, long, long).trimEnd().split("\r\n");
    expect(lines).toHaveLength(4);
  });

  it("encodes a long name, the only form that may be folded anywhere", () => {
    const lines = field(`${"name ".repeat(60)}<jo@example.com>`)
      .trimEnd()
      .split("\r\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(76);
    expect(lines[0]).toMatch(/^To: =\?UTF-8\?Q\?name_/);
  });
});

describe("foldField", () => {
  it("moves even the first word below a name that leaves no room for it", () => {
    const name = `X-${"a".repeat(50)}`;
    expect(foldField(name, ["b".repeat(40)])).toBe(`${name}:\r\n ${"b".repeat(40)}\r\n`);
  });

  it("moves a word below the name if no line may have the two (RFC 5322 §2.1.1)", () => {
    expect(foldField("X-Url", ["b".repeat(991)])).toBe(`X-Url: ${"b".repeat(991)}\r\n`);
    expect(foldField("X-Url", ["b".repeat(992)])).toBe(`X-Url:\r\n ${"b".repeat(992)}\r\n`);
  });
});
