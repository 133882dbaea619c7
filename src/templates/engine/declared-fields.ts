import { z } from "zod";
import { boundedCache } from "./bounded-cache.ts";

type Fill = (value: unknown) => unknown;

/**
 * Gives data a null for every field that the schema declares and the caller left out. A template may
 * then ask for any declared field, and the engine still refuses names that nobody declared.
 */
export function withDeclaredFields(
  schema: z.ZodObject,
  data: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return fillOf(schema)(data) as Readonly<Record<string, unknown>>;
}

const fillOf = boundedCache(
  500,
  (schema: z.ZodObject): Fill => fillerOf(z.toJSONSchema(schema, { io: "input" })),
);

function fillerOf(schema: z.core.JSONSchema._JSONSchema): Fill {
  if (typeof schema === "boolean") return keep;
  if (schema.properties !== undefined) {
    const fields = Object.entries(schema.properties).map(([key, field]) => [key, fillerOf(field)] as const);
    return (value) => {
      if (typeof value !== "object" || value === null) return value;
      const filled: Record<string, unknown> = { ...value };
      for (const [key, fill] of fields) filled[key] = fill(filled[key] ?? null);
      return filled;
    };
  }
  if (schema.items !== undefined && !Array.isArray(schema.items)) {
    const fill = fillerOf(schema.items);
    return fill === keep ? keep : (value) => (Array.isArray(value) ? value.map(fill) : value);
  }
  return keep;
}

function keep(value: unknown): unknown {
  return value;
}
