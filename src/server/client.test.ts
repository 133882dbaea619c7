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
    fetch: (input: string, init?: RequestInit) => opened.request(input, init),
    headers: { cookie: "admin=1" },
  });
  const sent = await api.emails.$post({
    json: { to: "jo@example.com", subject: "Hello", text: "Hello Jo" },
    header: {},
  });
  const { id } = await sent.json();
  const email = await (await api.emails[":id"].$get({ param: { id } })).json();
  const address: string | undefined = email.recipients[0]?.address;
  expect(address).toBe("jo@example.com");
});
