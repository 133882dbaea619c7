import { describe, expect, it } from "vitest";
import { z } from "zod";
import { renderTemplate } from "./render.ts";
import type { Template, TemplateSource } from "./template.ts";

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
      "/data/nota: missing; the template needs it",
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
