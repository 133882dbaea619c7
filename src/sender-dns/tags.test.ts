import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDkimKey } from "./dkim/key.ts";
import { isDmarc, parseDmarc } from "./dmarc/parse.ts";
import { parseTags } from "./tags.ts";

test("reads names and values, with spaces around them and a semicolon at the end", () => {
  expect([
    ...(parseTags(" V = DMARC1 ;p=none;\trua=mailto:a@example.com,mailto:b@example.com ; ") ?? []),
  ]).toEqual([
    ["v", "DMARC1"],
    ["p", "none"],
    ["rua", "mailto:a@example.com,mailto:b@example.com"],
  ]);
  expect([...(parseTags("v=DKIM1; p=abc=") ?? [])]).toEqual([
    ["v", "DKIM1"],
    ["p", "abc="],
  ]);
});

test.each(["hello", "=x", "v=1;;p=2", "p=1;p=2", "1=2", "a b=c"])("takes %j for none", (text) => {
  expect(parseTags(text)).toBeNull();
});

test.each([
  ["v=DMARC1", true],
  ["v = DMARC1 ; p=none", true],
  ["v=DMARC10; p=none", false],
  ["v=dmarc1; p=none", false],
  ["p=none; v=DMARC1", false],
])("%j is a DMARC record: %s", (text, is) => {
  expect(isDmarc(text)).toBe(is);
});

test("gives an answer for anything, however it was meant", () => {
  const records = fc.string().map((text) => `v=DMARC1;${text}`);
  fc.assert(
    fc.property(records, (text) => {
      const record = parseDmarc(text);
      if (record !== null) expect(record.percent).toBeLessThanOrEqual(100);
      expect(["usable", "revoked", "unusable"]).toContain(parseDkimKey(text).kind);
    }),
  );
});

test("does not get lost in records that are long on purpose", () => {
  const spaces = " ".repeat(60_000);
  expect(parseDmarc(`v=DMARC1;p=none${spaces}x`)).toMatchObject({ policy: null });
  expect(parseDkimKey(`v=DKIM1;${spaces};p=${spaces}x`)).toMatchObject({ kind: "unusable" });
});
