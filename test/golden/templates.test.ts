import PostalMime from "postal-mime";
import { describe, expect, it } from "vitest";
import { composeMessage } from "../../src/message/mime.ts";
import { builtinTemplates } from "../../src/templates/builtin/templates.ts";
import { renderTemplate } from "../../src/templates/engine/render.ts";

/**
 * What the built-in templates say in each language, as it arrives: rendered, composed and read by
 * another's parser. `vitest -u` writes the files anew; read them before they are kept.
 */
describe.each(builtinTemplates.map((template) => [template.name, template] as const))(
  "%s",
  (name, template) => {
    it("says what it always said", async () => {
      const emails: string[] = [];
      for (const locale of Object.keys(template.sources)) {
        const brand = { name: "Fjord Supply", address: "Kaigata 4, 5003 Bergen, Norway" };
        const rendered = renderTemplate(template, { data: template.example, locale, brand });
        const { content } = composeMessage({
          messageId: "<0195c2a1-7e57@example.com>",
          date: Date.UTC(2026, 2, 1),
          to: [{ name: null, address: "jo@example.com" }],
          cc: [],
          subject: rendered.subject,
          html: rendered.html,
          text: rendered.text,
          calendar: null,
          attachments: [],
          headers: {},
        });
        const { subject, text, html } = await PostalMime.parse(content);
        expect(html?.trim()).toBe(rendered.html.trim());
        emails.push(`[${locale}] ${subject}\n\n${text}`);
      }
      await expect(emails.join("\n").replaceAll("\r\n", "\n")).toMatchFileSnapshot(`./templates/${name}.txt`);
    });
  },
);
