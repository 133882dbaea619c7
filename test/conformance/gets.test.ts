import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SignIn } from "../../src/accounts/sign-in.ts";
import { createApp } from "../../src/http/app.ts";
import type { App } from "../../src/http/route.ts";
import { openApp, read, type TestApp } from "../support/open-app.ts";
import { writeSample } from "../support/sample-rows.ts";
import { databases, type EmptyDatabase } from "./databases.ts";

interface Document {
  readonly paths: Readonly<
    Record<string, { readonly get?: { readonly responses: Readonly<Record<string, unknown>> } }>
  >;
}

/** Each value's type in its place; a list has the shapes of its elements, each once. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((one) => JSON.stringify(shapeOf(one))))].sort();
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, shapeOf(of)]));
}

/** The shapes of the replies on the database that was asked first, by path. */
const shapes = new Map<string, unknown>();

describe.each(databases)("a service with something of everything in it on $name", (kind) => {
  let database: EmptyDatabase;
  let opened: TestApp;
  let signIn: SignIn;
  let app: App;
  let cookie: string;
  beforeAll(kind.start);
  afterAll(kind.stop);
  beforeEach(async () => {
    database = await kind.create();
    opened = await openApp({ database: database.url, sandboxPort: 0 });
    const { services } = opened;
    // Otherwise it would begin with what is queued in the sample.
    await services.worker.stop(0);
    await writeSample(services.store.db);
    const secret = services.secrets.sessionSecret();
    signIn = new SignIn({ ...services, secret, publicUrl: null, linkBase: () => null });
    app = createApp(services, { signedIn: (request) => signIn.signedIn(request), signIn });
    const credentials = { email: "grace@example.com", password: "a long sentence" };
    await signIn.createAdmin({ name: "Grace", ...credentials });
    const reply = await app.request("/api/auth/sign-in/email", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(credentials),
    });
    cookie = reply.headers.getSetCookie().join("; ").split(";")[0] ?? "";
  });
  afterEach(async () => {
    await signIn.drain();
    await opened.close();
    await database.dispose();
  });

  it("answers every GET without parameters as the OpenAPI document says, on each database alike", async () => {
    const { paths } = await read<Document>(app.request("/api/openapi.json"));
    const asked = Object.entries(paths).filter(([path, { get }]) => get !== undefined && !path.includes("{"));
    expect(asked.length).toBeGreaterThan(15);
    for (const [path, { get }] of asked) {
      const response = await app.request(path, { headers: { cookie } });
      const text = await response.text();
      expect(Object.keys(get?.responses ?? {}), `${path}: ${text}`).toContain(String(response.status));
      expect(response.status, `${path}: ${text}`).toBeLessThan(400);
      const isJson = /\bjson\b/.test(response.headers.get("content-type") ?? "");
      const shape = isJson ? shapeOf(JSON.parse(text)) : "text";
      const before = shapes.get(path) ?? shape;
      expect(shape, path).toEqual(before);
      shapes.set(path, shape);
    }
  });

  it("shows the sample in them", async () => {
    const get = async (path: string) => read<never>(app.request(path, { headers: { cookie } }));
    expect(await get("/api/overview")).toMatchObject({
      waiting: 3,
      queue: { due: 1, scheduled: 1, sending: 1 },
      hours: expect.arrayContaining([expect.objectContaining({ sent: 1 })]),
    });
    const { items } = await get("/api/emails");
    expect(items).toHaveLength(10);
    for (const path of ["smtp-configs", "templates", "alerts", "api-keys", "audit-log", "auth/sessions"]) {
      expect(await get(`/api/${path}`), path).not.toMatchObject({ items: [] });
    }
  });
});
