/** The parts of an OpenAPI 3.1 document that the page shows. */

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

interface Content {
  readonly schema?: Schema;
  readonly example?: unknown;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, Content>> };
  readonly responses?: Readonly<
    Record<string, { readonly description?: string; readonly content?: Readonly<Record<string, Content>> }>
  >;
}

export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** One line of a table of fields. */
export interface FieldDoc {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string | null;
  /** As JSON; null where there is none. */
  readonly fallback: string | null;
}

export interface AnswerDoc {
  readonly status: string;
  readonly description: string | null;
  readonly fields: readonly FieldDoc[];
}

export interface RouteDoc {
  /** Such as `get /api/emails`. */
  readonly id: string;
  /** The first word of the path below `/api`. */
  readonly group: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string | null;
  readonly description: string | null;
  readonly needsKey: boolean;
  readonly parameters: readonly FieldDoc[];
  readonly body: { readonly fields: readonly FieldDoc[]; readonly isRequired: boolean } | null;
  readonly example: unknown;
  readonly answers: readonly AnswerDoc[];
}

const methods = ["get", "post", "put", "delete"];

/** Every route of the document, in its order. */
export function routesOf(document: OpenApiDocument): RouteDoc[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]) => routeOf(document, path, method, operation)),
  );
}

function routeOf(document: OpenApiDocument, path: string, method: string, operation: Operation): RouteDoc {
  const { requestBody } = operation;
  const json = requestBody?.content["application/json"];
  return {
    id: `${method} ${path}`,
    group: /^\/api\/([^/]+)/.exec(path)?.[1] ?? "",
    method: method.toUpperCase(),
    path,
    summary: operation.summary ?? null,
    description: operation.description ?? null,
    needsKey: (operation.security ?? []).length > 0,
    parameters: (operation.parameters ?? []).map(({ name, required, description, schema = {} }) =>
      fieldOf(
        document,
        name,
        { ...schema, ...(description === undefined ? {} : { description }) },
        required === true,
      ),
    ),
    body:
      json === undefined
        ? null
        : { fields: fieldsOf(document, json.schema ?? {}), isRequired: requestBody?.required === true },
    example: json?.example ?? json?.schema?.example,
    answers: Object.entries(operation.responses ?? {})
      .filter(([status]) => status !== "default")
      .map(([status, { description, content }]) => ({
        status,
        description: description ?? null,
        fields: fieldsOf(document, content?.["application/json"]?.schema ?? {}),
      })),
  };
}

/** The fields of an object; of an alternative of objects, those of the first. */
export function fieldsOf(document: OpenApiDocument, schema: Schema): FieldDoc[] {
  const { properties, required = [], anyOf, oneOf } = resolve(document, schema);
  const [first] = anyOf ?? oneOf ?? [];
  if (properties === undefined) return first === undefined ? [] : fieldsOf(document, first);
  return Object.entries(properties).map(([name, property]) =>
    fieldOf(document, name, property, required.includes(name)),
  );
}

function fieldOf(document: OpenApiDocument, name: string, schema: Schema, isRequired: boolean): FieldDoc {
  return {
    name,
    type: typeWords(document, schema),
    isRequired,
    description: schema.description ?? resolve(document, schema).description ?? null,
    fallback: schema.default === undefined || schema.default === null ? null : JSON.stringify(schema.default),
  };
}

/** A schema as a type in one line, such as `string | null`, `"a" | "b"` or `Recipient[]`. */
export function typeWords(document: OpenApiDocument, schema: Schema): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) {
    return [...new Set(alternatives.map((each) => typeWords(document, each)))].join(" | ");
  }
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any"]);
  return types.map((type) => oneType(document, schema, type)).join(" | ");
}

function oneType(document: OpenApiDocument, schema: Schema, type: string): string {
  if (type === "array") {
    const item = typeWords(document, schema.items ?? {});
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

function resolve(document: OpenApiDocument, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  return document.components?.schemas?.[nameOf(schema.$ref)] ?? {};
}

function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}

/** A request for a terminal. `server` is the address under which the paths are, without a slash at its end. */
export function curlOf({ method, path, needsKey, example }: RouteDoc, server: string): string {
  const lines = [`curl ${method === "GET" ? "" : `-X ${method} `}${server}${path}`];
  if (needsKey) lines.push('-H "Authorization: Bearer YOUR_API_KEY"');
  if (example !== undefined) {
    lines.push('-H "Content-Type: application/json"');
    // In a shell's single quotes a quote ends the text; it is closed, escaped and opened again.
    lines.push(`-d '${JSON.stringify(example).replaceAll("'", String.raw`'\''`)}'`);
  }
  return lines.join(" \\\n  ");
}
