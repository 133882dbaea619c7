import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import type { AcceptedEmail } from "../schema/emails.ts";
import type { Overview } from "../schema/monitoring.ts";
import type { SmtpConfig } from "../schema/smtp-configs.ts";

let app: TestApp;
beforeEach(async () => {
  app = await openApp({ sandboxPort: 0 });
});
afterEach(() => app.close());

const getOverview = (query = "") => read<Overview>(app.call("GET", `/api/overview${query}`));
const configure = (given: object = {}) =>
  read<SmtpConfig>(
    app.call("POST", "/api/smtp-configs", {
      smtpServer: "127.0.0.1",
      smtpPort: app.services.sandbox?.port,
      useTls: false,
      fromEmail: "shop@example.com",
      ...given,
    }),
  );

async function send(given: object = {}): Promise<string> {
  const email = { to: "jo@example.com", subject: "Hello", text: "Hello Jo", ...given };
  return (await read<AcceptedEmail>(app.call("POST", "/api/emails", email))).id;
}

const sum = (counts: Overview["hours"], of: "sent" | "failed" | "waiting") =>
  counts.reduce((total, count) => total + count[of], 0);

describe("GET /api/overview", () => {
  it("is for admins", async () => {
    expect((await app.request("/api/overview")).status).toBe(401);
    expect((await app.request("/api/overview", { headers: await app.bearer("send") })).status).toBe(403);
  });

  it("says of a new service that it is not set up, and where the sandbox is", async () => {
    const overview = await getOverview();
    expect(overview).toMatchObject({
      mail: { level: "none", code: "no_config" },
      concerns: [],
      waiting: 0,
      oldestWaiting: null,
      lastSentAt: null,
      sandboxPort: app.services.sandbox?.port,
    });
    expect(overview.hours).toHaveLength(24);
    expect(overview.days).toHaveLength(30);
  });

  it("counts what waits, and what was sent", async () => {
    const id = await send();
    await send({ scheduledAt: "2026-01-01T05:00:00Z" });
    const before = await getOverview();
    expect(before).toMatchObject({ waiting: 2, oldestWaiting: { id, subject: "Hello" }, lastSentAt: null });
    expect(before.hours.at(-1)).toMatchObject({ sent: 0, failed: 0, waiting: 2 });

    await configure();
    await expect.poll(async () => (await getOverview()).lastSentAt).toBe("2026-01-01T00:00:00.000Z");
    const after = await getOverview();
    expect(after.mail).toMatchObject({ level: "warn", code: "sandbox" });
    expect(after.oldestWaiting).toBeNull();
    expect(after.hours.at(-1)).toMatchObject({ sent: 1, failed: 0, waiting: 1 });
    expect(after.days.at(-1)).toMatchObject({ sent: 1, failed: 0, waiting: 1 });
  });

  it("says how much is due, since when, and how much is for later", async () => {
    expect((await getOverview()).queue).toEqual({ due: 0, scheduled: 0, sending: 0, oldestDueAt: null });
    await send();
    await app.clock.advance(180_000);
    await send();
    await send({ scheduledAt: "2026-01-01T05:00:00Z" });
    const { queue, waiting } = await getOverview();
    expect(queue).toEqual({ due: 2, scheduled: 1, sending: 0, oldestDueAt: "2026-01-01T00:00:00.000Z" });
    expect(waiting).toBe(3);
  });

  it("keeps counting an email in the hour and on the day of its end", async () => {
    const { db } = app.services.store;
    const id = await send();
    await app.clock.advance(3 * 3_600_000);
    const at = app.clock.now();
    await db.updateTable("emails").set({ state: "failed", finished_at: at }).where("id", "=", id).execute();
    expect((await getOverview()).hours.at(-1)).toMatchObject({ failed: 1, waiting: 0 });
    await app.clock.advance(2 * 3_600_000);
    expect((await getOverview()).hours.at(-3)).toMatchObject({ from: at, failed: 1 });
    await app.clock.advance(24 * 3_600_000);
    const later = await getOverview();
    expect(sum(later.hours, "failed")).toBe(0);
    expect(later.days.at(-2)).toMatchObject({ failed: 1 });
    const long = { finished_at: at - 30 * 24 * 3_600_000 };
    await db.updateTable("emails").set(long).where("id", "=", id).execute();
    await app.clock.advance(60_000);
    expect(sum((await getOverview()).days, "failed")).toBe(0);
  });

  it("begins hours and days where the reader's clock does", async () => {
    const india = await getOverview("?utcOffset=330");
    expect(india.days.at(-1)).toMatchObject({ from: Date.parse("2025-12-31T18:30:00Z") });
    expect(india.hours.at(-1)).toMatchObject({ from: Date.parse("2025-12-31T23:30:00Z") });
    expect((await getOverview()).days.at(-1)).toMatchObject({ from: Date.parse("2026-01-01T00:00:00Z") });
    expect((await app.call("GET", "/api/overview?utcOffset=east")).status).toBe(400);
  });

  it("names the configs to look at", async () => {
    const { id } = await configure({ name: "Relay" });
    await app.services.store.db
      .updateTable("smtp_config")
      .set({ paused_until: app.clock.now() + 60_000, paused_reason: "The sign-in was refused" })
      .execute();
    expect(await getOverview()).toMatchObject({
      mail: { level: "bad", code: "paused" },
      concerns: [
        { configId: id, name: "Relay", code: "paused", reason: "Relay is paused: The sign-in was refused." },
      ],
    });
  });
});
