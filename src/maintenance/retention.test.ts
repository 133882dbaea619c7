import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type StoredEmail, storeEmail } from "../../test/support/stored-email.ts";
import { createLog } from "../core/log.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { findContent } from "../store/tables/email-content.ts";
import { findByIdempotencyKey, findEmail } from "../store/tables/emails.ts";
import { readSetting, writeSetting } from "../store/tables/settings.ts";
import { createFixedClock, type FixedClock } from "../testing/index.ts";
import { Retention } from "./retention.ts";
import { changeRetention } from "./retention-settings.ts";

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** A database on a busy machine takes its time. */
const patiently = { interval: 1, timeout: 20_000 };

let folder: string;
let clock: FixedClock;
let store: Store;
let retention: Retention;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-retention-"));
  clock = createFixedClock(Date.parse("2026-06-01T12:00:00Z"));
  store = await openSqliteStore(join(folder, "sendwright.db"));
  retention = new Retention({ store, clock, log: createLog("silent") });
});
afterEach(async () => {
  await retention.stop();
  await store.close();
  rmSync(folder, { recursive: true });
});

const put = (days: number, given: Partial<StoredEmail> = {}) =>
  storeEmail(store.db, { acceptedAt: clock.now() - days * dayMs, ...given });
const exists = async (id: string) => (await findEmail(store.db, id)) !== undefined;
const hasContent = async (id: string) => (await findContent(store.db, id)) !== undefined;
const countEmails = async () => (await store.db.selectFrom("emails").select("id").execute()).length;

/** Lets time go on, step by step, until something is different from what it was. */
async function untilChanged(look: () => Promise<unknown>, stepMs = minuteMs): Promise<void> {
  const before = await look();
  const lookLater = async () => {
    await clock.advance(stepMs);
    return look();
  };
  await expect.poll(lookLater, patiently).not.toEqual(before);
}

/** Letting keys go is the last deed of a sweep. */
const sweep = () => untilChanged(() => readSetting(store.db, "idempotency_keys_released"));

describe("retention", () => {
  it("begins a minute after the start, and looks again every hour", async () => {
    const id = await put(91);
    retention.start();
    await clock.advance(minuteMs - 1);
    expect(await exists(id)).toBe(true);
    await sweep();
    expect(await exists(id)).toBe(false);

    const next = await put(91);
    await clock.advance(50 * minuteMs);
    expect(await exists(next)).toBe(true);
    await sweep();
    expect(await exists(next)).toBe(false);
  });

  it("keeps contents for 30 days and emails for 90, unless told otherwise", async () => {
    const [month, older, quarter, oldest] = [await put(29), await put(31), await put(89), await put(91)];
    retention.start();
    await sweep();
    expect([await hasContent(month), await hasContent(older)]).toEqual([true, false]);
    expect([await exists(older), await exists(quarter), await exists(oldest)]).toEqual([true, true, false]);
  });

  it("goes by what is saved, without a restart", async () => {
    const id = await put(3);
    retention.start();
    await sweep();
    expect(await hasContent(id)).toBe(true);
    await changeRetention(store.db, { contentRetentionDays: 2, emailRetentionDays: 3650 });
    await sweep();
    expect([await hasContent(id), await exists(id)]).toEqual([false, true]);
  });

  it("rests after each batch, so that whoever sends never waits for more than one", async () => {
    for (let count = 0; count < 450; count++) await put(91);
    await store.db.deleteFrom("email_content").execute();
    retention.start();
    await clock.advance(minuteMs);
    await expect.poll(() => clock.waiting, patiently).toBe(1);
    // That was the first look at the contents. Without time, nothing more happens.
    expect(await countEmails()).toBe(450);
    for (const left of [250, 50, 0]) {
      await clock.advance(20);
      await expect.poll(countEmails, patiently).toBe(left);
      await expect.poll(() => clock.waiting, patiently).toBe(1);
    }
  });

  it("lets idempotency keys go after a day, and never looks at an email twice for it", async () => {
    const first = await put(2, { idempotencyKey: "first" });
    const fresh = await put(0, { idempotencyKey: "fresh" });
    retention.start();
    await sweep();
    expect(await findByIdempotencyKey(store.db, "library", "first")).toBeUndefined();
    expect((await findByIdempotencyKey(store.db, "library", "fresh"))?.email.id).toBe(fresh);

    await store.db
      .updateTable("emails")
      .set({ idempotency_key: "put back" })
      .where("id", "=", first)
      .execute();
    await clock.advance(dayMs);
    await untilChanged(() => findByIdempotencyKey(store.db, "library", "fresh"), 60 * minuteMs);
    expect((await findByIdempotencyKey(store.db, "library", "put back"))?.email.id).toBe(first);
  });

  it("deletes nothing while its settings cannot be read, and goes on once they can", async () => {
    const id = await put(91);
    await writeSetting(store.db, "retention", { contentRetentionDays: "thirty" });
    retention.start();
    for (let minute = 0; minute < 5; minute++) {
      await clock.advance(minuteMs);
      await expect.poll(() => clock.waiting, patiently).toBe(1);
    }
    expect(await hasContent(id)).toBe(true);
    await writeSetting(store.db, "retention", { contentRetentionDays: 30, emailRetentionDays: 90 });
    await sweep();
    expect(await exists(id)).toBe(false);
  });

  it("stops between two batches and leaves no timer", async () => {
    for (let count = 0; count < 250; count++) await put(91);
    await store.db.deleteFrom("email_content").execute();
    retention.start();
    await clock.advance(minuteMs);
    await expect.poll(() => clock.waiting, patiently).toBe(1);
    await clock.advance(20);
    await retention.stop();
    expect(clock.waiting).toBe(0);
    expect(await countEmails()).toBe(50);
  });
});
