import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../test/support/open-app.ts";
import { SignIn } from "../accounts/sign-in.ts";
import { createApp } from "./app.ts";

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly requestBody?: {
    readonly content: Record<string, { readonly schema: { readonly example?: unknown } }>;
  };
  readonly responses: Record<string, { readonly description: string }>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: Record<string, Record<string, unknown>>;
}

let opened: TestApp;
let app: ReturnType<typeof createApp>;
let document: Document;
beforeAll(async () => {
  opened = await openApp();
  const signIn = new SignIn({
    ...opened.services,
    secret: "x".repeat(44),
    publicUrl: null,
    linkBase: () => null,
  });
  app = createApp(opened.services, { signedIn: (request) => signIn.signedIn(request), signIn });
  document = await read<Document>(app.request("/api/openapi.json"));
});
afterAll(() => opened.close());

function operations(): [string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
}

describe("the OpenAPI document", () => {
  it("has every route of the API", () => {
    const described = new Set(operations().map(([name]) => name));
    const routes = app.routes
      .filter(({ method, path }) => method !== "ALL" && (path.startsWith("/api/") || path === "/metrics"))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`)
      .filter((name) => name !== "GET /api/openapi.json" && name !== "GET /api/docs");
    expect(routes.length).toBeGreaterThan(30);
    expect([...new Set(routes)].filter((name) => !described.has(name))).toEqual([]);
  });

  it("says of each route what it is for, who may call it, and that it may answer with a problem", () => {
    for (const [name, operation] of operations()) {
      expect(operation.summary, name).toMatch(/\S/);
      expect(operation.description, name).toMatch(/\.$/);
      expect(operation.security, name).toBeDefined();
      expect(operation.responses.default, name).toMatchObject({
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      });
    }
  });

  it("gives an example of each body", () => {
    for (const [name, { requestBody }] of operations()) {
      if (requestBody !== undefined) {
        expect(requestBody.content["application/json"]?.schema.example, name).toBeDefined();
      }
    }
  });

  it("refers to nothing that it does not hold", () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g);
    for (const [reference, section, name] of references) {
      expect(document.components[section ?? ""]?.[name ?? ""], reference).toBeDefined();
    }
  });

  it("uses the words of OpenAPI 3.1, which are those of JSON Schema 2020-12", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(JSON.stringify(document)).not.toMatch(/"nullable":|"\$schema":|"~standard"/);
  });
});
