import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { merged, newSpf, withTerm } from "./advice.ts";
import { isSpf, parseSpf } from "./parse.ts";

const termsOf = (text: string) => {
  const parsed = parseSpf(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.record;
};

test.each([
  ["v=spf1", true],
  ["V=SPF1 -all", true],
  ["v=spf10 -all", false],
  ["spf1 -all", false],
  [" v=spf1 -all", false],
])("%j is a record: %s", (text, is) => {
  expect(isSpf(text)).toBe(is);
});

test("reads every mechanism, with its qualifier and lengths", () => {
  expect(
    termsOf(
      "v=spf1 a mx/24 -A:Mail.Example.com/28//64 ip4:192.0.2.0/24 ~ip6:2001:db8::/32 ?ptr exists:e.example include:_spf.example.com -all",
    ),
  ).toEqual({
    redirect: null,
    terms: [
      { qualifier: "+", kind: "a", domain: null, prefix4: 32, prefix6: 128 },
      { qualifier: "+", kind: "mx", domain: null, prefix4: 24, prefix6: 128 },
      { qualifier: "-", kind: "a", domain: "mail.example.com", prefix4: 28, prefix6: 64 },
      { qualifier: "+", kind: "ip", network: "192.0.2.0", prefix: 24 },
      { qualifier: "~", kind: "ip", network: "2001:db8::", prefix: 32 },
      { qualifier: "?", kind: "ptr", domain: null },
      { qualifier: "+", kind: "exists", domain: "e.example" },
      { qualifier: "+", kind: "include", domain: "_spf.example.com" },
      { qualifier: "-", kind: "all" },
    ],
  });
});

test("uses redirect only where there is no all, and ignores modifiers that it does not know", () => {
  expect(termsOf("v=spf1 redirect=_spf.example.com unknown=x%{i}")).toEqual({
    terms: [],
    redirect: "_spf.example.com",
  });
  expect(termsOf("v=spf1 -all redirect=_spf.example.com").redirect).toBeNull();
});

test("takes domains with macros as they are", () => {
  expect(termsOf("v=spf1 include:%{i}._ip.%{d}._spf.example.com").terms).toMatchObject([
    { domain: "%{i}._ip.%{d}._spf.example.com" },
  ]);
});

test.each([
  "v=spf1 inlcude:example.com",
  "v=spf1 include",
  "v=spf1 include:",
  "v=spf1 include:example..com",
  "v=spf1 include:https://example.com",
  "v=spf1 ip4:192.0.2.300",
  "v=spf1 ip4:192.0.2.0/33",
  "v=spf1 ip4:2001:db8::1",
  "v=spf1 ip6:192.0.2.1",
  "v=spf1 ip6:fe80::1%eth0",
  "v=spf1 a/024",
  "v=spf1 all:example.com",
  "v=spf1 192.0.2.1",
  "v=spf1 redirect=a.example redirect=b.example",
])("refuses %j", (text) => {
  expect(parseSpf(text)).toMatchObject({ ok: false });
});

test("never throws, and keeps every word of what it reads", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("a", "mx/24", "include:example.com", "ip4:192.0.2.1", "-all", "redirect=example.com"),
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const parsed = parseSpf(["v=spf1", ...words].join(" "));
      if (!parsed.ok) expect(parsed.problem).not.toBe("");
      else expect(parsed.record.terms.length).toBeLessThanOrEqual(words.join(" ").split(" ").length);
    }),
  );
});

describe("a record to publish", () => {
  test("lets one more through before the end", () => {
    expect(withTerm("v=spf1  mx ~all", "include:amazonses.com")).toBe("v=spf1 mx include:amazonses.com ~all");
    expect(withTerm("v=spf1 redirect=_spf.example.com", "a:mail.example.com")).toBe(
      "v=spf1 a:mail.example.com redirect=_spf.example.com",
    );
    expect(withTerm("v=spf1 mx", "a")).toBe("v=spf1 mx a");
    expect(withTerm("v=spf1 a ~all", "a")).toBe("v=spf1 a ~all");
  });

  test("joins several to one with one end", () => {
    expect(merged(["v=spf1 mx -all", "v=spf1 include:a.example mx ~all"])).toBe(
      "v=spf1 mx include:a.example -all",
    );
    expect(merged(["v=spf1 redirect=a.example", "v=spf1 mx ~all"])).toBe("v=spf1 mx ~all");
  });

  test("can always be read, and lets the new one through", () => {
    const records = fc.array(
      fc
        .array(
          fc.constantFrom("a", "mx", "ip4:192.0.2.0/24", "include:x.example", "?all", "redirect=y.example"),
          {
            maxLength: 4,
          },
        )
        .map((words) => ["v=spf1", ...new Set(words)].join(" ")),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(records, (texts) => {
        const record = withTerm(merged(texts), "include:new.example");
        expect(termsOf(record).terms).toContainEqual({
          qualifier: "+",
          kind: "include",
          domain: "new.example",
        });
      }),
    );
    expect(parseSpf(newSpf("a"))).toMatchObject({ ok: true });
  });
});
