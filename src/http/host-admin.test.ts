import { runInNewContext } from "node:vm";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../test/support/open-app.ts";
import { createHandler } from "./handler.ts";
import type { Authorize } from "./host-admin.ts";
import type { Me } from "./schema/accounts.ts";
import type { Problem } from "./schema/common.ts";

const secret = "what-nobody-is-to-see";
const page = "/settings/smtp";
/** An API route of each kind: to know who one is, what emails say, and to send. */
const calls = [
  ["GET", "/api/me"],
  ["GET", "/api/emails"],
  ["POST", "/api/emails"],
] as const;

let opened: TestApp;
let handle: (request: Request) => Promise<Response>;
let answerOf: () => unknown;
let logged: Record<string, unknown>[];
beforeAll(async () => {
  const log = pino({ level: "warn" }, { write: (line: string) => logged.push(JSON.parse(line)) });
  opened = await openApp({ log });
  handle = createHandler(opened.services, { authorize: (() => answerOf()) as Authorize });
});
afterAll(() => opened.close());

/** Asks a host that answers like this, as a host in JavaScript or one with an `any` may. */
function ask(authorize: () => unknown, path: string, method = "GET"): Promise<Response> {
  logged = [];
  answerOf = authorize;
  const body = JSON.stringify({ to: "jo@example.com", subject: "Hello", text: "Hi" });
  const headers = { "content-type": "application/json" };
  return handle(
    new Request(`http://app.example${path}`, { method, headers, ...(method === "POST" && { body }) }),
  );
}

class Session {
  #id = "7";
  get id() {
    return this.#id;
  }
  readonly name: string = "Ada";
}

describe("an admin is an object with an id and a name", () => {
  it.each<[string, unknown, string]>([
    ["text as id", { id: "7", name: "Ada" }, "user:7"],
    ["a number as id, which becomes text", { id: 7, name: "Ada" }, "user:7"],
    ["the number 0 as id", { id: 0, name: "Ada" }, "user:0"],
    ["more besides", { id: "7", name: "Ada", email: "ada@example.com" }, "user:7"],
    ["an instance of a class", new Session(), "user:7"],
    ["an object without a prototype", Object.assign(Object.create(null), { id: "7", name: "Ada" }), "user:7"],
    ["an object of another realm", runInNewContext('({ id: "7", name: "Ada" })'), "user:7"],
    ["a promise of one", Promise.resolve({ id: "7", name: "Ada" }), "user:7"],
  ])("%s", async (_name, answer, id) => {
    expect(await read<Me>(ask(() => answer, "/api/me"))).toMatchObject({ id, name: "Ada", scope: "admin" });
    expect((await ask(() => answer, "/api/emails", "POST")).status).toBe(202);
    expect(logged).toEqual([]);
  });
});

describe("nobody", () => {
  it.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["false", false],
    ["a promise of null", Promise.resolve(null)],
    ["a promise of undefined", Promise.resolve()],
    ["a promise of false", Promise.resolve(false)],
  ])("is %s", async (_name, answer) => {
    for (const [method, path] of calls) {
      const response = await ask(() => answer, path, method);
      expect(response.status).toBe(401);
      expect(await read<Problem>(response)).toMatchObject({ code: "auth.required" });
    }
    // The pages hold nothing by themselves, and say whom to sign in as.
    expect((await ask(() => answer, page)).headers.get("content-type")).not.toContain("problem");
    expect(logged).toEqual([]);
  });
});

