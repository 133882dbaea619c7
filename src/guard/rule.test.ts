import { describe, expect, it } from "vitest";
import { isNamed, parseRecipientRule, ruleSentence, ruleText } from "./rule.ts";

function allows(rule: string, address: string): boolean {
  const parsed = parseRecipientRule(rule);
  if (parsed.kind !== "only") throw new TypeError(`${rule} is not of the kind only.`);
  return isNamed(parsed, address);
}

describe("only", () => {
  it.each([
    ["only:@acme.test", "jo@acme.test"],
    ["only:@acme.test", "JO@ACME.TEST"],
    ["only:@ACME.test", "jo@acme.test"],
    ["only:qa@acme.test", "QA@Acme.Test"],
    ["only: @acme.test , qa@other.test ,", "qa@other.test"],
    ["only:@bücher.test", "jo@xn--bcher-kva.test"],
    ["only:@xn--bcher-kva.test", "jo@bücher.test"],
    ["only:jörg@acme.test", "JÖRG@acme.test"],
    ["only:jo@acme.test", '"jo"@acme.test'],
    ['only:"j o"@acme.test', '"J o"@acme.test'],
  ])("%s allows %s", (rule, address) => {
    expect(allows(rule, address)).toBe(true);
  });

  it.each([
    ["only:@acme.test", "jo@mail.acme.test"],
    ["only:@acme.test", "jo@notacme.test"],
    ["only:@acme.test", "jo@acme.test.evil.example"],
    ["only:@acme.test", '"@acme.test"@evil.example'],
    ["only:@acme.test", "jo@evil.example@acme.test"],
    ["only:@acme.test", "jo@acme.test\r\nRCPT TO:<x@evil.example>"],
    ["only:@acme.test", "jo@[127.0.0.1]"],
    ["only:@acme.test", ""],
    ["only:qa@acme.test", "qa+1@acme.test"],
    ["only:qa@acme.test", "jo@acme.test"],
    ["only:q.a@acme.test", "qxa@acme.test"],
  ])("%s does not allow %s", (rule, address) => {
    expect(allows(rule, address)).toBe(false);
  });
});

it.each([
  ["", "must be all, only:…, redirect:… or capture"],
  ["none", "must be all, only:…, redirect:… or capture"],
  ["All", "must be all, only:…, redirect:… or capture"],
  ["capture:qa@acme.test", "must be all, only:…, redirect:… or capture"],
  ["only:", "has no address after only: add addresses or domains"],
  ["only: , ", "has no address after only: add addresses or domains"],
  ["redirect:", "has no address after redirect: add the address for all mail"],
  ["only:*@acme.test", "must not contain wildcards"],
  ["only:@*.acme.test", "must not contain wildcards"],
  ["redirect:*@acme.test", "must not contain wildcards"],
  ["only:acme.test", 'contains "acme.test", which is not an email address'],
  ["only:@", 'contains "@", which is not an email address'],
  ["only:@.acme.test", 'contains "@.acme.test", which is not an email address'],
  ["redirect:@acme.test", 'contains "@acme.test", which is not an email address'],
])("%j is refused by the name of the variable", (text, words) => {
  expect(() => parseRecipientRule(text)).toThrow(
    expect.objectContaining({
      code: "input.invalid",
      message: expect.stringContaining(words),
      issues: [{ pointer: "SENDWRIGHT_RECIPIENTS", detail: expect.stringContaining(words) }],
    }),
  );
});

it.each(["all", "capture", "only:@acme.test,qa@acme.test", "redirect:qa@acme.test,ops@acme.test"])(
  "%s is written as it is read",
  (text) => {
    expect(ruleText(parseRecipientRule(text))).toBe(text);
  },
);

it("says what it does, unless everybody gets mail", () => {
  expect(
    ["all", "only:@acme.test,qa@b.test", "redirect:qa@b.test", "capture"]
      .map(parseRecipientRule)
      .map(ruleSentence),
  ).toEqual([
    null,
    "Sendwright sends only to @acme.test, qa@b.test and withholds all other email.",
    "Sendwright sends every email to qa@b.test instead of its recipients.",
    "The sandbox captures every email. No recipient gets mail.",
  ]);
});
