import { describe, expect, it } from "vitest";
import { cpuMs } from "../../../test/support/cpu-time.ts";
import { isSendwrightError } from "../../core/errors.ts";
import { issuesOf } from "../../core/parse.ts";
import { type DataSchema, parseDataSchema, validatorOf } from "./data-schema.ts";
import { parseSimplePattern } from "./simple-pattern.ts";
import { LoadedTemplates } from "./templates.ts";

const object = (properties: unknown, rest: object = {}) => ({ type: "object", properties, ...rest });

function refusals(schema: unknown): string[] {
  try {
    parseDataSchema(schema);
  } catch (error) {
    if (isSendwrightError(error, "input.invalid")) return error.issues.map(({ pointer }) => pointer);
    throw error;
  }
  return [];
}

function faults(schema: DataSchema, data: unknown): string[] {
  const result = validatorOf(schema).safeParse(data);
  return result.success ? [] : issuesOf(result.error.issues, data, "/data").map(({ pointer }) => pointer);
}

describe("a schema of data", () => {
  it("checks what it says, and names each wrong field", () => {
    const schema = parseDataSchema(
      object(
        {
          name: { type: "string", minLength: 1, maxLength: 5 },
          url: { type: "string", format: "uri" },
          at: { type: "string", format: "date-time" },
          day: { type: "string", format: "date" },
          mail: { type: "string", format: "email" },
          code: { type: "string", pattern: "^[A-Z]{2}-[0-9]+$" },
          plan: { type: "string", enum: ["free", "team"] },
          kind: { type: "string", const: "x" },
          share: { type: "number", minimum: 0, exclusiveMaximum: 1 },
          count: { type: "integer", multipleOf: 2 },
          yes: { type: "boolean" },
          items: {
            type: "array",
            minItems: 1,
            maxItems: 2,
            items: object({ title: { type: "string" } }, { required: ["title"] }),
          },
        },
        { required: ["name"] },
      ),
    );
    const good = {
      name: "Jo",
      url: "https://example.com/",
      at: "2026-03-01T09:30:00Z",
      day: "2026-03-01",
      mail: "jo@example.com",
      code: "AB-12",
      plan: "free",
      kind: "x",
      share: 0.5,
      count: 4,
      yes: false,
      items: [{ title: "a" }],
    };
    expect(faults(schema, good)).toEqual([]);
    const bad = {
      name: "Joanna",
      url: "javascript:alert(1)",
      at: "yesterday",
      day: "2026-02-30",
      mail: "jo",
      code: "AB12",
      plan: "gold",
      kind: "y",
      share: 1,
      count: 3,
      yes: "no",
      items: [{}, { title: "a", extra: 1 }],
      more: 1,
    };
    const wrong = faults(schema, bad);
    for (const name of Object.keys(good))
      expect(wrong.some((pointer) => pointer.startsWith(`/data/${name}`))).toBe(true);
    expect(wrong).toEqual(
      expect.arrayContaining(["/data/items/0/title", "/data/items/1/extra", "/data/more"]),
    );
    expect(faults(schema, {})).toEqual(["/data/name"]);
  });

  it.each([
    [
      "a reference to elsewhere",
      { a: { $ref: "https://evil.example/schema.json" } },
      "/schema/properties/a/type",
    ],
    [
      "an unknown keyword",
      { a: { type: "string", contentMediaType: "x" } },
      "/schema/properties/a/contentMediaType",
    ],
    [
      "a pattern that can run long",
      { a: { type: "string", pattern: "^(a+)+$" } },
      "/schema/properties/a/pattern",
    ],
    [
      "two varying repeats",
      { a: { type: "string", pattern: "^a*a*a*a*b$" } },
      "/schema/properties/a/pattern",
    ],
    [
      "a format that nobody checks",
      { a: { type: "string", format: "hostname" } },
      "/schema/properties/a/format",
    ],
    ["a name that no template can write", { "a-b": { type: "string" } }, "/schema/properties/a-b"],
    [
      "a name that templates have for something else",
      { brand: { type: "string" } },
      "/schema/properties/brand",
    ],
    ["a list of anything", { a: { type: "array" } }, "/schema/properties/a/items"],
    [
      "any other fields",
      { a: object({}, { additionalProperties: true }) },
      "/schema/properties/a/additionalProperties",
    ],
  ])("refuses %s", (_, properties, pointer) => {
    expect(refusals(object(properties))).toContain(pointer);
  });

  it.each([
    ["no object at all", 3],
    ["another draft", object({}, { $schema: "http://json-schema.org/draft-04/schema#" })],
    ["a required field that is not declared", object({}, { required: ["a"] })],
    [
      "an inherited name",
      JSON.parse('{ "type": "object", "properties": { "__proto__": { "type": "string" } } }'),
    ],
  ])("refuses %s", (_, schema) => {
    expect(refusals(schema).length).toBeGreaterThan(0);
  });

  it("refuses what is nested too deep or has too many fields, without walking through it", () => {
    let deep: unknown = { type: "string" };
    for (let level = 0; level < 100_000; level += 1) deep = { type: "array", items: deep };
    expect(refusals(object({ a: deep }))).toEqual(["/schema"]);
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`a${n}`, { type: "string" }]));
    expect(refusals(object(many))).toEqual(["/schema"]);
  });

  it("takes those of the built-in templates, so that one's own may begin with them", () => {
    for (const { name, schema, example } of new LoadedTemplates().list()) {
      const written = JSON.parse(JSON.stringify(schema)) as {
        properties: Record<string, { pattern?: string }>;
      };
      // A code's pattern has a group in it.
      delete written.properties.code?.pattern;
      expect([name, faults(parseDataSchema(written), example)]).toEqual([name, []]);
    }
  });
});

describe("a simple pattern", () => {
  it.each([
    ["^[A-Z]{2}-[0-9]+$", "AB-1", "AB-"],
    ["^\\d{4}$", "1234", "12345"],
    ["^[^\\p{Cc}\\u2028]*$", "é x", "a\nb"],
    ["^a?$", "", "aa"],
  ])("%s matches %j and not %j", (pattern, good, bad) => {
    const matches = parseSimplePattern(pattern);
    expect([matches?.(good), matches?.(bad)]).toEqual([true, false]);
  });

  it.each([
    "a",
    "^a|b$",
    "^(a)$",
    "^a+b+$",
    "^a{1,2}b*$",
    "^a{65}$",
    "^(?=a)a$",
    "^\\1$",
    "^a**$",
    "^[z-a]$",
    `^${"a".repeat(200)}$`,
  ])("refuses %s", (pattern) => {
    expect(parseSimplePattern(pattern)).toBeNull();
  });

  it("is matched in no time, whatever the text", () => {
    const matches = parseSimplePattern(`^[a-z]*${"a{64}".repeat(30)}$`);
    const took = cpuMs(() => {
      expect(matches?.("a".repeat(4096).replace(/.$/, "!"))).toBe(false);
      expect(matches?.("a".repeat(100_000))).toBe(false);
    });
    expect(took).toBeLessThan(2000);
  });
});
