import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { adminKey, openApp, read, type TestApp } from "../../test/support/open-app.ts";
import { generateKey } from "../secret/fernet.ts";
import { unlock } from "../secret/unlock.ts";
import { listEncryptionKeys } from "../store/tables/encryption-keys.ts";
import { createApp } from "./app.ts";
import type { Me } from "./schema/accounts.ts";
import type { Problem } from "./schema/common.ts";
import type { Health } from "./schema/monitoring.ts";

let app: TestApp;
beforeEach(async () => {
  app = await openApp();
});
afterEach(() => app.close());

const anEmail = { to: "jo@example.com", subject: "Hello", text: "Hello Jo" };

describe("who may", () => {
  it("asks whoever is unknown to sign in, and says how", async () => {
    const response = await app.request("/api/smtp-configs");
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await read<Problem>(response)).toMatchObject({ code: "auth.required", status: 401 });
  });

  it("knows the signed-in admin and the bearers of keys", async () => {
    const asSender = { headers: await app.bearer("send") };
    expect(await read<Me>(app.call("GET", "/api/me"))).toEqual({
      id: "user:1",
      name: "Ada",
      email: "ada@example.com",
      scope: "admin",
      via: "session",
    });
    expect(await read<Me>(app.request("/api/me", asSender))).toMatchObject({ scope: "send", via: "api-key" });
  });

  it("takes the key of the environment as an admin's", async () => {
    const headers = { authorization: `Bearer ${adminKey}` };
    expect(await read<Me>(app.request("/api/me", { headers }))).toEqual({
      id: "key:environment",
      name: "SENDWRIGHT_API_KEY",
      email: null,
      scope: "admin",
      via: "api-key",
    });
    const wrong = { authorization: `Bearer ${adminKey}x` };
    expect((await app.request("/api/me", { headers: wrong })).status).toBe(401);
  });

  it("refuses an unknown API key even beside a good cookie", async () => {
    const headers = { authorization: "Bearer sw_unknown", cookie: "admin=1" };
    expect((await app.request("/api/me", { headers })).status).toBe(401);
  });

  it.each([
    ["GET", "/api/smtp-configs"],
    ["POST", "/api/smtp-configs"],
    ["POST", "/api/smtp-configs/test"],
    ["GET", "/api/api-keys"],
    ["GET", "/api/audit-log"],
    ["GET", "/api/sandbox/emails"],
    ["DELETE", "/api/sandbox/emails"],
    ["POST", "/api/emails/1/retry"],
    ["POST", "/api/emails/1/cancel"],
  ])("forbids a key that may only send: %s %s", async (method, path) => {
    const response = await app.request(path, { method, headers: await app.bearer("send") });
    expect(response.status).toBe(403);
    expect(await read<Problem>(response)).toMatchObject({ code: "auth.forbidden" });
  });

  it("judges who calls before it reads a body", async () => {
    const response = await app.request("/api/emails", { method: "POST", body: "{" });
    expect(response.status).toBe(401);
  });
});

