import { describe, expect, it } from "vitest";
import { compileMjml } from "./mjml.ts";

function column(content: string): string {
  return `<mjml><mj-body><mj-section><mj-column>${content}</mj-column></mj-section></mj-body></mjml>`;
}

describe("compileMjml", () => {
  it("keeps Liquid in text, in attributes and in mj-raw", () => {
    const html = compileMjml(
      column(
        `<mj-raw>{% if a < 1 and b == "x" %}</mj-raw><mj-text>{{ name | default: 'y' }}</mj-text><mj-raw>{% endif %}</mj-raw><mj-button href="{{ url }}">Go</mj-button>`,
      ),
    );
    expect(html).toContain('{% if a < 1 and b == "x" %}');
    expect(html).toContain("{{ name | default: 'y' }}");
    expect(html).toContain('href="{{ url }}"');
  });

  it("keeps Liquid of a title whole, also where the title is repeated as an attribute", () => {
    const html = compileMjml(
      `<mjml><mj-head><mj-title>{% if a == "é" %}liquid0_{% endif %}</mj-title></mj-head><mj-body></mj-body></mjml>`,
    );
    expect(html.split('{% if a == "é" %}liquid0_{% endif %}')).toHaveLength(3);
  });

  it("names the line and column of the source, as it stood before compiling", () => {
    expect(() =>
      compileMjml(`<mjml>\n<mj-body>\n{{ "é"\n }}<mj-text a=b></mj-text></mj-body></mjml>`),
    ).toThrow(/line 4, column \d+/);
    expect(() => compileMjml(`<mjml>\n\n  <mj-text></mj-body></mjml>`)).toThrow(
      expect.objectContaining({
        code: "template.invalid",
        message: expect.stringMatching(/line 3, column 3/),
      }),
    );
  });

  it("refuses includes", () => {
    expect(() => compileMjml(`<mjml><mj-body><mj-include path="/etc/passwd" /></mj-body></mjml>`)).toThrow(
      /includes are not supported/,
    );
  });

  it.each(["", "hello", "\u0000", "<mjml>", "<mjml><mj-body>", "<!DOCTYPE x [<!ENTITY a 'b'>]><mjml/>"])(
    "refuses %j",
    (source) => {
      expect(() => compileMjml(source)).toThrow(expect.objectContaining({ code: "template.invalid" }));
    },
  );

  it("compiles on after elements nested too deep for the compiler", () => {
    const deep = column(`<mj-text>${"<div>".repeat(5000)}${"</div>".repeat(5000)}</mj-text>`);
    expect(() => compileMjml(deep)).toThrow(/Nest its elements less deeply/);
    expect(compileMjml(column("<mj-text>fine</mj-text>"))).toContain("fine");
  });
});
