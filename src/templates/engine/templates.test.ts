import { describe, expect, it } from "vitest";
import { isSendwrightError } from "../../core/errors.ts";
import { LoadedTemplates } from "./templates.ts";

const templates = new LoadedTemplates();
const brand = {
  name: "Fjord Supply",
  url: "https://shop.example.com/",
  color: "#0f766e",
  address: "Kaigata 4, 5003 Bergen, Norway",
  footerLinks: [{ label: "Help", url: "mailto:help@example.com" }],
};
const names = templates.list().map((info) => info.name);

function example(name: string): Record<string, unknown> {
  return structuredClone(templates.get(name).example) as Record<string, unknown>;
}

function pointers(name: string, data: unknown): string[] {
  try {
    templates.render(name, { data });
  } catch (error) {
    if (isSendwrightError(error, "input.invalid")) return error.issues.map((issue) => issue.pointer);
    throw error;
  }
  return [];
}

describe("the registry", () => {
  it("lists what callers may know", () => {
    const known = templates
      .list()
      .map(({ name, sensitive, expiresAfterMs }) => [name, sensitive, expiresAfterMs]);
    expect(known).toEqual([
      ["password-reset", true, 3_600_000],
      ["order-notification", false, null],
      ["email-verification", true, 3_600_000],
      ["sign-in-code", true, 900_000],
      ["new-sign-in", false, null],
      ["test-email", false, null],
      ["delivery-failure", false, null],
      ["config-alert", false, null],
    ]);
    expect(templates.get("password-reset").schema).toMatchObject({
      type: "object",
      required: ["url"],
      additionalProperties: false,
      properties: { url: { type: "string", format: "uri" } },
    });
  });

  it.each(["nope", "", "constructor", "__proto__"])(
    "names the templates that exist in place of %j",
    (name) => {
      const notFound = expect.objectContaining({
        code: "template.not_found",
        message: expect.stringContaining("password-reset, order-notification"),
      });
      expect(() => templates.get(name)).toThrow(notFound);
      expect(() => templates.render(name, { data: {} })).toThrow(notFound);
    },
  );

  it("refuses a brand that would break the emails", () => {
    expect(() => new LoadedTemplates({ brand: { color: "red", logoUrl: "data:x", name: "a\nb" } })).toThrow(
      expect.objectContaining({
        issues: expect.arrayContaining([
          expect.objectContaining({ pointer: "/color" }),
          expect.objectContaining({ pointer: "/logoUrl" }),
          expect.objectContaining({ pointer: "/name" }),
        ]),
      }),
    );
  });
});

