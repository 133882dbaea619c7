import { expect, it } from "vitest";
import { openApp, read } from "../../../test/support/open-app.ts";
import { type Provider, provider } from "../schema/smtp-configs.ts";

interface Providers {
  readonly items: readonly Provider[];
  readonly next: null;
}

it("lists the providers, and the sandbox where it listens", async () => {
  const app = await openApp({ sandboxPort: 0 });
  try {
    const { items, next } = await read<Providers>(app.call("GET", "/api/providers"));
    expect(next).toBeNull();
    for (const item of items) provider.strict().parse(item);
    expect(items[0]).toMatchObject({ id: "sandbox", smtpPort: app.services.sandbox?.port, useTls: false });
    expect(items.find(({ id }) => id === "sendgrid")).toMatchObject({ username: "apikey" });
  } finally {
    await app.close();
  }
});

it("leaves the sandbox out where it is switched off", async () => {
  const app = await openApp();
  try {
    const { items } = await read<Providers>(app.call("GET", "/api/providers"));
    expect(items.map(({ id }) => id)).not.toContain("sandbox");
  } finally {
    await app.close();
  }
});

it("is for admins", async () => {
  const app = await openApp();
  try {
    expect((await app.request("/api/providers")).status).toBe(401);
    const headers = await app.bearer("send");
    expect((await app.request("/api/providers", { headers })).status).toBe(403);
  } finally {
    await app.close();
  }
});
