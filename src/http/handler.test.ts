import { Hono } from "hono";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../test/support/open-app.ts";
import { createHandler } from "./handler.ts";
import type { Me } from "./schema/accounts.ts";
import type { Problem } from "./schema/common.ts";

let opened: TestApp;
let host: Hono;
beforeEach(async () => {
  opened = await openApp();
  const handler = createHandler(opened.services, {
    authorize: (request) => (request.headers.get("cookie") === "host=ada" ? { id: "7", name: "Ada" } : null),
  });
  host = new Hono();
  host.mount("/mail", handler);
});
afterEach(() => opened.close());

const asAda = { cookie: "host=ada" };

it("lets the host say who is an admin", async () => {
  expect((await host.request("/mail/api/me")).status).toBe(401);
  expect(await read<Me>(host.request("/mail/api/me", { headers: asAda }))).toEqual({
    id: "user:7",
    name: "Ada",
    email: null,
    scope: "admin",
    via: "host",
  });
});

it("knows its own API keys, and leaves other tokens to the host", async () => {
  const headers = await opened.bearer("send");
  expect(await read<Me>(host.request("/mail/api/me", { headers }))).toMatchObject({ via: "api-key" });
  const theirs = { ...asAda, authorization: "Bearer token-of-the-host" };
  expect(await read<Me>(host.request("/mail/api/me", { headers: theirs }))).toMatchObject({ via: "host" });
});

it("refuses other sites in the host's stead", async () => {
  const headers = { ...asAda, origin: "https://evil.example", "content-type": "application/json" };
  const response = await host.request("/mail/api/api-keys", {
    method: "POST",
    headers,
    body: '{"name":"x"}',
  });
  expect(await read<Problem>(response)).toMatchObject({ code: "request.cross_site" });
});

it("refuses other sites whatever token they make up, and lets its keys in from anywhere", async () => {
  const post = (headers: Record<string, string>) =>
    host.request("/mail/api/emails", {
      method: "POST",
      headers: { "sec-fetch-site": "cross-site", "content-type": "application/json", ...headers },
      body: JSON.stringify({ to: "jo@example.com", subject: "Hello", text: "Hi" }),
    });
  expect((await post({ ...asAda, authorization: "Bearer made-up" })).status).toBe(403);
  expect((await post({ ...asAda, ...(await opened.bearer("send")) })).status).toBe(202);
  expect((await post({ ...asAda, authorization: "Bearer sw_not-a-key" })).status).toBe(401);
});

it("has no sign-in of its own", async () => {
  const headers = { "content-type": "application/json" };
  for (const path of ["auth/sign-in/email", "auth/sign-out", "first-admin"]) {
    const response = await host.request(`/mail/api/${path}`, { method: "POST", headers, body: "{}" });
    expect(response.status).toBe(404);
  }
});

it("keeps metrics for admins, for it cannot tell who is on the same machine", async () => {
  expect((await host.request("/mail/metrics")).status).toBe(401);
  expect((await host.request("/mail/metrics", { headers: asAda })).status).toBe(200);
});
