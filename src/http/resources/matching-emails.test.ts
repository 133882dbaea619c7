import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import { type StoredEmail, storeEmail } from "../../../test/support/stored-email.ts";
import { startTestRelay } from "../../testing/test-relay.ts";
import type { Problem } from "../schema/common.ts";
import type { BulkRetried, Email, EmailCount } from "../schema/emails.ts";
import type { AuditEntry } from "../schema/monitoring.ts";

let app: TestApp;
beforeEach(async () => {
  app = await openApp();
});
afterEach(() => app.close());

const put = (given: Partial<StoredEmail> = {}) =>
  storeEmail(app.services.store.db, { acceptedAt: app.clock.now(), state: "failed", ...given });
const get = (id: string) => read<Email>(app.call("GET", `/api/emails/${id}`));
const post = (body: unknown) => app.call("POST", "/api/emails/retry", body);
const retry = (body: unknown) => read<BulkRetried>(post(body));
const count = (query = "") => read<EmailCount>(app.call("GET", `/api/emails/count${query}`));
const entries = async () =>
  (await read<{ items: AuditEntry[] }>(app.call("GET", "/api/audit-log"))).items.filter(
    ({ action }) => action === "email.retried",
  );

describe("GET /api/emails/count", () => {
  it("counts by state, recipient, template and words", async () => {
    await put({ subject: "Your order" });
    await put({ recipients: ["bo@example.com"], template: "offer" });
    await put({ state: "sent" });
    expect(await count()).toEqual({ count: 3, capped: false });
    expect(await count("?state=failed")).toMatchObject({ count: 2 });
    expect(await count("?recipient=bo@EXAMPLE.com")).toMatchObject({ count: 1 });
    expect(await count("?template=offer&state=sent")).toMatchObject({ count: 0 });
    expect(await count("?q=ORDER")).toMatchObject({ count: 1 });
  });

  it("counts by tag, caller and time", async () => {
    const hourMs = 3_600_000;
    const start = app.clock.now();
    await put({ caller: "key:1" });
    await put({ acceptedAt: start + hourMs });
    await put({ acceptedAt: start + 24 * hourMs });
    const tagged = { to: "jo@example.com", subject: "Hello", text: "Hello", tags: ["order", "é & =+"] };
    await app.call("POST", "/api/emails", tagged);
    for (const [query, expected] of [
      ["caller=key:1", 1],
      ["tag=order", 1],
      [`tag=${encodeURIComponent("é & =+")}`, 1],
      ["tag=orde", 0],
      ["config=none", 0],
      ["createdFrom=2026-01-01&createdTo=2026-01-01", 3],
      ["createdFrom=2026-01-02", 1],
      ["createdTo=2025-12-31", 0],
      ["createdFrom=2026-01-01T01:00:00Z&createdTo=2026-01-01T01:00:00Z", 1],
      ["createdTo=2026-01-01T01:59:59%2B01:00", 2],
      ["createdFrom=2026-01-01T00:00:00.001Z&state=failed", 2],
    ] as const) {
      expect([query, (await count(`?${query}`)).count]).toEqual([query, expected]);
    }
  });

  it("counts what is the caller's own where they may only send", async () => {
    const headers = await app.bearer("send");
    await put();
    await app.request("/api/emails", {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ to: "jo@example.com", subject: "Hello", text: "Hello" }),
    });
    expect(await read<EmailCount>(app.request("/api/emails/count", { headers }))).toMatchObject({ count: 1 });
    expect(await count()).toMatchObject({ count: 2 });
  });

  it("refuses what it does not know", async () => {
    for (const query of [
      "?state=lost",
      "?colour=red",
      "?recipient=nobody",
      "?tag=",
      "?caller=%00",
      "?createdFrom=yesterday",
      "?createdTo=2026-02-30",
      "?createdTo=2026-01-01T00:00:00",
    ]) {
      expect((await app.call("GET", `/api/emails/count${query}`)).status).toBe(400);
    }
  });
});