describe.each(names)("%s", (name) => {
  it("loads nothing from anywhere: whoever reads it calls on nobody", () => {
    const { html } = templates.render(name, { data: { ...example(name) } });
    expect(html).not.toMatch(/<link|@import|url\(/);
  });

  it("renders its own example, plain and branded, without a trace of Liquid, below 60 kB", () => {
    for (const options of [{}, { brand }]) {
      const { subject, html, text } = templates.render(name, { data: example(name), ...options });
      for (const part of [subject, html, text]) {
        expect(part).not.toMatch(/\{\{|\{%|%\}|\}\}|undefined|null|NaN|\[object/);
      }
      expect(html.length).toBeLessThan(60_000);
      expect(html).toMatch(/^<!doctype html><html lang="en"/);
      expect(html).toContain('<meta name="color-scheme" content="light dark"');
      expect(text).not.toMatch(/[ \t]$|\n{3}/m);
      expect(text).toMatch(/[^\n]\n$/);
    }
  });

  it("shows the brand in header and footer, and leaves no gap in its place", () => {
    const branded = templates.render(name, { data: example(name), brand });
    expect(branded.subject).toContain("Fjord Supply");
    expect(branded.html).toContain('href="https://shop.example.com/"');
    expect(branded.html).toContain('href="mailto:help@example.com"');
    expect(branded.text).toContain(
      "--\nFjord Supply\nKaigata 4, 5003 Bergen, Norway\nHelp – mailto:help@example.com\n",
    );
    expect(templates.render(name, { data: example(name) }).text).not.toContain("--\n");
  });

  it("puts the product's name of the data before the brand's", () => {
    const data = { ...example(name), productName: "Fjord Pro" };
    expect(templates.render(name, { data, brand }).subject).toContain("Fjord Pro");
  });

  it("escapes its data", () => {
    const data = { ...example(name), productName: '<img src=x onerror="1">' };
    const { html, text } = templates.render(name, { data });
    expect(html).toContain("&lt;img src=x onerror=&#34;1&#34;&gt;");
    expect(html).not.toContain("<img src=x");
    expect(text).toContain('<img src=x onerror="1">');
  });

  it("refuses a name that would break a line", () => {
    const data = { ...example(name), productName: "Fjord\r\nBcc: eve@example.com" };
    expect(pointers(name, data)).toEqual(["/data/productName"]);
  });
});

describe("password-reset", () => {
  it("is content with a name and a link", () => {
    const { subject, html, text } = templates.render("password-reset", {
      data: { name: "Jo", url: "https://app.example.com/reset?a=1&b=2" },
    });
    expect(subject).toBe("Reset your password");
    expect(html).toContain('href="https://app.example.com/reset?a=1&amp;b=2"');
    expect(text).toBe(`Reset your password

Hi Jo,

Someone requested a password reset for your account. If this was you, choose a new password:

https://app.example.com/reset?a=1&b=2

Didn’t request this?
You can ignore this email. Your password won’t change. Don’t share the link. Anyone who has it can get into your account.
`);
  });

  it("tells when and where the request was made", () => {
    const { text } = templates.render("password-reset", { data: example("password-reset") });
    expect(text).toMatch(/The link expires in 1 hour\./);
    expect(text).toMatch(
      /Request details\n {2}Time: March 1, 2026 at 9:30\sAM GMT\+1\n {2}Device: Firefox \(Linux\)\n {2}Location: Lyon, France \(approximate\)\n\nDidn’t request this\?/,
    );
  });

  it.each([
    [1, "1 minute."],
    [30, "30 minutes."],
    [60, "1 hour."],
    [90, "90 minutes."],
    [120, "2 hours."],
    [150, "2 hours, 30 minutes."],
    [1440, "24 hours."],
    [10_080, "7 days."],
  ])("says how long %i minutes are", (validMinutes, expected) => {
    const { text, html } = templates.render("password-reset", {
      data: { url: "https://a.example/", validMinutes },
    });
    expect(text).toContain(`The link expires in ${expected}`);
    expect(html).toContain(`The link expires in ${expected}`);
  });

  it("names every wrong field at once", () => {
    expect(
      pointers("password-reset", {
        name: 1,
        url: "javascript:alert(1)",
        validMinutes: 0,
        time: "soon",
        timeZone: "x",
        token: "",
      }),
    ).toEqual([
      "/data/name",
      "/data/url",
      "/data/validMinutes",
      "/data/time",
      "/data/timeZone",
      "/data/token",
    ]);
    expect(pointers("password-reset", {})).toEqual(["/data/url"]);
    expect(pointers("password-reset", undefined)).toEqual(["/data"]);
  });

  it.each([
    "/reset",
    "mailto:jo@example.com",
    "https://a.example/\n",
    "https://a.example/ b",
    "ftp://a.example/",
    "",
  ])("refuses %j as its link", (url) => {
    expect(pointers("password-reset", { url })).toEqual(["/data/url"]);
  });
});

describe("order-notification", () => {
  it("reads well as plain text", () => {
    const { subject, text } = templates.render("order-notification", { data: example("order-notification") });
    expect(subject).toBe("Your order 10042 is confirmed");
    expect(text).toBe(`Thank you for your order

Hi Jo,

Your order 10042 is confirmed. We’ll let you know when it ships.

View your order: https://shop.example.com/orders/10042

Order 10042 · March 1, 2026

- Enamel mug, forest green
  2 × €18.00 = €36.00
- Linen tea towel
  1 × €12.50 = €12.50
- Beech wood serving board, large
  1 × €49.00 = €49.00

Subtotal: €97.50
Discount: -€9.75
Shipping: €4.90
Included tax: €15.44
Total: €92.65

Shipping address
  Jo Martin
  12 rue des Lilas
  69003 Lyon
  France
`);
  });

  const smallest = {
    status: "confirmed",
    orderNumber: "7",
    currency: "JPY",
    items: [{ name: "Tea", quantity: 3, unitPrice: 1250 }],
    totals: { total: 3750 },
  };

  it("is content with items and a total", () => {
    const { text, html } = templates.render("order-notification", { data: smallest });
    expect(text).toContain("- Tea\n  3 × ¥1,250 = ¥3,750\n\nTotal: ¥3,750\n");
    expect(text).not.toMatch(/Subtotal|Discount|Shipping|Tax|View|Track/);
    expect(html).not.toMatch(/Subtotal|View your order|class="picture/);
  });

  it.each([
    ["confirmed", "is confirmed", "Thank you for your order"],
    ["shipped", "has shipped", "Your order is on its way"],
    ["delivered", "has been delivered", "Your order has arrived"],
    ["cancelled", "has been cancelled", "Your order is cancelled"],
  ])("says what %s means", (status, event, heading) => {
    const { subject, html, text } = templates.render("order-notification", { data: { ...smallest, status } });
    expect(subject).toBe(`Your order 7 ${event}`);
    expect(html).toContain(`<h1>${heading}</h1>`);
    expect(text).toContain(`${heading}\n\nYour order 7 ${event}`);
  });

  it("leads to the parcel once it is shipped", () => {
    const links = { trackingUrl: "https://track.example/7", url: "https://shop.example.com/7" };
    const shipped = templates.render("order-notification", {
      data: { ...smallest, ...links, status: "shipped" },
    });
    expect(shipped.html).toContain('href="https://track.example/7"');
    expect(shipped.text).toContain("Track your parcel: https://track.example/7");
  });

  it("shows pictures beside the items, with a blank where one has none", () => {
    const items = [{ ...smallest.items[0], imageUrl: "https://shop.example.com/tea.png" }, ...smallest.items];
    const { html } = templates.render("order-notification", { data: { ...smallest, items } });
    expect(html.match(/class="picture"/g)).toHaveLength(2);
    expect(html).toContain('<img src="https://shop.example.com/tea.png" alt=""');
  });

  it("shows a line's own total where it differs from quantity times price", () => {
    const items = [{ ...smallest.items[0], total: 0 }];
    expect(templates.render("order-notification", { data: { ...smallest, items } }).text).toContain("= ¥0\n");
  });

  it("writes amounts in the locale of its words", () => {
    const data = { ...smallest, currency: "BHD" };
    expect(templates.render("order-notification", { data, locale: "en-IN" }).text).toContain(
      "Total: BHD\u00a03.750",
    );
    expect(templates.render("order-notification", { data, locale: "de" }).text).toContain(
      "Gesamtbetrag: 3,750\u00a0BHD",
    );
    expect(templates.render("order-notification", { data, locale: "nl" }).text).toContain(
      "Total: BHD\u00a03.750",
    );
  });

  it.each([
    ["en", "Mug\n  1 × HUF\u00a012,500.00 = HUF\u00a012,500.00", "Total: HUF\u00a012,500.00"],
    ["de", "Mug\n  1 × 12.500,00\u00a0HUF = 12.500,00\u00a0HUF", "Gesamtbetrag: 12.500,00\u00a0HUF"],
  ])(
    "reads minor units of HUF by ISO 4217 in %s, however many digits a language shows",
    (locale, line, total) => {
      const data = {
        status: "confirmed",
        orderNumber: "1",
        currency: "HUF",
        items: [{ name: "Mug", quantity: 1, unitPrice: 1_250_000 }],
        totals: { total: 1_250_000 },
      };
      const { text, html } = templates.render("order-notification", { data, locale });
      expect(text).toContain(line);
      expect(text).toContain(total);
      expect(html).not.toMatch(/1[,.]250[,.]000/);
    },
  );

  it("refuses a currency that has no minor unit", () => {
    expect(pointers("order-notification", { ...smallest, currency: "XAU" })).toEqual(["/data/currency"]);
  });

  it("names every wrong field at once", () => {
    expect(
      pointers("order-notification", {
        ...smallest,
        status: "lost",
        currency: "euro",
        items: [{ name: "", quantity: 0, unitPrice: 12.5, imageUrl: "x", sku: 1 }],
        totals: { total: -1 },
        trackingUrl: "javascript:1",
      }),
    ).toEqual([
      "/data/status",
      "/data/currency",
      "/data/items/0/name",
      "/data/items/0/quantity",
      "/data/items/0/unitPrice",
      "/data/items/0/imageUrl",
      "/data/items/0/sku",
      "/data/totals/total",
      "/data/trackingUrl",
    ]);
    expect(pointers("order-notification", {})).toEqual([
      "/data/status",
      "/data/orderNumber",
      "/data/currency",
      "/data/items",
      "/data/totals",
    ]);
    expect(pointers("order-notification", { ...smallest, items: [] })).toEqual(["/data/items"]);
  });
});
