import type { Caller } from "../../src/accounts/caller.ts";
import { createLog } from "../../src/core/log.ts";
import { type AppOptions, createApp } from "../../src/http/app.ts";
import type { NewApiKey } from "../../src/http/schema/accounts.ts";
import { openServices, type Services, type ServicesOptions } from "../../src/services.ts";
import { createFixedClock, type FixedClock } from "../../src/testing/fixed-clock.ts";

const admin: Caller = {
  actor: { id: "user:1", name: "Ada" },
  scope: "admin",
  email: "ada@example.com",
  via: "session",
};

export const adminKey = "an-admin-key-of-the-environment-0123";

/** The JSON body of a reply, as the shape that the test expects. */
export async function read<Shape>(response: Response | Promise<Response>): Promise<Shape> {
  return (await (await response).json()) as Shape;
}

export interface TestApp {
  readonly services: Services;
  readonly clock: FixedClock;
  /** Sends a request as the admin, by their cookie. `body` goes as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Sends a request just as given. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** An API key of the given scope, as an Authorization header. */
  bearer(scope: "send" | "admin"): Promise<{ authorization: string }>;
  close(): Promise<void>;
}

/** The app over real parts and a database in memory. Whoever has the cookie `admin=1` is Ada. */
export async function openApp(
  options: Partial<ServicesOptions> & Partial<AppOptions> = {},
): Promise<TestApp> {
  const clock = createFixedClock();
  const services = await openServices({
    database: ":memory:",
    secret: "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
    log: createLog("silent"),
    clock,
    ...options,
  });
  const app = createApp(services, {
    signedIn: async (request) => (request.headers.get("cookie") === "admin=1" ? admin : null),
    apiKey: adminKey,
    ...options,
  });
  const request: TestApp["request"] = async (path, init) => app.request(path, init);
  const call: TestApp["call"] = (method, path, body, headers = {}) =>
    request(path, {
      method,
      headers: {
        cookie: "admin=1",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    services,
    clock,
    call,
    request,
    async bearer(scope) {
      const { key } = await read<NewApiKey>(call("POST", "/api/api-keys", { name: scope, scope }));
      return { authorization: `Bearer ${key}` };
    },
    close: () => services.close(),
  };
}
