import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { handedBack } from "../../src/delivery/outcome.ts";
import type { Store } from "../../src/store/store.ts";
import { type ClaimedEmail, claimEmails } from "../../src/store/tables/email-claims.ts";
import { insertEmails } from "../../src/store/tables/email-inserts.ts";
import { settleEmails } from "../../src/store/tables/email-settlements.ts";
import {
  deleteOldUsage,
  readUsage,
  type UsageLimit,
  type UsageWindow,
} from "../../src/store/tables/smtp-config-usage.ts";
import { claimOf, ruleOf } from "../support/claim.ts";
import { type GivenEmail, newEmail } from "../support/new-email.ts";
import { t0 } from "../support/queue-on.ts";
import { databases, type OpenDatabase } from "./databases.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const main = { id: "main", revision: { version: 1 } };
const spare = { id: "spare", revision: { version: 1 } };

const atMost = (max: number, window: UsageWindow, counts: UsageLimit["counts"] = "emails"): UsageLimit => ({
  window,
  counts,
  max,
  hasCopy: false,
});

describe.each(databases)("the limits of a config on $name", ({ shared, start, open, stop }) => {
  let database: OpenDatabase;
  let store: Store;
  let claims = 0;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await open();
    ({ store } = database);
    return () => database.dispose();
  });

  async function queue(count: number, given: GivenEmail = {}): Promise<void> {
    const emails = Array.from({ length: count }, () =>
      newEmail(t0, { nextAttemptAt: t0, expiresAt: t0 + 9 * day, ...given }),
    );
    await store.transact([insertEmails(store.db, emails)]);
  }

  async function claim(
    limits: readonly UsageLimit[],
    { now = t0, limit = 100, by = store, config = main, shares = { normal: 0, low: 0 } } = {},
  ): Promise<ClaimedEmail[]> {
    const rule = ruleOf([config]);
    const leaseMs = 30_000 + claims++;
    const [claimed] = await by.transact([
      claimEmails(by.db, claimOf({ now, expiryNow: t0, leaseMs, limit, limits, rule, shares })),
    ]);
    return claimed;
  }

  const count = async (...given: Parameters<typeof claim>) => (await claim(...given)).length;
  const used = async (now = t0, id = "main") => (await readUsage(store.db, now)).get(id);

  async function handBack(claimed: readonly ClaimedEmail[], now = t0): Promise<void> {
    const settled = claimed.map(({ email, counted }) => ({
      claimed: email,
      settlement: handedBack(email, counted, now),
    }));
    await store.transact([settleEmails(store.db, settled)]);
  }

  it.each(["minute", "hour", "day"] as const)("hold over every %s that there is", async (window) => {
    const length = { minute, hour, day }[window];
    const bucket = { minute: 1_000, hour: minute, day: 15 * minute }[window];
    await queue(20);
    const limits = [atMost(5, window)];
    expect(await count(limits, { limit: 2 })).toBe(2);
    expect(await count(limits, { now: t0 + length / 2 })).toBe(3);
    expect(await count(limits, { now: t0 + length - 1 })).toBe(0);
    // The first two leave the window, not the other three.
    expect(await count(limits, { now: t0 + length + bucket })).toBe(2);
    expect(await count(limits, { now: t0 + length + bucket })).toBe(0);
    expect(await used(t0 + length + bucket)).toMatchObject({ [window]: { emails: 5, recipients: 5 } });
  });

  it("hold for the shares of priorities too", async () => {
    for (const priority of ["high", "normal", "low"] as const) await queue(10, { priority });
    const shares = { normal: 4, low: 4 };
    expect(await count([atMost(1, "day")], { shares })).toBe(1);
    expect(await count([atMost(6, "day")], { shares })).toBe(5);
    expect(await count([atMost(6, "day")], { shares })).toBe(0);
  });

  it("hold each on its own, the smallest first", async () => {
    await queue(20);
    const limits = [atMost(3, "minute"), atMost(5, "hour"), atMost(100, "day")];
    expect(await count(limits)).toBe(3);
    expect(await count(limits, { now: t0 + 2 * minute })).toBe(2);
    expect(await count(limits, { now: t0 + 4 * minute })).toBe(0);
  });

  it("count recipients to the last one, and claim none that would exceed them", async () => {
    const three = ["a@example.org", "b@example.org", "c@example.org"];
    await queue(60, { recipients: three });
    const limits = [atMost(100, "day", "recipients")];
    let emails = 0;
    for (let more = await count(limits); more > 0; more = await count(limits)) emails += more;
    expect(emails).toBe(33);
    expect(await used()).toMatchObject({ day: { emails: 33, recipients: 99 } });
    await queue(1);
    expect(await count(limits)).toBe(1);
    expect(await used()).toMatchObject({ day: { emails: 34, recipients: 100 } });
  });

  it("count the archive copy of each email as a recipient", async () => {
    await queue(5);
    const limits = [{ ...atMost(7, "day", "recipients"), hasCopy: true }];
    const claimed = [];
    for (let more = await claim(limits); more.length > 0; more = await claim(limits)) claimed.push(...more);
    expect(claimed).toHaveLength(3);
    expect(await used()).toMatchObject({ day: { emails: 3, recipients: 6 } });
    await handBack(claimed.slice(0, 1));
    expect(await used()).toMatchObject({ day: { emails: 2, recipients: 4 } });
  });

  it("count for the config that claims alone", async () => {
    await queue(10);
    expect(await count([atMost(3, "day")])).toBe(3);
    expect(await count([atMost(3, "day")], { config: spare })).toBe(3);
    expect(await count([atMost(3, "day")])).toBe(0);
    expect(await used(t0, "spare")).toMatchObject({ day: { emails: 3 } });
  });

  it("do not count what was handed back, also if that is written twice", async () => {
    await queue(10);
    const claimed = await claim([atMost(5, "minute"), atMost(5_000, "day", "recipients")]);
    const two = claimed.slice(0, 2);
    await handBack(two, t0 + 30_000);
    await handBack(two, t0 + 30_000);
    expect(await used()).toMatchObject({
      minute: { emails: 3, recipients: 3 },
      day: { emails: 3, recipients: 3 },
    });
    expect(await count([atMost(5, "minute")], { now: t0 + 30_000 })).toBe(2);
    // What is given back is taken from where it was counted: it makes no room later.
    expect(await count([atMost(5, "minute")], { now: t0 + 61_000 })).toBe(3);
  });

  it("allow nothing while they are lowered below what was sent", async () => {
    await queue(10);
    expect(await count([atMost(5, "day")])).toBe(5);
    expect(await count([atMost(2, "day")])).toBe(0);
  });

  it("do not count the future, which there is if the clock was set back", async () => {
    await queue(10);
    expect(await count([atMost(5, "day")], { now: t0 + 300 * day })).toBe(5);
    expect(await count([atMost(5, "day")])).toBe(5);
  });

  it("say when there is room again", async () => {
    await queue(2);
    await claim([atMost(5, "minute")], { now: t0 + 400 });
    expect(await used(t0 + 500)).toMatchObject({ minute: { emails: 2, lessAt: t0 + 61_000 } });
    expect(await used(t0 + 61_000)).toBeUndefined();
  });

  it("forget what no limit counts any more", async () => {
    await queue(4);
    await claim([atMost(5, "minute"), atMost(5, "day")], { limit: 2 });
    await deleteOldUsage(store.db, t0 + hour);
    const rows = await store.db.selectFrom("smtp_config_usage").select("bucket_ms").execute();
    expect(rows).toEqual([{ bucket_ms: 15 * minute }]);
    await deleteOldUsage(store.db, t0 + 2 * day);
    expect(await store.db.selectFrom("smtp_config_usage").selectAll().execute()).toEqual([]);
  });

  it("hold for claims that are made at once, by several nodes where there may be some", async () => {
    await queue(60);
    // On SQLite, one connection is all that there is.
    const others = shared ? await Promise.all([1, 2, 3].map(() => database.another())) : [store, store];
    const limits = [atMost(25, "minute")];
    const all = await Promise.all(
      [store, ...others].flatMap((by) => [1, 2, 3].map(() => count(limits, { by, limit: 7 }))),
    );
    expect(all.reduce((sum, each) => sum + each, 0)).toBe(25);
    expect(await used()).toMatchObject({ minute: { emails: 25 } });
  });
});
