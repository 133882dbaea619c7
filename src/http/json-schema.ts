import { z } from "zod";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * What a request may say, as JSON Schema: without what only callers in the same process can hand over
 * (bytes, dates), and without patterns that say the same as a format.
 */
export function requestSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...documented } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ jsonSchema }) {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    },
  });
  return JSON.parse(JSON.stringify(documented), (key, value) =>
    key === "anyOf" && Array.isArray(value)
      ? value.filter((member) => Object.keys(member).length > 0)
      : value,
  );
}