describe("requests that cannot be read", () => {
  it("names malformed JSON", async () => {
    const headers = { cookie: "admin=1", "content-type": "application/json" };
    const response = await app.request("/api/emails", { method: "POST", headers, body: "{" });
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await read<Problem>(response)).toMatchObject({ code: "request.malformed" });
  });

  it.each([
    ["a form", "application/x-www-form-urlencoded"],
    ["text that looks like JSON", "text/plain"],
    ["another kind of JSON", "application/jsonp"],
  ])("takes JSON only, not %s", async (_name, type) => {
    const headers = { cookie: "admin=1", "content-type": type };
    const body = JSON.stringify(anEmail);
    const response = await app.request("/api/emails", { method: "POST", headers, body });
    expect(response.status).toBe(415);
    expect(await read<Problem>(response)).toMatchObject({ code: "request.unsupported_type" });
  });

  it("refuses a PUT and a POST without a type, with or without a body", async () => {
    for (const body of [undefined, new Uint8Array([123, 125])]) {
      const init = {
        method: "POST",
        headers: { cookie: "admin=1" },
        ...(body === undefined ? {} : { body }),
      };
      expect((await app.request("/api/smtp-configs", init)).status).toBe(415);
      expect((await app.request("/api/smtp-configs/1", { ...init, method: "PUT" })).status).toBe(415);
    }
  });

  it("refuses a body that is too large, with or without a length declared", async () => {
    const body = JSON.stringify({ name: "x".repeat(300 * 1024) });
    const headers = { cookie: "admin=1", "content-type": "application/json" };
    const sized = { method: "POST", headers: { ...headers, "content-length": String(body.length) }, body };
    const streamed = { method: "POST", headers, body: new Blob([body]).stream(), duplex: "half" };
    for (const init of [sized, streamed]) {
      const response = await app.request("/api/api-keys", init as RequestInit);
      expect(response.status).toBe(413);
      expect(await read<Problem>(response)).toMatchObject({ code: "request.too_large" });
    }
  });

  it("lets emails be larger than other bodies", async () => {
    const attachments = [{ filename: "a.bin", content: Buffer.alloc(1024 * 1024).toString("base64") }];
    expect((await app.call("POST", "/api/emails", { ...anEmail, attachments })).status).toBe(202);
  });

  it.each([[null], [[]], ["text"], [1]])("answers %j as a body with a problem", async (body) => {
    const response = await app.call("POST", "/api/emails", body);
    expect(response.status).toBe(400);
    expect(await read<Problem>(response)).toMatchObject({ code: "input.invalid" });
  });

  it("names every wrong parameter at once", async () => {
    const response = await app.call("GET", "/api/emails?state=lost&limit=0&page=2");
    expect(response.status).toBe(400);
    const { errors } = await read<Problem>(response);
    expect(errors?.map(({ pointer }) => pointer).sort()).toEqual(["/limit", "/page", "/state"]);
  });
});

describe("what does not exist", () => {
  it("says that there is nothing, as a problem", async () => {
    const response = await app.call("GET", "/api/nothing");
    expect(response.status).toBe(404);
    expect(await read<Problem>(response)).toMatchObject({ code: "request.not_found" });
  });

  it("names the methods that a path takes", async () => {
    const response = await app.call("PATCH", "/api/smtp-configs/1", {});
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, PUT, DELETE");
    expect(await read<Problem>(response)).toMatchObject({ code: "request.method_not_allowed" });
  });

  it("takes nothing but GET for the pages", async () => {
    const response = await app.call("POST", "/settings/smtp");
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET");
  });
});

describe("what nobody foresaw", () => {
  it("tells the log everything and the caller nothing", async () => {
    const lines: unknown[] = [];
    const log = { ...app.services.log, error: (entry: unknown) => lines.push(entry) };
    const secretive = { ...app.services, log, health: () => Promise.reject(new Error("a detail")) };
    const broken = createApp(secretive as never, { signedIn: async () => null });
    const response = await broken.request("/api/health");
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain("a detail");
    const { id } = lines[0] as { id: string };
    expect(JSON.parse(text)).toMatchObject({ code: "internal", detail: expect.stringContaining(id) });
  });
});

describe("what every reply says to browsers", () => {
  it.each(["/api/health", "/api/me", "/api/nothing", "/api/openapi.json"])("%s", async (path) => {
    const { headers } = await app.request(path);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("health", () => {
  it("tells anyone whether it works, and admins what is in the way", async () => {
    expect(await read<Health>(app.request("/api/health"))).toEqual({ ok: false, key: "fits" });
    const health = await read<Health>(app.call("GET", "/api/health"));
    expect(health.problems).toHaveLength(1);
    expect(health.emails).toEqual({ queued: 0, sending: 0 });
  });

  it("is ready with a key that fits", async () => {
    expect(await read(app.request("/api/ready"))).toEqual({ ok: true });
    const { store, clock } = app.services;
    const rows = await listEncryptionKeys(store.db);
    const secrets = await unlock({ rows, primary: generateKey(), previous: [], clock });
    const locked = createApp({ ...app.services, secrets }, { signedIn: async () => null });
    const response = await locked.request("/api/ready");
    expect(response.status).toBe(503);
    expect(await read<Problem>(response)).toMatchObject({ code: "secret.mismatch" });
  });

  it("keeps metrics from anyone but an admin", async () => {
    expect((await app.request("/metrics")).status).toBe(401);
    expect((await app.request("/metrics", { headers: await app.bearer("send") })).status).toBe(403);
    const response = await app.request("/metrics", { headers: await app.bearer("admin") });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("sendwright_emails_accepted_total");
  });
});
