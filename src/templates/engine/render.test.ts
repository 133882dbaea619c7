import { describe, expect, it } from "vitest";
import { z } from "zod";
import { compilePart } from "./compile.ts";
import { renderTemplate } from "./render.ts";
import type { Layout, Partials, Template, TemplateSource } from "./template.ts";

function template(
  source: Partial<TemplateSource>,
  translations: Record<string, TemplateSource> = {},
): Template {
  const mjml = `<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ name }}</mj-text></mj-column></mj-section></mj-body></mjml>`;
  return {
    name: "greeting",
    description: "A greeting",
    sensitive: false,
    expiresAfterMs: null,
    schema: z.strictObject({ name: z.string(), note: z.string().optional(), amount: z.int().optional() }),
    example: { name: "Jo" },
    sources: { en: { subject: "Hello {{ name }}", mjml, ...source }, ...translations },
  };
}

describe("renderTemplate", () => {
  it("makes the plain text from the HTML where the template has none", () => {
    const mjml = `<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ name }}, <a href="https://example.com/">look</a></mj-text></mj-column></mj-section></mj-body></mjml>`;
    const { text } = renderTemplate(template({ mjml }), { data: { name: "<Jo>" } });
    expect(text).toBe("Hello <Jo>, look [https://example.com/]\n");
  });

  it("escapes in the HTML and nowhere else", () => {
    const rendered = renderTemplate(template({ text: "Hello {{ name }}" }), { data: { name: "Jo & <Bo>" } });
    expect(rendered.subject).toBe("Hello Jo & <Bo>");
    expect(rendered.text).toBe("Hello Jo & <Bo>\n");
    expect(rendered.html).toContain("Hello Jo &amp; &lt;Bo&gt;");
  });

  it("refuses a line break in the subject", () => {
    expect(() => renderTemplate(template({}), { data: { name: "Jo\r\nBcc: eve@example.com" } })).toThrow(
      expect.objectContaining({ code: "input.invalid" }),
    );
  });

  it("names every wrong field of the data at once", () => {
    expect(() => renderTemplate(template({}), { data: { nam: "Jo", amount: 1.5 } })).toThrow(
      expect.objectContaining({
        code: "input.invalid",
        issues: [
          expect.objectContaining({ pointer: "/data/name" }),
          expect.objectContaining({ pointer: "/data/amount" }),
          { pointer: "/data/nam", detail: "unknown field" },
        ],
      }),
    );
  });

  it("takes a declared field that was left out as empty, and refuses one that nobody declared", () => {
    expect(renderTemplate(template({ subject: "[{{ note }}]" }), { data: { name: "Jo" } }).subject).toBe(
      "[]",
    );
    expect(() => renderTemplate(template({ subject: "{{ nota }}" }), { data: { name: "Jo" } })).toThrow(
      "/data/nota: is required by the template",
    );
  });

  it("filters links of the HTML without being told to", () => {
    const mjml = `<mjml><mj-body><mj-section><mj-column><mj-button href="{{ name }}">Go</mj-button></mj-column></mj-section></mj-body></mjml>`;
    expect(() => renderTemplate(template({ mjml }), { data: { name: "javascript:alert(1)" } })).toThrow(
      /a link must be an absolute https:, http: or mailto: URL/,
    );
  });

  it("names the line of the MJML source for a mistake in its Liquid", () => {
    const mjml = "<mjml><mj-body>\n<mj-raw>{% if name %}</mj-raw></mj-body></mjml>";
    expect(() => renderTemplate(template({ mjml }), { data: { name: "Jo" } })).toThrow(
      "The mjml of the template failed at line 2, column 9",
    );
  });
});

