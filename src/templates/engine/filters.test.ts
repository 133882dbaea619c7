import { describe, expect, it } from "vitest";
import { parseLiquid } from "./liquid.ts";

function render(source: string, data: Record<string, unknown> = {}, locale = "en"): string {
  return parseLiquid(source, "text", "text").render({ data, globals: { locale } });
}

describe("money", () => {
  it.each([
    ["EUR", "en", 123_456, "€1,234.56"],
    ["USD", "en", 5, "$0.05"],
    ["JPY", "en", 123_456, "¥123,456"],
    ["BHD", "en", 123_456, "BHD\u00a0123.456"],
    ["EUR", "de", 123_456, "1.234,56\u00a0€"],
    ["JPY", "ja", 123_456, "￥123,456"],
    ["EUR", "en", -975, "-€9.75"],
    ["USD", "en", 0, "$0.00"],
    ["USD", "en", Number.MAX_SAFE_INTEGER, "$90,071,992,547,409.91"],
  ])(
    "writes minor units of %s in %s with the digits of the currency",
    (currency, locale, amount, expected) => {
      expect(render("{{ amount | money: currency }}", { amount, currency }, locale)).toBe(expected);
    },
  );

  it.each([1.5, "100", Number.MAX_SAFE_INTEGER + 1, null, true])("refuses %s as an amount", (amount) => {
    expect(() => render('{{ amount | money: "EUR" }}', { amount })).toThrow(
      /whole number of minor units \(in \{\{ amount \| money: "EUR" \}\}\)/,
    );
  });

  it.each(["eur", "EURO", "", null])("refuses %s as a currency", (currency) => {
    expect(() => render("{{ 1 | money: currency }}", { currency })).toThrow(/code of ISO 4217/);
  });

  it("keeps the locale of the rendering when a template assigns another", () => {
    expect(render('{% assign locale = "de" %}{{ 100 | money: "EUR" }}')).toBe("€1.00");
  });
});

describe("date and datetime", () => {
  const at = "2026-03-01T23:30:00Z";

  it("writes a date in UTC unless a zone is given", () => {
    expect(render("{{ at | date }}", { at })).toBe("March 1, 2026");
    expect(render('{{ at | date: "Asia/Tokyo" }}', { at })).toBe("March 2, 2026");
    expect(render("{{ at | date }}", { at: Date.parse(at) }, "de")).toBe("1. März 2026");
  });

  it("names the zone of a time", () => {
    expect(render("{{ at | datetime }}", { at })).toMatch(/^March 1, 2026 at 11:30\sPM UTC$/);
    expect(render('{{ at | datetime: "Europe/Berlin" }}', { at }, "de")).toBe("2. März 2026 um 00:30 MEZ");
  });

  it("writes the first of a month as French does", () => {
    expect(render("{{ at | date }}", { at }, "fr")).toBe("1er mars 2026");
    expect(render("{{ at | datetime }}", { at }, "fr-CA")).toMatch(/^1er mars 2026 à 23\sh\s30 UTC$/);
    expect(render('{{ at | date: "Asia/Tokyo" }}', { at }, "fr")).toBe("2 mars 2026");
    expect(render("{{ at | date }}", { at: "2026-03-11" }, "fr")).toBe("11 mars 2026");
  });

  it("refuses what is no date and what is no zone", () => {
    expect(() => render("{{ at | date }}", { at: "soon" })).toThrow(/RFC 3339/);
    expect(() => render("{{ at | date }}", { at: null })).toThrow(/RFC 3339/);
    expect(() => render('{{ at | date: "Mars/Olympus" }}', { at })).toThrow(/IANA name/);
  });
});