const notUnderstood: [string, unknown][] = [
  ["true", true],
  ["0", 0],
  ["-0", -0],
  ["1", 1],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["a bigint", 7n],
  ["an empty string", ""],
  ["a string", secret],
  ["a symbol", Symbol(secret)],
  ["a function", () => ({ id: "7", name: "Ada" })],
  ["a function with an id, as a class with a static one is", Object.assign(() => null, { id: "7" })],
  ["an empty array", []],
  ["an array of an admin", [{ id: "7", name: "Ada" }]],
  ["an empty object", {}],
  ["a Map", new Map([["id", "7"]])],
  ["a Set", new Set(["id"])],
  ["a Date", new Date(0)],
  ["a regular expression", /id/],
  ["an Error that is returned", new Error(secret)],
  ["bytes", new Uint8Array(8)],
  ["a Request", new Request("http://app.example/")],
  ["a boxed boolean", Object(false)],
  ["an object without an id", { name: "Ada" }],
  ["an object without a name", { id: "7" }],
  ["an empty id", { id: "", name: "Ada" }],
  ["null as id", { id: null, name: "Ada" }],
  ["undefined as id", { id: undefined, name: "Ada" }],
  ["a boolean as id", { id: true, name: "Ada" }],
  ["NaN as id", { id: Number.NaN, name: "Ada" }],
  ["Infinity as id", { id: Number.POSITIVE_INFINITY, name: "Ada" }],
  ["a bigint as id", { id: 7n, name: "Ada" }],
  ["a symbol as id", { id: Symbol("7"), name: "Ada" }],
  ["an object as id", { id: { toString: () => "7" }, name: "Ada" }],
  ["a boxed string as id", { id: Object("7"), name: "Ada" }],
  ["null as name", { id: "7", name: null }],
  ["a number as name", { id: "7", name: 7 }],
  ["an object as name", { id: "7", name: { toString: () => secret } }],
  ["a session whose user is an admin", { user: { id: "7", name: secret } }],
  ["a promise of true", Promise.resolve(true)],
  ["a promise of an empty object", Promise.resolve({})],
];

const failing: [string, () => unknown][] = [
  [
    "an Error that is thrown",
    () => {
      throw new Error(secret);
    },
  ],
  [
    "a string that is thrown",
    () => {
      throw secret;
    },
  ],
  [
    "undefined that is thrown",
    () => {
      throw undefined;
    },
  ],
  ["a promise that is rejected", () => Promise.reject(new Error(secret))],
  ["a promise that is rejected with null", () => Promise.reject(null)],
  [
    "an id that cannot be read",
    () => ({
      get id() {
        throw new Error(secret);
      },
      name: "Ada",
    }),
  ],
  ["a proxy that was revoked", revoked],
  ["a Response that is an error", () => Response.error()],
];

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("a mistake lets nobody in, and tells the client nothing", () => {
  it.each<[string, () => unknown]>([
    ...notUnderstood.map(([name, answer]): [string, () => unknown] => [name, () => answer]),
    ...failing,
  ])("%s", async (_name, authorize) => {
    for (const [method, path] of [...calls, ["GET", page] as const, ["GET", "/metrics"] as const]) {
      const response = await ask(authorize, path, method);
      expect(response.status).toBe(500);
      const problem = await read<Problem>(response);
      expect(problem.code).toBe("auth.authorize_failed");
      expect(problem.detail).toContain("`authorize`");
      expect(JSON.stringify(problem)).not.toContain(secret);
      expect(logged).toHaveLength(1);
      expect(logged[0]).toMatchObject({
        level: 50,
        msg: expect.stringMatching(/^authorize .*; request rejected$/),
      });
    }
  });

  it.each(notUnderstood)(
    "the log says what kind of thing came, and not what it holds: %s",
    async (_name, answer) => {
      await ask(() => answer, "/api/me");
      expect(logged[0]).toMatchObject({ answered: expect.stringMatching(/\S/) });
      expect(JSON.stringify(logged)).not.toContain(secret);
    },
  );
});

describe("a Response", () => {
  const html = "<script>signIn()</script>";
  it.each<[string, () => Response | Promise<Response>, number, string]>([
    ["to a sign-in page", () => Response.redirect("http://app.example/login", 303), 303, ""],
    ["with a page", () => new Response(html, { status: 403, headers: { "x-host": "yes" } }), 403, html],
    ["that a promise gives", async () => new Response(html, { status: 401 }), 401, html],
    ["of the status 200", () => new Response(html), 200, html],
  ])("%s is the reply as it is", async (_name, authorize, status, body) => {
    for (const [method, path] of [...calls, ["GET", page] as const]) {
      const response = await ask(authorize, path, method);
      const { headers } = await authorize();
      expect(response.status).toBe(status);
      expect(await response.text()).toBe(body);
      expect([...response.headers]).toEqual([...headers]);
    }
    expect(logged).toEqual([]);
  });

  it("keeps nobody from learning whether the service works", async () => {
    const response = await ask(() => Response.redirect("http://app.example/login"), "/api/health");
    expect(Object.keys(await read<object>(response))).toEqual(["ok", "key"]);
  });
});
