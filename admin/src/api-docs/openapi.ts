import { type FieldDoc, fieldOf, fieldsOf, type Schema, type Schemas } from "../parts/json-schema.ts";
import { shellQuoted } from "../parts/shell-quoted.ts";

/** The parts of an OpenAPI 3.1 document that the page shows. */

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
  readonly components?: { readonly schemas?: Schemas };
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
      .map(([method, operation]) => routeOf(document.components?.schemas ?? {}, path, method, operation)),
  );
}

function routeOf(schemas: Schemas, path: string, method: string, operation: Operation): RouteDoc {
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
        schemas,
        name,
        { ...schema, ...(description === undefined ? {} : { description }) },
        required === true,
      ),
    ),
    body:
      json === undefined
        ? null
        : { fields: fieldsOf(schemas, json.schema ?? {}), isRequired: requestBody?.required === true },
    example: json?.example ?? json?.schema?.example,
    answers: Object.entries(operation.responses ?? {})
      .filter(([status]) => status !== "default")
      .map(([status, { description, content }]) => ({
        status,
        description: description ?? null,
        fields: fieldsOf(schemas, content?.["application/json"]?.schema ?? {}),
      })),
  };
}

/** A request for a terminal. `server` is the address under which the paths are, without a slash at its end. */
export function curlOf({ method, path, needsKey, example }: RouteDoc, server: string): string {
  const lines = [`curl ${method === "GET" ? "" : `-X ${method} `}${server}${path}`];
  if (needsKey) lines.push('-H "Authorization: Bearer YOUR_API_KEY"');
  if (example !== undefined) {
    lines.push('-H "Content-Type: application/json"');
    lines.push(`-d ${shellQuoted(JSON.stringify(example))}`);
  }
  return lines.join(" \\\n  ");
}
