import { z } from "zod";
import type { Issue } from "../../core/errors.ts";
import { invalidInput, issuesOf } from "../../core/parse.ts";
import { boundedCache } from "./bounded-cache.ts";
import { link, moment } from "./fields.ts";
import { parseSimplePattern } from "./simple-pattern.ts";
import { globalNames } from "./template.ts";

const draft = "https://json-schema.org/draft/2020-12/schema";
const maxDepth = 8;
const maxSchemas = 500;
const reserved: ReadonlySet<string> = new Set(globalNames);

const count = (max: number) => z.int().min(0).max(max).optional();
const bound = z.number().optional();
const said = { title: z.string().max(200).optional(), description: z.string().max(1000).optional() };
const formats = ["uri", "date-time", "date", "email"] as const;

const stringSchema = z.strictObject({
  type: z.literal("string"),
  ...said,
  enum: z.array(z.string().max(200)).min(1).max(200).optional(),
  const: z.string().max(200).optional(),
  minLength: count(200_000),
  maxLength: count(200_000),
  pattern: z
    .string()
    .refine((pattern) => parseSimplePattern(pattern) !== null, {
      error:
        "must be a simple pattern: characters and sets between ^ and $, one of them repeated at most, such as ^[A-Z]{2}-[0-9]+$",
    })
    .optional(),
  format: z.enum(formats).optional(),
});

const numberSchema = z.strictObject({
  type: z.enum(["number", "integer"]),
  ...said,
  enum: z.array(z.number()).min(1).max(200).optional(),
  const: z.number().optional(),
  minimum: bound,
  maximum: bound,
  exclusiveMinimum: bound,
  exclusiveMaximum: bound,
  multipleOf: z.number().positive().optional(),
});

const booleanSchema = z.strictObject({
  type: z.literal("boolean"),
  ...said,
  const: z.boolean().optional(),
});

const arraySchema = z.strictObject({
  type: z.literal("array"),
  ...said,
  get items() {
    return fieldSchema;
  },
  minItems: count(20_000),
  maxItems: count(20_000),
});

const objectParts = {
  type: z.literal("object"),
  ...said,
  get properties() {
    return z.record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, {
        error: "must be a name of letters, digits and _",
      }),
      fieldSchema,
    );
  },
  required: z.array(z.string()).optional(),
  additionalProperties: z
    .literal(false, { error: "must be false, because Sendwright rejects unknown data" })
    .default(false),
};
const objectSchema = z.strictObject(objectParts).superRefine(requireKnown);

type FieldSchema =
  | z.output<typeof stringSchema>
  | z.output<typeof numberSchema>
  | z.output<typeof booleanSchema>
  | {
      readonly type: "array";
      readonly title?: string | undefined;
      readonly description?: string | undefined;
      readonly items: FieldSchema;
      readonly minItems?: number | undefined;
      readonly maxItems?: number | undefined;
    }
  | {
      readonly type: "object";
      readonly title?: string | undefined;
      readonly description?: string | undefined;
      readonly properties: Record<string, FieldSchema>;
      readonly required?: string[] | undefined;
      readonly additionalProperties: false;
    };
const fieldSchema: z.ZodType<FieldSchema> = z.lazy(() =>
  z.discriminatedUnion("type", [stringSchema, numberSchema, booleanSchema, arraySchema, objectSchema], {
    error: "must have a type: string, number, integer, boolean, array or object",
  }),
);

const rootSchema = z
  .strictObject({
    $schema: z.literal(draft, { error: `must be ${draft}, or left out` }).optional(),
    ...objectParts,
  })
  .superRefine((schema, context) => {
    requireKnown(schema, context);
    for (const name of Object.keys(schema.properties)) {
      if (!reserved.has(name)) continue;
      const message = "is a reserved name in templates";
      context.addIssue({ code: "custom", path: ["properties", name], message });
    }
  });

/**
 * The data that a template needs, as a JSON Schema: a part of draft 2020-12 that holds what an email is
 * made of and nothing that could be made to run long.
 */
export type DataSchema = z.output<typeof rootSchema>;

/**
 * Reads a schema. Whatever is not understood is refused, so that nothing is promised that is not checked.
 * @throws SendwrightError `input.invalid`, pointers starting with `pointer`.
 */