describe("the layout", () => {
  const content = "<mj-text>Hello {{ name }}</mj-text>";
  const layout: Layout = {
    mjml: `<mjml><mj-head><mj-title>{{ subject }}</mj-title><mj-preview>{{ preheader }}</mj-preview></mj-head>
<mj-body><mj-section><mj-column>{{ content }}<mj-text>by {{ product }}</mj-text></mj-column></mj-section></mj-body></mjml>`,
    text: "{{ content }}\n-- {{ product }}",
  };
  const options = { data: { name: "<Jo>" }, brand: { name: "Fjord" } };

  it("stands around the content, and sees the subject, the preheader and the product", () => {
    const source = { mjml: content, preheader: "News for {{ name }}", text: "Hello {{ name }}" };
    const { html, text } = renderTemplate(template(source), { ...options, layout });
    expect(html).toContain("<title>Hello &lt;Jo&gt;</title>");
    expect(html).toContain("News for &lt;Jo&gt;");
    expect(html).toContain("Hello &lt;Jo&gt;</div>");
    expect(html).toContain("by Fjord");
    expect(text).toBe("Hello <Jo>\n-- Fjord\n");
  });

  it("is the built-in one unless given, and leaves a whole document alone", () => {
    expect(renderTemplate(template({ mjml: content }), options).html).toContain("color-scheme");
    const whole = renderTemplate(template({ text: "Hello" }), { ...options, layout });
    expect(whole.html).not.toContain("by Fjord");
    expect(whole.text).toBe("Hello\n");
  });

  it("has no part in the lines that a mistake is named with", () => {
    const rendered = (mjml: string) => () => renderTemplate(template({ mjml }), { ...options, layout });
    expect(rendered("<mj-text>\n{{ name | nope }}</mj-text>")).toThrow(
      /The mjml of the template failed at line 2, column 1:/,
    );
    expect(rendered("<mj-text>\n <b>x</mj-text>")).toThrow(/MJML/);
    expect(rendered("<mj-text>\n5 < 6</mj-text>")).toThrow(/line 2, column 3/);
    expect(rendered("<mj-text>a</mj-text>\n <mj-button href='x'>b</mj-button>")).toThrow(
      "The mjml of the template is unsafe at line 2, column 19",
    );
    expect(rendered("<mj-text color=red>a</mj-text>")).toThrow(/line 1, column \d\b/);
  });

  it("is compiled with each source once", () => {
    let compiled = 0;
    const source = {
      subject: "s",
      text: "t",
      get mjml() {
        compiled += 1;
        return content;
      },
    };
    const greeting = { ...template({}), sources: { en: source } };
    for (let count = 0; count < 3; count++) renderTemplate(greeting, { ...options, layout });
    expect(compiled).toBe(1);
    renderTemplate(greeting, options);
    expect(compiled).toBe(2);
  });

  it("may be written on several lines where one is sent", () => {
    const subject = "{% if name %}\n  Hello\n{% else %}\n  Bye\n{% endif %}\n{{ name }}";
    expect(renderTemplate(template({ subject }), { data: { name: "Jo" } }).subject).toBe("Hello Jo");
  });

  it("goes by the brand's name for the product, unless the data has one", () => {
    const schema = z.strictObject({ name: z.string(), productName: z.string().optional() });
    const greeting = { ...template({ subject: "{{ product }}" }), schema };
    expect(renderTemplate(greeting, options).subject).toBe("Fjord");
    const data = { name: "Jo", productName: "Fjord Pro" };
    expect(renderTemplate(greeting, { ...options, data }).subject).toBe("Fjord Pro");
  });
});

describe("partials", () => {
  const partials: Partials = {
    signature: { mjml: "<mj-text>Yours, {{ name }}</mj-text>", text: "Yours, {{ name }}" },
    name: { mjml: "<b>{{ name }}</b>" },
    both: { mjml: '{% render "signature" %}<mj-divider />' },
  };

  it("stand in MJML, in text, and in each other", () => {
    const source = {
      mjml: "{% render \"both\" %}<mj-text>{%- render 'name' -%} !</mj-text>",
      text: 'Hi\n\n{% render "signature" %}',
    };
    const { html, text } = renderTemplate(template(source), { data: { name: "<Jo>" }, partials });
    expect(html).toContain("Yours, &lt;Jo&gt;");
    expect(html).toContain("<b>&lt;Jo&gt;</b>!");
    expect(text).toContain("Hi\n\nYours, <Jo>\n");
  });

  it("are read by themselves, and must be whole", () => {
    const checkPartial = ({ mjml, text = "" }: Partials[string]) =>
      compilePart(false, { mjml, text }).map(({ compile }) => compile());
    expect(() => checkPartial({ mjml: "<mj-text>a</mj-text>", text: "{{ name }}" })).not.toThrow();
    expect(() => checkPartial({ mjml: "a\n<script>" })).toThrow(
      "The partial of the template is unsafe at line 2, column 1",
    );
    expect(() => checkPartial({ mjml: "<mj-text>" })).toThrow(/never closed/);
    expect(() => checkPartial({ mjml: "<!-- " })).toThrow(/ends inside/);
    expect(() => checkPartial({ mjml: "", text: "{% if a %}" })).toThrow(/The text of the template/);
  });
});

describe("the locale", () => {
  const source = (greeting: string): TemplateSource => ({
    subject: `${greeting} {{ amount | money: "EUR" }}`,
    mjml: "<mjml><mj-body></mj-body></mjml>",
    text: greeting,
  });
  const greetings = template(source("Hello"), { de: source("Hallo"), "fr-CA": source("Allô") });
  const subject = (locale?: string) =>
    renderTemplate(greetings, { data: { name: "Jo", amount: 123_400 }, ...(locale && { locale }) }).subject;

  it.each([
    [undefined, "Hello €1,234.00"],
    ["en-IE", "Hello €1,234.00"],
    ["de", "Hallo 1.234,00\u00a0€"],
    ["de-Latn-DE", "Hallo 1.234,00\u00a0€"],
    ["DE-at", "Hallo €\u00a01.234,00"],
    ["fr-ca", "Allô 1\u00a0234,00\u00a0€"],
    ["fr", "Hello €1,234.00"],
    ["ja", "Hello €1,234.00"],
  ])("%s falls back to the nearest words, and its numbers go with the words", (locale, expected) => {
    expect(subject(locale)).toBe(expected);
  });

  it.each(["", "x", "en_US", "constructor", "../en", "de-", "a".repeat(100)])("refuses %j", (locale) => {
    expect(() => renderTemplate(greetings, { data: { name: "Jo" }, locale })).toThrow(
      expect.objectContaining({
        code: "input.invalid",
        issues: [expect.objectContaining({ pointer: "/locale" })],
      }),
    );
  });
});
