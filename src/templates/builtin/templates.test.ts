import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ownFilters } from "../engine/filters.ts";
import { renderTemplate } from "../engine/render.ts";
import { globalNames, type Template, type TemplateSource } from "../engine/template.ts";
import { builtinTemplates } from "./templates.ts";

const locales = ["en", "de", "fr", "es", "ja"];
const parts = ["subject", "preheader", "mjml", "text"] as const;
const brand = {
  name: "Fjord Supply",
  url: "https://shop.example.com/",
  address: "Kaigata 4, 5003 Bergen, Norway",
  footerLinks: [{ label: "Help", url: "https://shop.example.com/help" }],
};
const cases = builtinTemplates.flatMap((template) =>
  Object.keys(template.sources).map((locale) => [template.name, locale, template] as const),
);
/** They carry explanations, which are in English. */
const englishOnly = ["delivery-failure", "config-alert"];

/** All that a template can say at once. */
function fullData(template: Template): Readonly<Record<string, unknown>> {
  const imageUrl = "https://shop.example.com/mug.png";
  const more: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    "order-notification": {
      status: "shipped",
      carrier: "Nordpost",
      trackingNumber: "00340434161094021501",
      trackingUrl: "https://track.example.com/00340434161094021501",
      items: [{ name: "Mug", quantity: 2, unitPrice: 1800, imageUrl }],
    },
  };
  return { ...template.example, ...more[template.name] };
}

function named(wanted: string): Template {
  const template = builtinTemplates.find(({ name }) => name === wanted);
  if (template === undefined) throw new Error(`no ${wanted}`);
  return template;
}

function sourceIn(template: Template, locale: string): TemplateSource {
  const source = template.sources[locale];
  if (source === undefined) throw new Error(`${template.name} has no ${locale}`);
  return source;
}

/** The fields of the data that the Liquid of a part speaks of. */
function fieldsIn(template: Template, part: string): string[] {
  const liquid = (part.match(/\{\{.*?\}\}|\{%.*?%\}/gs) ?? []).join(" ");
  return fieldsOf(z.toJSONSchema(template.schema)).filter((field) =>
    new RegExp(`\\b${field}\\b`).test(liquid),
  );
}

function fieldsOf(schema: z.core.JSONSchema._JSONSchema): string[] {
  if (typeof schema === "boolean") return [];
  const items = Array.isArray(schema.items) ? [] : fieldsOf(schema.items ?? false);
  const properties = Object.entries(schema.properties ?? {});
  return [...items, ...properties.flatMap(([name, field]) => [name, ...fieldsOf(field)])];
}

