import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../test/support/open-app.ts";
import { SignIn } from "../accounts/sign-in.ts";
import { createApp } from "./app.ts";
import type { Problem } from "./schema/common.ts";

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}
interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Values of every kind; most fields accept none of them. */
const wrong = [
  undefined,
  null,
  true,
  -1,
  1.5,
  1e20,
  "",
  "\u0000",
  "x".repeat(9_000),
  [],
  [[]],
  {},
  { x: { y: 1 } },
];

let opened: TestApp;
let call: TestApp["call"];
let operations: { method: string; path: string; operation: Operation }[];
beforeAll(async () => {
  opened = await openApp();
  const signIn = new SignIn({
    ...opened.services,
    secret: "x".repeat(44),
    publicUrl: null,
    linkBase: () => null,
  });
  const app = createApp(opened.services, { signedIn: async () => null, signIn, apiKey: key });
  const { paths } = await read<Document>(app.request("/api/openapi.json"));
  operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{\w+\}/g, "1"),
      operation,
    })),
  );
  call = async (method, path, body) =>
    app.request(path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
});
afterAll(() => opened.close());

const key = "an-admin-key-of-the-environment-0123";

/** A body in which each field, down to a depth, has the value. */
function filled(schema: Schema, value: unknown, depth: number): unknown {
  if (depth === 0) return value;
  const branch = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].find(
    ({ properties, items }) => properties ?? items,
  );
  if (branch?.items !== undefined) return [filled(branch.items, value, depth - 1)];
  if (branch?.properties === undefined) return value;
  const fields = Object.entries(branch.properties).map(([name, field]) => [
    name,
    filled(field, value, depth - 1),
  ]);
  // An unknown field, so nothing is done if the value is right for all others.
  return Object.fromEntries([...fields, ["unknown field", value]]);
}

/** What is no fragment in the words of Sendwright. */
function foreign({ errors = [], detail }: Problem): string[] {
  const details = errors.length === 0 ? [] : errors.map(({ pointer, detail }) => `${pointer}: ${detail}`);
  return [...details, detail].filter((text) =>
    /Invalid (?:input|option|string|[a-zA-Z]+ address)|expected \w+|Too (?:big|small)|Unrecognized|undefined|NaN/.test(
      text,
    ),
  );
}

describe("the errors of fields", () => {
  it("are in the words of Sendwright for every body of the API", async () => {
    const found = new Set<string>();
    let problems = 0;
    for (const { method, path, operation } of operations) {
      const schema = operation.requestBody?.content["application/json"]?.schema;
      if (schema === undefined) continue;
      for (const value of wrong) {
        for (const depth of [0, 1, 2, 3]) {
          const reply = await call(method, path, filled(schema, value, depth) ?? null);
          if (reply.status !== 400) continue;
          problems += 1;
          for (const text of foreign(await read<Problem>(reply))) found.add(`${method} ${path} ${text}`);
        }
      }
    }
    expect(problems).toBeGreaterThan(500);
    expect([...found]).toEqual([]);
  });

  it("are in the words of Sendwright for every parameter of the API", async () => {
    const found = new Set<string>();
    for (const { method, path, operation } of operations) {
      if (method !== "GET") continue;
      for (const parameter of operation.parameters ?? []) {
        if (parameter.in !== "query") continue;
        for (const value of ["", "-1", "1.5", "x", "1e400", "x".repeat(3_000)]) {
          const reply = await call(method, `${path}?${parameter.name}=${value}`);
          if (reply.status !== 400) continue;
          for (const text of foreign(await read<Problem>(reply))) found.add(`${method} ${path} ${text}`);
        }
      }
    }
    expect([...found]).toEqual([]);
  });
});