describe("plural", () => {
  const items = '{{ count | plural: one: "# item", other: "# items" }}';

  it.each([
    ["en", 1, "1 item"],
    ["en", 0, "0 items"],
    ["en", 1234, "1,234 items"],
    ["fr", 0, "0 item"],
    ["ja", 1, "1 items"],
    ["de", 1234.5, "1.234,5 items"],
  ])("takes the form that %s has for %d", (locale, count, expected) => {
    expect(render(items, { count }, locale)).toBe(expected);
  });

  it("knows all forms of a language, and takes `other` for one that is not given", () => {
    const polish = '{{ count | plural: one: "# plik", few: "# pliki", many: "# plików", other: "# pliku" }}';
    expect([1, 2, 5, 1.5].map((count) => render(polish, { count }, "pl"))).toEqual([
      "1 plik",
      "2 pliki",
      "5 plików",
      "1,5 pliku",
    ]);
    expect(render(items, { count: 1_000_000 }, "fr")).toMatch(/items$/);
  });

  it("refuses a form that no language has, and what is no number", () => {
    expect(() => render('{{ 1 | plural: one: "x" , others: "y" }}')).toThrow(/with names/);
    expect(() => render('{{ 2 | plural: one: "x" }}')).toThrow(/with names/);
    expect(() => render('{{ 2 | plural: "x" }}')).toThrow(/with names/);
    expect(() => render(items, { count: "2" })).toThrow(/a number is required/);
  });
});

describe("number, list and minutes", () => {
  it("writes a number as the language does", () => {
    expect(render("{{ 1234.5 | number }}")).toBe("1,234.5");
    expect(render("{{ 1234.5 | number }}", {}, "de")).toBe("1.234,5");
  });

  it("joins a list as the language does", () => {
    const names = ["Ada", "Bo", "Cleo"];
    expect(render("{{ names | list }}", { names })).toBe("Ada, Bo, and Cleo");
    expect(render('{{ names | list: "or" }}', { names }, "de")).toBe("Ada, Bo oder Cleo");
    expect(render("{{ names | list }}", { names }, "ja")).toBe("Ada、Bo、Cleo");
    expect(() => render("{{ names | list }}", { names: "Ada" })).toThrow(/a list must contain/);
    expect(() => render("{{ names | list }}", { names: [{}] })).toThrow(/a list must contain/);
    expect(() => render('{{ names | list: "nor" }}', { names })).toThrow(/"and" or "or"/);
  });

  it.each([
    ["en", 1, "1 minute"],
    ["en", 59, "59 minutes"],
    ["en", 60, "1 hour"],
    ["en", 90, "90 minutes"],
    ["en", 150, "2 hours, 30 minutes"],
    ["en", 1440, "24 hours"],
    ["en", 2880, "2 days"],
    ["en", 0, "0 minutes"],
    ["de", 4320, "3 Tage"],
    ["de", 150, "2 Stunden und 30 Minuten"],
    ["de-AT", 150, "2 Stunden und 30 Minuten"],
    ["es", 150, "2 horas y 30 minutos"],
    ["fr", 150, "2 heures et 30 minutes"],
    ["ja", 150, "2時間30分"],
  ])("says in %s how long %d minutes are", (locale, span, expected) => {
    expect(render("{{ span | minutes }}", { span }, locale).replaceAll("\u00a0", " ")).toBe(expected);
  });

  it.each([-1, 1.5, "60", null])("refuses %s as a span", (span) => {
    expect(() => render("{{ span | minutes }}", { span })).toThrow(/whole minutes|a number is required/);
  });
});

describe("url", () => {
  it.each(["https://example.com/a?b=c&d=e#f", "http://localhost:3000/x", "mailto:help@example.com"])(
    "lets %s pass",
    (link) => {
      expect(render("{{ link | url }}", { link })).toBe(link);
    },
  );

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,<script>",
    "vbscript:x",
    "file:///etc/passwd",
    "cid:picture",
    "//example.com",
    "/reset",
    "https:",
    "https://exa\nmple.com",
    "https:example.com",
    "https:///example.com",
    "https://bank.example@example.com/",
    "https://user:secret@example.com/",
    'https://example.com/"onclick="x',
    "",
    42,
    null,
  ])("refuses %j", (link) => {
    expect(() => render("{{ link | url }}", { link })).toThrow(/https:, http: or mailto:/);
  });
});

describe("css", () => {
  it("lets colours, lengths and keywords pass", () => {
    expect(render("{{ a | css }} {{ b | css }} {{ 3 | css }}", { a: "#1f2a3b", b: "1px solid red" })).toBe(
      "#1f2a3b 1px solid red 3",
    );
  });

  it.each(["red;background:url(//x)", "url(//x)", "expression(1)", "}", "\\75rl", "", null])(
    "refuses %j",
    (value) => {
      expect(() => render("{{ value | css }}", { value })).toThrow(/in CSS/);
    },
  );
});
