import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import type { ApiKey, NewApiKey } from "../schema/accounts.ts";
import type { Problem } from "../schema/common.ts";
import type { AuditEntry } from "../schema/monitoring.ts";

let app: TestApp;
beforeEach(async () => {
  app = await openApp();
});
afterEach(() => app.close());

const make = (body: object) => read<NewApiKey>(app.call("POST", "/api/api-keys", body));
const list = async () => (await read<{ items: ApiKey[] }>(app.call("GET", "/api/api-keys"))).items;
const use = ({ key }: NewApiKey) => app.request("/api/me", { headers: { authorization: `Bearer ${key}` } });

describe("API keys", () => {
  it("have 256 random bits, are shown once, and are stored as a hash alone", async () => {
    const created = await make({ name: "Shop" });
    expect(created).toMatchObject({ name: "Shop", scope: "send", createdBy: "Ada", lastUsedAt: null });
    expect(created.key).toMatch(/^sw_[\w-]{43}$/);
    expect(created.key.startsWith(created.prefix)).toBe(true);
    expect(JSON.stringify(await list())).not.toContain(created.key);
    const rows = await app.services.store.db.selectFrom("api_keys").selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(created.key.slice(created.prefix.length));
    expect((await make({ name: "Shop" })).key).not.toBe(created.key);
  });

  it("show when they were last used, to the minute", async () => {
    const created = await make({ name: "Shop" });
    await use(created);
    expect((await list())[0]?.lastUsedAt).toBe("2026-01-01T00:00:00.000Z");
    await app.clock.advance(59_000);
    await use(created);
    expect((await list())[0]?.lastUsedAt).toBe("2026-01-01T00:00:00.000Z");
    await app.clock.advance(1_000);
    await use(created);
    expect((await list())[0]?.lastUsedAt).toBe("2026-01-01T00:01:00.000Z");
  });

  it("are refused once deleted", async () => {
    const created = await make({ name: "Shop", scope: "admin" });
    expect((await use(created)).status).toBe(200);
    expect((await app.call("DELETE", `/api/api-keys/${created.id}`)).status).toBe(204);
    expect((await use(created)).status).toBe(401);
    expect((await app.call("DELETE", `/api/api-keys/${created.id}`)).status).toBe(404);
  });

  it("name every wrong field", async () => {
    const response = await app.call("POST", "/api/api-keys", { name: " ", scope: "root", key: "x" });
    expect(response.status).toBe(400);
    const { errors = [] } = await read<Problem>(response);
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(["/key", "/name", "/scope"]);
    expect(await list()).toEqual([]);
  });

  it("leave their making and deleting in the audit log, page by page", async () => {
    const { id } = await make({ name: "Shop" });
    await app.call("DELETE", `/api/api-keys/${id}`);
    const page = (query: string) =>
      read<{ items: AuditEntry[]; next: string | null }>(app.call("GET", `/api/audit-log${query}`));
    const newest = await page("?limit=1");
    expect(newest.items[0]).toMatchObject({ action: "api_key.deleted", target: id, actor: { id: "user:1" } });
    const oldest = await page(`?limit=1&after=${newest.next}`);
    expect(oldest).toMatchObject({ items: [{ action: "api_key.created" }], next: null });
  });
});