/** What a part says: the text between Liquid and markup, and the texts inside of Liquid. */
function wordsIn(part: string): string[] {
  const inside = part.match(/"[^"]*(?:#|\()[^"]*"/g) ?? [];
  const between = part.replace(/\{\{.*?\}\}|\{%.*?%\}|<[^>]*>/gs, "\n").split("\n");
  return [...inside, ...between].map((text) => text.trim()).filter((text) => /\p{L}{3}/u.test(text));
}

/** All texts of the data that a reader should see, in HTML and in plain text. */
function shownOf(value: unknown, key = ""): string[] {
  if (typeof value === "object" && value !== null) {
    const entries: [string, unknown][] = Array.isArray(value)
      ? value.map((entry) => [key, entry])
      : Object.entries(value);
    return entries.flatMap(([name, entry]) => shownOf(entry, name));
  }
  const hidden = /^(status|currency|time|timeZone|orderedAt|imageUrl)$/;
  return typeof value === "string" && !hidden.test(key) ? [value] : [];
}

describe.each(cases)("%s in %s", (_, locale, template) => {
  const source = sourceIn(template, locale);
  const english = sourceIn(template, "en");

  it("has a source of its own, which an author can read", () => {
    expect(Object.keys(template.sources)).toEqual(englishOnly.includes(template.name) ? ["en"] : locales);
    for (const part of parts) {
      expect(source[part]).toMatch(/./);
      expect(source[part]).not.toMatch(/undefined|\[object|\$\{|[ \t]$/m);
      expect(source[part]?.length).toBeLessThan(6000);
    }
  });

  it("speaks of the same data as the English one", () => {
    for (const part of parts) {
      expect(fieldsIn(template, source[part] ?? "")).toEqual(fieldsIn(template, english[part] ?? ""));
    }
  });

  it("leaves no English behind", () => {
    const shared = /^(Total|Subtotal|Server|Port):?$/;
    const same = parts.flatMap((part) => {
      const theirs = wordsIn(english[part] ?? "");
      return wordsIn(source[part] ?? "").filter((word) => theirs.includes(word) && !shared.test(word));
    });
    if (locale !== "en") expect(same).toEqual([]);
  });

  it("shows every link, code and name of its data in HTML and in text", () => {
    const { subject, html, text } = renderTemplate(template, { data: fullData(template), locale, brand });
    for (const shown of shownOf(fullData(template))) {
      expect(html).toContain(shown);
      expect(text).toContain(shown);
    }
    expect(html).toContain(`<html lang="${locale}"`);
    expect(html).toContain(`<title>${subject.replaceAll("'", "&#39;")}</title>`);
    expect(subject.length).toBeLessThan(80);
    for (const part of [subject, html, text]) {
      expect(part).not.toMatch(/\{\{|\{%|%\}|\}\}|undefined|null|NaN|\[object/);
    }
    // Gmail clips a message at 102 kB.
    expect(Buffer.byteLength(html)).toBeLessThan(40_000);
  });

  it("keeps to the signs of its language", () => {
    const own = `${source.subject}\n${source.text}`.replace(/\{\{.*?\}\}|\{%.*?%\}/gs, "");
    expect(own).not.toMatch(/['"](?!#)\p{L}/u);
    if (locale === "fr") expect(own).not.toMatch(/[^\u202f][:;?!»]|«[^\u202f]/);
    if (locale === "de") expect(own).not.toMatch(/[“"]\p{L}/u);
    if (locale === "ja") expect(own).not.toMatch(/[\u3040-\u30ff\u4e00-\u9fff] ?[.,!?:()]/u);
  });
});

describe.each(builtinTemplates.map((template) => [template.name, template] as const))("%s", (_, template) => {
  it("describes every field, and has an example of data that passes", () => {
    const undescribed = (schema: z.core.JSONSchema._JSONSchema, path: string): string[] => {
      if (typeof schema === "boolean") return [];
      const fields = Object.entries(schema.properties ?? {});
      const missing = fields.filter(
        ([, field]) => typeof field === "boolean" || field.description === undefined,
      );
      const inside = Array.isArray(schema.items) ? [] : undescribed(schema.items ?? false, `${path}/-`);
      return [
        ...missing.map(([name]) => `${path}/${name}`),
        ...inside,
        ...fields.flatMap(([name, field]) => undescribed(field, `${path}/${name}`)),
      ];
    };
    expect(undescribed(z.toJSONSchema(template.schema, { io: "input" }), "")).toEqual([]);
    expect(template.schema.safeParse(template.example).success).toBe(true);
    expect(template.schema.safeParse(fullData(template)).success).toBe(true);
  });

  it("has no field that a global name would hide", () => {
    expect(
      Object.keys(template.schema.shape).filter((name) => (globalNames as readonly string[]).includes(name)),
    ).toEqual([]);
  });
});

describe("what must not be read later, or by others", () => {
  const render = (name: string, data: unknown) => renderTemplate(named(name), { data });
  const url = "https://app.example.com/confirm?token=1";

  it("does not put a code into the subject, which the log shows", () => {
    expect(render("sign-in-code", { code: "481902" }).subject).toBe("Your sign-in code");
    expect(render("email-verification", { code: "481902" }).subject).toBe("Confirm your email address");
  });

  it("lets a link or code be sent for as long as it works", () => {
    expect(render("password-reset", { url, validMinutes: 20 }).expiresAfterMs).toBe(1_200_000);
    expect(render("password-reset", { url }).expiresAfterMs).toBe(3_600_000);
    expect(render("sign-in-code", { code: "481902" }).expiresAfterMs).toBe(900_000);
    expect(render("new-sign-in", {}).expiresAfterMs).toBeNull();
  });

  it("confirms an address by a link, by a code or by both, never by neither", () => {
    const byLink = render("email-verification", { url });
    expect(byLink.text).toContain(`\n${url}\n`);
    expect(byLink.text).not.toContain("code");
    const byCode = render("email-verification", { code: "AB-12 cd" });
    expect(byCode.text).toContain("Your code:\n\n    AB-12 cd\n");
    expect(byCode.html).not.toContain("Confirm address");
    expect(() => render("email-verification", {})).toThrow("/data/url: is required if there is no code");
    expect(() => render("email-verification", { code: "<b>" })).toThrow("/data/code");
  });
});

describe("the documentation", () => {
  const pageOf = (name: string) =>
    readFileSync(new URL(`../../../docs/reference/${name}.md`, import.meta.url), "utf8");

  it("names every template and every field", () => {
    for (const template of builtinTemplates) {
      const [section = ""] =
        pageOf("builtin-templates").split(`### ${template.name}\n`).slice(1)[0]?.split("\n### ") ?? [];
      for (const field of fieldsOf(z.toJSONSchema(template.schema))) {
        expect(section).toMatch(new RegExp(`\\| \`[^\`]*\\b${field}\``));
      }
    }
  });

  it("names every filter", () => {
    for (const filter of Object.keys(ownFilters).filter((name) => name !== "url" && name !== "css")) {
      expect(pageOf("template-language")).toContain(`\\| ${filter}`);
    }
  });
});

describe("delivery-failure", () => {
  const render = (data: object, locale = "en") => {
    const template = named("delivery-failure");
    return renderTemplate(template, { data: { ...template.example, ...data }, locale });
  };

  it("counts in the words of its language, which is English whatever is asked for", () => {
    expect(render({ count: 1 }).subject).toBe("1 email could not be delivered");
    expect(render({ count: 1234 }).subject).toBe("1,234 emails could not be delivered");
    expect(render({ count: 1234 }, "de").subject).toBe("1,234 emails could not be delivered");
    expect(render({ count: 1 }, "ja").html).toContain('<html lang="en"');
  });

  it("says who could not deliver, and that there is no other attempt", () => {
    const [first] = named("delivery-failure").example.failures as [object];
    const one = { failures: [first], count: undefined };
    expect(render(one).text).toContain(
      "\nThis email couldn’t be delivered and won’t be retried automatically.\n",
    );
    expect(render(one).preheader).toBe("Recipient: kim@example.com");
    expect(render({ productName: "Fjord Supply" }).text).toContain(
      "\nFjord Supply couldn’t deliver these emails and won’t retry them automatically.\n",
    );
    expect(render({}).preheader).toBe("First recipient: kim@example.com");
    expect(render({}).text).toContain("\n… and 3 more.\n");
  });
});

describe("config-alert", () => {
  const render = (data: object) => {
    const template = named("config-alert");
    return renderTemplate(template, { data: { ...template.example, ...data }, brand });
  };

  it("tells what is wrong and what to do", () => {
    const { subject, text } = render({});
    expect(subject).toBe("Company mail – The certificate expires on March 15, 2026 (Fjord Supply)");
    expect(text).toContain("A check of the SMTP config “Company mail” found a problem.\n\nThe SMTP server’s");
    expect(text).toContain(
      "  What to do: Ask the server’s administrator to renew the certificate.\n  Found: March 1",
    );
    expect(text).toContain("\nOpen the SMTP config: https://");
  });

  it("tells that a problem is resolved, and what it was", () => {
    const { subject, preheader, text } = render({ isOver: true, remedy: undefined });
    expect(subject).toBe("Resolved: Company mail – The certificate expires on March 15, 2026 (Fjord Supply)");
    expect(preheader).toBe("You don’t need to do anything.");
    expect(text).toContain(
      "“Company mail” found that this problem is resolved. You don’t need to do anything.",
    );
    expect(text).toContain("  Problem: The SMTP server’s certificate");
    expect(text).toContain("  Resolved: March 1, 2026");
    expect(text).not.toContain("Found");
  });

  it("names no config if all are meant", () => {
    const { subject, text } = render({ isOfAll: true });
    expect(subject).toBe("The certificate expires on March 15, 2026 (Fjord Supply)");
    expect(text).toContain("\nThe email log shows a problem.\n");
    expect(text).toContain("\nView failed emails: https://");
    expect(render({ isOfAll: true, isOver: true }).text).toContain(
      "The email log shows that this problem is resolved.",
    );
  });
});

describe("order-notification", () => {
  it("counts in the words of each language", () => {
    const template = named("order-notification");
    const preheader = (locale: string, quantity: number) => {
      const items = [{ name: "Mug", quantity, unitPrice: 100 }];
      const data = { ...template.example, items, totals: { total: quantity * 100 } };
      return renderTemplate(template, { data, locale }).preheader?.replaceAll(/\s/g, " ");
    };
    expect(locales.map((locale) => preheader(locale, 1))).toEqual([
      "1 item, €1.00 total",
      "1 Artikel, insgesamt 1,00 €",
      "1 article, 1,00 € au total",
      "1 artículo, 1,00 € en total",
      "商品1点、合計€1.00",
    ]);
    expect(preheader("fr", 2)).toBe("2 articles, 2,00 € au total");
    expect(preheader("de", 1234)).toBe("1.234 Artikel, insgesamt 1.234,00 €");
  });

  it("says if the tax is included in the prices", () => {
    const totals = { subtotal: 1000, discount: 100, shipping: 50, tax: 150 };
    const text = (total: number, locale = "en", given: object = totals) => {
      const template = named("order-notification");
      return renderTemplate(template, { data: { ...template.example, totals: { ...given, total } }, locale })
        .text;
    };
    expect(text(950)).toContain("\nIncluded tax: €1.50\nTotal: €9.50\n");
    expect(text(1100)).toContain("\nTax: €1.50\nTotal: €11.00\n");
    expect(text(1000, "en", { subtotal: 1000, tax: 150 })).toContain("\nIncluded tax: €1.50\n");
    // Without a subtotal nothing tells.
    expect(text(950, "en", { tax: 150 })).toContain("\nTax: €1.50\n");
    expect(text(950, "de")).toContain("\nEnthaltene Steuern: 1,50");
    expect(text(1100, "de")).toContain("\nSteuern: 1,50");
  });

  it("has an example that adds up, with a tax that France knows", () => {
    const { subtotal, discount, shipping, tax, total } = named("order-notification").example.totals as Record<
      "subtotal" | "discount" | "shipping" | "tax" | "total",
      number
    >;
    expect(subtotal - discount + shipping).toBe(total);
    expect(Math.round(total / 6)).toBe(tax);
  });
});

describe("the language of an email", () => {
  /** The texts of two words or more, by language. Single words, such as *Port*, are the same in several. */
  const catalog = new Map(
    locales.map((locale) => [
      locale,
      new Set(builtinTemplates.flatMap((template) => sentencesOf(template, locale))),
    ]),
  );

  it.each(cases)("of %s in %s is one", (_, locale, template) => {
    const rendered = variantsOf(template).flatMap((data) => {
      const { subject, preheader, html, text } = renderTemplate(template, { data, locale, brand });
      return [subject, preheader ?? "", plainText(html), text];
    });
    const said = rendered.join("\n");
    for (const [other, sentences] of catalog) {
      const foreign = [...sentences].filter((sentence) => said.includes(sentence));
      expect(other === locale ? [] : foreign).toEqual([]);
    }
    // The catalog is what emails say: without this, the test could pass for want of sentences.
    expect(
      sentencesOf(template, locale).filter((sentence) => said.includes(sentence)).length,
    ).toBeGreaterThan(5);
  });

  it("is English if explanations are in it", () => {
    const explained = builtinTemplates.filter(({ schema }) =>
      fieldsOf(z.toJSONSchema(schema)).some((field) => /^(explanation|reason|remedy)$/.test(field)),
    );
    expect(explained.map(({ name }) => name)).toEqual(englishOnly);
  });

  function sentencesOf(template: Template, locale: string): string[] {
    const source = template.sources[locale];
    if (source === undefined) return [];
    return parts
      .flatMap((part) => wordsIn(source[part] ?? ""))
      .filter((text) => /\p{L} \p{L}|[\u3040-\u30ff]{2}/u.test(text));
  }

  function variantsOf(template: Template): unknown[] {
    const full = fullData(template);
    const statuses = template.name === "order-notification" ? ["confirmed", "delivered", "cancelled"] : [];
    return [template.example, full, ...statuses.map((status) => ({ ...full, status }))];
  }

  function plainText(html: string): string {
    return html
      .replace(/<style.*?<\/style>|<[^>]*>/gs, " ")
      .replaceAll("&#39;", "'")
      .replaceAll("&quot;", '"');
  }
});
