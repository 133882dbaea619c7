import { hc } from "hono/client";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openApp, type TestApp } from "../../test/support/open-app.ts";
import type { AppType } from "./app.ts";

let opened: TestApp;
beforeEach(async () => {
  opened = await openApp();
});
afterEach(() => opened.close());

it("gives a client of hono the types of every request and reply", async () => {
  const { api } = hc<AppType>("http://localhost", {
    fetch: (input: string | URL | Request, init?: RequestInit) => opened.request(String(input), init),
    headers: { cookie: "admin=1" },
  });
  const sent = await api.emails.$post({
    json: { to: "jo@example.com", subject: "Hello", text: "Hello Jo" },
    header: {},
  });
  const { id } = await sent.json();
  const email = await (await api.emails[":id"].$get({ param: { id } })).json();
  expect(email.recipients[0]?.address).toBe("jo@example.com");
  // @ts-expect-error a subject is text
  await api.emails.$post({ json: { to: "jo@example.com", subject: 1 }, header: {} });
  // @ts-expect-error an email has no such field
  expect(email.colour).toBeUndefined();
});
