/** JSON texts of about a given length, none of which any route takes. */
export const hostile: Readonly<Record<string, (bytes: number) => string>> = {
  "an array of numbers": (bytes) => `[${"1,".repeat(bytes / 2 - 2)}1]`,
  "an array of empty texts": (bytes) => `[${'"",'.repeat(bytes / 3 - 2)}""]`,
  "an array of empty objects": (bytes) => `[${"{},".repeat(bytes / 3 - 2)}{}]`,
  "an array of objects with many fields": (bytes) => `[${manyFields(bytes, 20)}]`,
  "an object of many fields": (bytes) => manyFields(bytes, bytes),
  "an object of one long name": (bytes) => `{"${"a".repeat(bytes - 8)}":1}`,
  "an object of long names": (bytes) =>
    `{${Array.from({ length: bytes / 1_010 }, (_, n) => `"${"b".repeat(990)}${n}":1`).join(",")}}`,
  "arrays in arrays": (bytes) => "[".repeat(bytes / 2) + "]".repeat(bytes / 2),
  "objects in objects": (bytes) => `${'{"a":'.repeat(bytes / 6 - 1)}1${"}".repeat(bytes / 6 - 1)}`,
  "a long text": (bytes) => `"${"a".repeat(bytes - 2)}"`,
  "a long text of control characters": (bytes) => `"${"\\u0001".repeat(bytes / 6 - 2)}"`,
  "a long text of quotes": (bytes) => `"${'\\"'.repeat(bytes / 2 - 2)}"`,
  "a long text with one ideograph": (bytes) => `"中${"a".repeat(bytes - 5)}"`,
  "many texts of quotes": (bytes) => manyTexts(bytes, '\\"'),
  "many texts with an ideograph": (bytes) => manyTexts(bytes, "a"),
  "a long text of signs": (bytes) => `"${"@<.".repeat(bytes / 3 - 2)}"`,
  "a long number": (bytes) => "1".repeat(bytes),
  "an array without end": (bytes) => "[".repeat(bytes),
  "a text without end": (bytes) => `"${"a".repeat(bytes - 1)}`,
};

/** Texts that are just not long enough to be parsed by themselves. */
function manyTexts(bytes: number, part: string): string {
  const text = `"中${part.repeat(4_000 / part.length)}"`;
  return `[${Array(Math.floor(bytes / 4_100))
    .fill(text)
    .join(",")}]`;
}

/** Objects of so many fields, of which the first few thousand differ in their names. */
function manyFields(bytes: number, fields: number): string {
  const different = Array.from({ length: 5_000 }, (_, n) => `"f${n + 1_000}":1`);
  const all = Array.from({ length: Math.floor(bytes / 10) }, (_, n) => different[n % different.length]);
  if (fields >= all.length) return `{${all.join(",")}}`;
  const objects = Array.from({ length: Math.floor(all.length / (fields + 1)) }, (_, n) =>
    all.slice(n * fields, (n + 1) * fields).join(","),
  );
  return `{${objects.join("},{")}}`;
}

interface Limits {
  readonly bytes: number;
  readonly depth: number;
  readonly values: number;
  readonly names: number;
}

interface Schema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly example?: Readonly<Record<string, unknown>>;
  readonly maxLength?: number;
}

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly "x-body-limits": Limits;
            readonly requestBody?: {
              readonly description: string;
              readonly content: { readonly "application/json": { readonly schema: Schema } };
            };
          }
        >
      >
    >
  >;
}

/** An operation that takes a body. */
export interface Operation {
  /** `POST /api/emails` */
  readonly name: string;
  readonly method: string;
  /** With its parameters filled in. */
  readonly path: string;
  readonly limits: Limits;
  /** What the document says of the body. */
  readonly description: string;
  readonly fields: readonly string[];
  /** The example, in which this JSON text takes the place of a field. */
  with(field: string, json: string): string;
  /** Whether the schema says nothing of a field, or no more than that it is an object or a text, perhaps long. */
  takesAnything(field: string): boolean;
}

/**
 * The operations of an OpenAPI document that take a body.
 * @param parameters what to fill into paths, by how they begin.
 */
export function operationsOf(
  { paths }: Document,
  parameters: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) => {
    const filling = Object.entries(parameters).find(([start]) => path.startsWith(start))?.[1] ?? {};
    return Object.entries(methods).flatMap(([method, { requestBody, ...operation }]) => {
      if (requestBody === undefined) return [];
      const { schema } = requestBody.content["application/json"];
      const properties = propertiesOf(schema);
      return [
        {
          name: `${method.toUpperCase()} ${path}`,
          method: method.toUpperCase(),
          path: path.replace(/\{(\w+)\}/g, (_, name: string) => filling[name] ?? "none"),
          limits: operation["x-body-limits"],
          description: requestBody.description,
          fields: Object.keys(properties),
          with: (field, json) => {
            // Nothing of the examples is to be looked up.
            const here = "smtpServer" in properties ? { smtpServer: "127.0.0.1", smtpPort: 1 } : {};
            const others = Object.entries({ ...schema.example, ...here }).filter(([name]) => name !== field);
            const rest = JSON.stringify(Object.fromEntries(others)).slice(1);
            return `{${JSON.stringify(field)}:${json}${rest === "}" ? "" : ","}${rest}`;
          },
          takesAnything: (field) => isOpen(properties[field] ?? {}),
        },
      ];
    });
  });
}

const longText = 2_000;

function propertiesOf({ properties, anyOf = [] }: Schema): Readonly<Record<string, Schema>> {
  return Object.assign({}, ...anyOf.map(propertiesOf), properties);
}

function isOpen({ type, anyOf, maxLength, properties }: Schema): boolean {
  if (anyOf !== undefined) return anyOf.some(isOpen);
  if (type === "object") return properties === undefined;
  return type === undefined || (type === "string" && (maxLength ?? longText) >= longText);
}

export interface Cost {
  readonly what: string;
  /** To what is usual. */
  readonly ratio: number;
}

/**
 * The least CPU time of the process, in microseconds, of a few runs: whatever else happens only adds to it.
 * @param enough what ends it before the last run.
 */
export async function cpuOf(run: () => Promise<unknown>, runs: number, enough = 0): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < runs && least > enough; n += 1) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
  }
  return least;
}
