import { createLog } from "../../src/core/log.ts";
import { createHandler } from "../../src/http/handler.ts";
import { generateKey } from "../../src/secret/fernet.ts";
import { openServices } from "../../src/services.ts";
import { code, type Page, page, sentence, table } from "./markdown.ts";

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

interface Operation {
  readonly summary?: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

let document: Promise<Readonly<Record<string, Readonly<Record<string, Operation>>>>> | null = null;

/** The paths of the OpenAPI document, from a service on a database in memory. */
function readPaths() {
  document ??= (async () => {
    const services = await openServices({
      database: ":memory:",
      secret: generateKey(),
      log: createLog("silent"),
    });
    try {
      const handle = createHandler(services, { authorize: () => ({ id: 1, name: "docs" }) });
      const reply = await handle(new Request("http://localhost/api/openapi.json"));
      return ((await reply.json()) as { paths: Awaited<NonNullable<typeof document>> }).paths;
    } finally {
      await services.close();
    }
  })();
  return document;
}

export async function routePage(): Promise<Page> {
  const paths = await readPaths();
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { summary }]) => [
      code(`${method.toUpperCase()} ${path}`),
      sentence(summary),
    ]),
  );
  return page("reference/routes.md", "the OpenAPI document", "API routes", [
    "A running service describes every route with all fields: for people at `/api/docs`, for programs as OpenAPI 3.1 at `/api/openapi.json`. [The API](api.md) explains keys, limits and errors.",
    table(["Route", "What it does"], rows),
  ]);
}

export async function emailFieldPage(): Promise<Page> {
  const { "/api/emails": emails } = await readPaths();
  const schema = emails?.post?.requestBody?.content["application/json"]?.schema;
  if (schema?.properties === undefined) throw new Error("POST /api/emails has no body");
  return page("reference/email-fields.md", "src/emails/request.ts", "Fields of an email", [
    "`POST /api/emails` and `send()` of the library take these fields. [Send an email](../start/send-an-email.md) explains them by example.",
    'An address is `jo@example.com`, `Jo <jo@example.com>` or `{ "name": "Jo", "address": "jo@example.com" }`.',
    table(["Field", "Type", "Limits and default", "Meaning"], fieldRows(schema)),
  ]);
}

function fieldRows({ properties = {}, required = [] }: Schema, prefix = ""): string[][] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const inner = field.type === "array" ? (field.items ?? {}) : field;
    const path = `${prefix}${name}${field.type === "array" ? "[]" : ""}`;
    return [
      [
        code(`${prefix}${name}`),
        typeOf(field),
        limitsOf(field, required.includes(name)),
        meaningOf(name, field),
      ],
      ...(inner.properties === undefined ? [] : fieldRows(inner, `${path}.`)),
    ];
  });
}

function typeOf(field: Schema): string {
  const { type, enum: values, items } = field;
  if (values !== undefined) return values.map(code).join(", ");
  if (type === "array") return `array of ${items?.type ?? "values"}s`;
  if (type !== undefined) return type;
  const whole = JSON.stringify(field);
  if (whole.includes('"date-time"')) return "RFC 3339 time";
  if (!whole.includes('"address"')) return "string";
  return whole.includes('"array"') ? "address or array of addresses" : "address";
}

function limitsOf({ maxLength, maxItems, default: fallback }: Schema, isRequired: boolean): string {
  const parts = [
    ...(isRequired ? ["required"] : []),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...(maxItems === undefined ? [] : [`at most ${maxItems}`]),
    ...(fallback === undefined || typeof fallback === "object" ? [] : [`default ${code(String(fallback))}`]),
  ];
  return parts.join("; ");
}

/** For fields that the OpenAPI document leaves without a description. */
const plain: Readonly<Record<string, string>> = {
  cc: "Recipients of a copy, visible to all",
  bcc: "Recipients of a copy, visible to nobody else",
  subject: "Subject; required without a template",
  html: "Content as HTML",
  text: "Content as plain text; `html` or `text` is required without a template",
  attachments: "Files",
  filename: "Name that the recipient sees",
  contentType: "Media type of the file",
  content: "The file in base64",
  contentId: "Makes the file an image that the HTML shows as `cid:` and this ID",
  priority: "`high` is sent first; default `high` if the email is sensitive, otherwise `normal`",
  tags: "Words of your choice to find emails by, 64 characters each",
};

function meaningOf(name: string, { description }: Schema): string {
  return sentence(description ?? plain[name]);
}
