/** The part of JSON Schema that the pages put into words. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

/** Schemas that a `$ref` may name, by the last word of it. */
export type Schemas = Readonly<Record<string, Schema>>;

/** One line of a table of fields. */
export interface FieldDoc {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string | null;
  /** As JSON; null where there is none. */
  readonly fallback: string | null;
}

/** The fields of an object; of an alternative of objects, those of the first. */
export function fieldsOf(schemas: Schemas, schema: Schema): FieldDoc[] {
  const { properties, required = [], anyOf, oneOf } = resolve(schemas, schema);
  const [first] = anyOf ?? oneOf ?? [];
  if (properties === undefined) return first === undefined ? [] : fieldsOf(schemas, first);
  return Object.entries(properties).map(([name, property]) =>
    fieldOf(schemas, name, property, required.includes(name)),
  );
}

export function fieldOf(schemas: Schemas, name: string, schema: Schema, isRequired: boolean): FieldDoc {
  return {
    name,
    type: typeWords(schemas, schema),
    isRequired,
    description: schema.description ?? resolve(schemas, schema).description ?? null,
    fallback: schema.default === undefined || schema.default === null ? null : JSON.stringify(schema.default),
  };
}

/** A schema as a type in one line, such as `string | null`, `"a" | "b"` or `Recipient[]`. */
export function typeWords(schemas: Schemas, schema: Schema): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) {
    return [...new Set(alternatives.map((each) => typeWords(schemas, each)))].join(" | ");
  }
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any"]);
  return types.map((type) => oneType(schemas, schema, type)).join(" | ");
}

function oneType(schemas: Schemas, schema: Schema, type: string): string {
  if (type === "array") {
    const item = typeWords(schemas, schema.items ?? {});
    return item.includes(" ") ? `(${item})[]` : `${item}[]`;
  }
  if (type === "object" && schema.properties !== undefined)
    return `{ ${Object.keys(schema.properties).join(", ")} }`;
  if (type === "string" && schema.format !== undefined) return schema.format;
  if (type === "integer" && schema.minimum !== undefined && (schema.maximum ?? 1e15) < 1e15) {
    return `${schema.minimum}…${schema.maximum}`;
  }
  return type;
}

function resolve(schemas: Schemas, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  return schemas[nameOf(schema.$ref)] ?? {};
}

function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}
