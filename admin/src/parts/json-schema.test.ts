import { expect, test } from "vitest";
import { fieldsOf, type Schemas, typeWords } from "./json-schema.ts";

const schemas: Schemas = {
  Thing: {
    type: "object",
    properties: {
      name: { type: "string", description: "Its name" },
      size: { type: "integer", minimum: 1, maximum: 9, default: 3 },
    },
    required: ["name"],
  },
};

test("tells fields with default and need", () => {
  expect(fieldsOf(schemas, { $ref: "#/components/schemas/Thing" })).toEqual([
    { name: "name", type: "string", isRequired: true, description: "Its name", fallback: null },
    { name: "size", type: "1…9", isRequired: false, description: null, fallback: "3" },
  ]);
});

test.each([
  [{ type: ["string", "null"] }, "string | null"],
  [{ enum: ["a", "b"] }, '"a" | "b"'],
  [{ type: "array", items: { $ref: "#/components/schemas/Thing" } }, "Thing[]"],
  [{ type: "array", items: { anyOf: [{ type: "string" }, { type: "null" }] } }, "(string | null)[]"],
  [
    { anyOf: [{ type: "string" }, { type: "object", properties: { name: {}, address: {} } }] },
    "string | { name, address }",
  ],
  [{ type: "string", format: "date-time" }, "date-time"],
  [{}, "any"],
])("writes %j as a type", (schema, words) => {
  expect(typeWords(schemas, schema)).toBe(words);
});