describe("POST /api/emails/retry", () => {
  it("goes through all, a part with each request, and writes down each part", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) ids.push(await put());
    const filter = { state: "failed" };
    const first = await retry({ filter, limit: 2 });
    expect(first).toEqual({ retried: 2, skipped: 0, next: ids[1] });
    expect(await get(ids[0] ?? "")).toMatchObject({ state: "queued", expiresAt: "2026-01-02T00:00:00.000Z" });
    expect(await get(ids[2] ?? "")).toMatchObject({ state: "failed" });
    const second = await retry({ filter, limit: 2, after: first.next });
    expect(second).toEqual({ retried: 2, skipped: 0, next: ids[3] });
    expect(await retry({ filter, limit: 2, after: second.next })).toEqual({
      retried: 1,
      skipped: 0,
      next: null,
    });
    expect(await retry({ filter })).toEqual({ retried: 0, skipped: 0, next: null });
    expect(await entries()).toMatchObject([
      { target: null, detail: { count: 1, state: "failed" } },
      { target: null, detail: { count: 2, state: "failed" } },
      { actor: { name: "Ada" }, target: null, detail: { count: 2, state: "failed" } },
    ]);
  });

  it("takes the filter at its word", async () => {
    const wanted = await put({ subject: "Your order", recipients: ["bo@example.com"] });
    const other = await put({ subject: "Your order" });
    const expired = await put({ state: "expired", subject: "Your order", recipients: ["bo@example.com"] });
    await app.clock.advance(1_000);
    const later = await put({ subject: "Your order", recipients: ["bo@example.com"] });
    const createdBefore = new Date(app.clock.now()).toISOString();
    const filter = { state: "failed", q: "order", recipient: "bo@EXAMPLE.com", createdBefore };
    expect(await retry({ filter })).toEqual({ retried: 1, skipped: 0, next: null });
    const states = await Promise.all(
      [wanted, other, expired, later].map(async (id) => (await get(id)).state),
    );
    expect(states).toEqual(["queued", "failed", "expired", "failed"]);
  });

  it("takes the same filter as the list, with both ends of the time", async () => {
    const start = app.clock.now();
    const ids = [0, 1, 2, 3].map((day) =>
      put({ acceptedAt: start + day * 86_400_000, caller: `key:${day % 2}` }),
    );
    const [, second] = await Promise.all(ids);
    const filter = { state: "failed", caller: "key:1", createdFrom: "2026-01-02", createdTo: "2026-01-04" };
    const bounds = { ...filter, createdBefore: "2026-01-04T00:00:00Z" };
    expect(await retry({ filter: bounds })).toEqual({ retried: 1, skipped: 0, next: null });
    expect(await get(second ?? "")).toMatchObject({ state: "queued" });
    expect(await retry({ filter })).toMatchObject({ retried: 1 });
  });

  it("leaves out what was deleted meanwhile, and says how many", async () => {
    const gone = await put();
    await put();
    const { db } = app.services.store;
    await db.deleteFrom("email_content").where("email_id", "=", gone).execute();
    expect(await retry({ filter: { state: "failed" } })).toEqual({ retried: 1, skipped: 1, next: null });
    expect(await get(gone)).toMatchObject({ state: "failed" });
  });

  it("sends at once, and what fails again meanwhile is not tried over and over", async () => {
    await using relay = await startTestRelay({ onRcpt: () => "550 5.1.1 No such user" });
    const ids = [await put(), await put(), await put()];
    await app.call("POST", "/api/smtp-configs", {
      smtpServer: relay.host,
      smtpPort: relay.port,
      useTls: false,
      fromEmail: "shop@example.com",
    });
    let after: string | null | undefined;
    const parts: BulkRetried[] = [];
    do {
      const part: BulkRetried = await retry({ filter: { state: "failed" }, limit: 1, after });
      parts.push(part);
      after = part.next;
      const done = ids[parts.length - 1] ?? "";
      await expect.poll(async () => (await get(done)).state).toBe("failed");
      expect((await get(done)).attempts).toHaveLength(1);
    } while (after !== null && parts.length < 10);
    expect(parts.map(({ retried }) => retried)).toEqual([1, 1, 1]);
  });

  it.each([
    [{}, "/filter"],
    [{ filter: {} }, "/filter/state"],
    [{ filter: { state: "sent" } }, "/filter/state"],
    [{ filter: { state: "queued" } }, "/filter/state"],
    [{ filter: { state: "failed", recipient: "nobody" } }, "/filter/recipient"],
    [{ filter: { state: "failed", createdBefore: "yesterday" } }, "/filter/createdBefore"],
    [{ filter: { state: "failed", colour: "red" } }, "/filter/colour"],
    [{ filter: { state: "failed" }, limit: 0 }, "/limit"],
    [{ filter: { state: "failed" }, limit: 501 }, "/limit"],
    [{ filter: { state: "failed" }, after: 7 }, "/after"],
    [{ filter: { state: "failed" }, colour: "red" }, "/colour"],
  ])("refuses %j and changes nothing", async (body, pointer) => {
    const id = await put();
    const response = await post(body);
    expect(response.status).toBe(400);
    expect((await read<Problem>(response)).errors?.map((error) => error.pointer)).toEqual([pointer]);
    expect(await get(id)).toMatchObject({ state: "failed" });
  });

  it("is for admins", async () => {
    const headers = { ...(await app.bearer("send")), "content-type": "application/json" };
    const body = JSON.stringify({ filter: { state: "failed" } });
    expect((await app.request("/api/emails/retry", { method: "POST", headers, body })).status).toBe(403);
  });
});