export function parseDataSchema(input: unknown, pointer = "/schema"): DataSchema {
  const tooMuch = sizeIssue(input, pointer);
  if (tooMuch !== null) throw invalidInput([tooMuch]);
  const result = rootSchema.safeParse(input);
  if (result.success) return result.data;
  throw invalidInput(issuesOf(result.error.issues, input, pointer));
}

/** The same as a check of data. */
export const validatorOf = boundedCache(500, (schema: DataSchema): z.ZodObject => objectOf(schema));

interface ObjectParts {
  readonly properties: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[] | undefined;
}

function requireKnown({ properties, required = [] }: ObjectParts, context: z.core.$RefinementCtx): void {
  for (const [index, name] of required.entries()) {
    if (Object.hasOwn(properties, name)) continue;
    const message = "must be one of the properties";
    context.addIssue({ code: "custom", path: ["required", index], message });
  }
}

/** Before anything walks through it by recursion. */
function sizeIssue(input: unknown, pointer: string): Issue | null {
  let level: unknown[] = [input];
  let values = 0;
  // A schema and its `properties` are two levels.
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth * 2) return { pointer, detail: `is nested deeper than ${maxDepth} levels` };
    values += level.length;
    if (values > maxSchemas * 20) return { pointer, detail: `has more than ${maxSchemas} fields` };
    const holders = level.filter((value) => typeof value === "object" && value !== null);
    // Parsing would drop it without a word.
    if (holders.some((value) => Object.hasOwn(value, "__proto__"))) {
      return { pointer, detail: "must not contain the name __proto__" };
    }
    level = holders.flatMap((value) => Object.values(value));
  }
  return null;
}

function objectOf({ properties, required = [] }: ObjectParts): z.ZodObject {
  const needed = new Set(required);
  return z.strictObject(
    Object.fromEntries(
      Object.entries(properties).map(([name, field]) => {
        const checked = described(fieldOf(field), field.description);
        return [name, needed.has(name) ? checked : checked.optional()];
      }),
    ),
  );
}

function fieldOf(schema: FieldSchema): z.ZodType {
  switch (schema.type) {
    case "string":
      return stringOf(schema);
    case "number":
    case "integer":
      return numberOf(schema);
    case "boolean":
      return schema.const === undefined ? z.boolean() : z.literal(schema.const);
    case "array":
      return z
        .array(fieldOf(schema.items))
        .min(schema.minItems ?? 0)
        .max(schema.maxItems ?? 20_000);
    case "object":
      return objectOf(schema);
  }
}

function stringOf(schema: z.output<typeof stringSchema>): z.ZodType {
  const { minLength = 0, maxLength = 200_000, pattern } = schema;
  const matches = pattern === undefined ? null : parseSimplePattern(pattern);
  const checks = [
    z.minLength(minLength),
    z.maxLength(maxLength),
    ...(matches === null
      ? []
      : [z.refine((text) => matches(String(text)), { error: `must match ${pattern}` })]),
    ...oneOf(schema.enum, schema.const),
  ];
  return formatOf(schema.format).check(...checks);
}

function formatOf(format: (typeof formats)[number] | undefined): z.ZodType<string> {
  switch (format) {
    case "uri":
      return link();
    case "date-time":
      return moment();
    case "date":
      return z.iso.date({ error: "must be a date such as 2026-03-01" });
    case "email":
      return z.email({ error: "must be an email address" });
    case undefined:
      return z.string();
  }
}

function numberOf(schema: z.output<typeof numberSchema>): z.ZodType {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const checks = [
    ...(minimum === undefined ? [] : [z.gte(minimum)]),
    ...(maximum === undefined ? [] : [z.lte(maximum)]),
    ...(exclusiveMinimum === undefined ? [] : [z.gt(exclusiveMinimum)]),
    ...(exclusiveMaximum === undefined ? [] : [z.lt(exclusiveMaximum)]),
    ...(multipleOf === undefined ? [] : [z.multipleOf(multipleOf)]),
    ...oneOf(schema.enum, schema.const),
  ];
  return (schema.type === "integer" ? z.int() : z.number()).check(...checks);
}

function oneOf<Value extends string | number>(values: readonly Value[] | undefined, only: Value | undefined) {
  const allowed = only === undefined ? values : [only];
  if (allowed === undefined) return [];
  const error = `must be one of ${allowed.join(", ")}`;
  return [z.refine((value) => allowed.some((one) => one === value), { error })];
}

function described(schema: z.ZodType, description: string | undefined): z.ZodType {
  return description === undefined ? schema : schema.describe(description);
}
