import { describe, expect, test } from "vitest";
import type { Schema } from "../parts/json-schema.ts";
import { liquidOffers, mjmlOffers } from "./completions.ts";

const schema: Schema = {
  type: "object",
  properties: {
    name: { type: "string", description: "Whom to greet" },
    totals: { type: "object", properties: { total: { type: "integer" }, tax: { type: "integer" } } },
    items: { type: "array", items: { type: "object", properties: { title: { type: "string" } } } },
  },
};

function labels(before: string): string[] | null {
  return liquidOffers(before, schema)?.offers.map(({ label }) => label) ?? null;
}

describe("within Liquid", () => {
  test("offers the fields of the data, with what they mean, and what every template sees", () => {
    expect(liquidOffers("Hi {{ na", schema)?.from).toBe("Hi {{ ".length);
    expect(liquidOffers("Hi {{ ", schema)?.offers).toContainEqual({
      label: "name",
      kind: "field",
      detail: "Whom to greet",
    });
    expect(labels("{{ ")).toEqual(expect.arrayContaining(["items", "brand", "product", "locale"]));
  });

  test("goes on below a dot", () => {
    expect(labels("{{ totals.")).toEqual(["total", "tax"]);
    expect(liquidOffers("{{ totals.ta", schema)?.from).toBe("{{ totals.".length);
    expect(labels("{{ brand.")).toContain("linkColorDark");
    expect(labels("{{ nothing.")).toBeNull();
  });

  test("knows the item of a loop within it, and not behind it", () => {
    const loop = "{% for item in items %}";
    expect(labels(`${loop}{{ item.`)).toEqual(["title"]);
    expect(labels(`${loop}{{ `)).toEqual(expect.arrayContaining(["item", "forloop"]));
    expect(labels(`${loop}{{ forloop.`)).toContain("last");
    expect(labels(`${loop}{% endfor %}{{ item.`)).toBeNull();
    expect(labels("{% for link in brand.footerLinks %}{{ link.")).toEqual(["label", "url"]);
  });

  test("puts first what the loop or the data named", () => {
    expect(labels("{{ ")?.[0]).toBe("name");
    expect(labels("{% for name in items %}{{ ")?.[0]).toBe("name");
    expect(labels("{% for name in items %}{{ name.")).toEqual(["title"]);
  });

  test("knows what was assigned", () => {
    expect(labels('{% assign greeting = "Hi" %}{{ ')).toContain("greeting");
  });

  test("offers filters after a bar and tags first in a tag", () => {
    expect(labels("{{ name | ")).toContain("money");
    expect(labels("{{ name | default: ")).toContain("name");
    expect(labels("{% ")).toContain("unless");
    expect(labels("{%- en")).toContain("endif");
    expect(labels("{% if ")).toContain("name");
  });

  test.each(["Hi ", "{{ name }} ", '{{ "a', "{% if name %}"])("offers nothing after %s", (before) => {
    expect(labels(before)).toBeNull();
  });

  test("offers no filter that a template may not use", () => {
    expect(labels("{{ name | ")).not.toContain("raw");
    expect(labels("{% ")).not.toContain("include");
  });
});

describe("within MJML", () => {
  const offered = (before: string) => mjmlOffers(before)?.offers.map(({ label }) => label) ?? null;

  test("offers elements after <, and the attributes of the one at hand", () => {
    expect(offered("<mj-b")).toContain("mj-button");
    expect(offered("</")).toContain("mj-text");
    expect(offered('<mj-button href="https://example.com/" ')).toContain("border-radius");
    expect(mjmlOffers("<mj-image al")?.from).toBe("<mj-image ".length);
  });

  test.each(["<mj-text>Hi ", '<mj-button href="', "<p "])("offers nothing after %s", (before) => {
    expect(offered(before)).toBeNull();
  });
});
