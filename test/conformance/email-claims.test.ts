import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Priority } from "../../src/core/model.ts";
import type { Store } from "../../src/store/store.ts";
import {
  type Claim,
  claimEmails,
  isAnythingDue,
  queueAgainAfterStep,
} from "../../src/store/tables/email-claims.ts";
import { insertEmails } from "../../src/store/tables/email-inserts.ts";
import { endQueued, requeueEmail } from "../../src/store/tables/email-queue.ts";
import { settleEmails } from "../../src/store/tables/email-settlements.ts";
import { type Email, findEmail } from "../../src/store/tables/emails.ts";
import { claimOf, ruleOf } from "../support/claim.ts";
import { type GivenEmail, newEmail } from "../support/new-email.ts";
import { sentAt } from "../support/settlement.ts";
import { databases, type OpenDatabase } from "./databases.ts";

const t0 = Date.parse("2026-06-01T12:00:00Z");
const minute = 60_000;
const hour = 60 * minute;

const configOf = (id: string, version = 1) => ({ id, revision: { version } });
const [first, second] = [configOf("config-1"), configOf("config-2")];

describe.each(databases)("claims on $name", ({ start, open, stop }) => {
  let database: OpenDatabase;
  let store: Store;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await open();
    store = database.store;
  });
  afterEach(() => database.dispose());

  async function queueMany(count: number, given: GivenEmail = {}): Promise<string[]> {
    const emails = Array.from({ length: count }, () => newEmail(t0, given));
    await store.transact([insertEmails(store.db, emails)]);
    return emails.map(({ email }) => email.id);
  }

  async function queue(given: GivenEmail = {}): Promise<string> {
    const [id] = await queueMany(1, given);
    if (id === undefined) throw new Error("one is queued");
    return id;
  }

  async function claim(given: Partial<Claim> = {}): Promise<Email[]> {
    const [claimed] = await store.transact([
      claimEmails(store.db, claimOf({ now: t0, leaseMs: 30_000, limit: 20, ...given })),
    ]);
    return claimed.map(({ email }) => email);
  }

  const idsOf = (emails: readonly Email[]) => emails.map(({ id }) => id).sort();

  /** Notes that an email was refused, as the delivery worker does: with the end of a claim. */
  async function refuse(id: string, ...refusedBy: readonly string[]): Promise<void> {
    const claimed = (await claim({ limit: 1_000 })).map((email) => ({
      claimed: email,
      settlement: sentAt(t0, {
        state: "queued",
        nextAttemptAt: t0,
        attemptCount: 0,
        sentAt: null,
        finishedAt: null,
        recipients: [],
        refusedBy: email.id === id ? refusedBy : email.refusedBy,
        attempt: null,
      }),
    }));
    await store.transact([settleEmails(store.db, claimed)]);
  }

  describe("with shares", () => {
    const countsOf = (emails: readonly Email[]) =>
      (["high", "normal", "low"] as const).map(
        (wanted: Priority) => emails.filter(({ priority }) => priority === wanted).length,
      );

    it("take these of each priority first, and the most urgent with the rest", async () => {
      for (const priority of ["high", "normal", "low"] as const) await queueMany(10, { priority });
      const shares = { normal: 3, low: 1 };
      expect(countsOf(await claim({ limit: 8, shares }))).toEqual([4, 3, 1]);
      expect(countsOf(await claim({ limit: 8, shares }))).toEqual([4, 3, 1]);
      expect(countsOf(await claim({ limit: 8, shares }))).toEqual([2, 4, 2]);
      expect(countsOf(await claim({ limit: 8, shares }))).toEqual([0, 0, 6]);
      expect(await claim({ limit: 8, shares })).toEqual([]);
    });

    it("take the oldest of each priority, also if it has a share", async () => {
      const low = await queue({ priority: "low", nextAttemptAt: t0 - 2 });
      await queueMany(2, { priority: "low", nextAttemptAt: t0 - 1 });
      const normal = await queue({ nextAttemptAt: t0 - 2 });
      await queueMany(2, { nextAttemptAt: t0 - 1 });
      expect(idsOf(await claim({ limit: 2, shares: { normal: 1, low: 1 } }))).toEqual([low, normal].sort());
    });

    it("give what a priority does not need to the others, up to the limit", async () => {
      await queueMany(10, { priority: "low" });
      expect(countsOf(await claim({ limit: 6, shares: { normal: 3, low: 1 } }))).toEqual([0, 0, 6]);
      await queueMany(10, { priority: "high" });
      expect(countsOf(await claim({ limit: 4, shares: { normal: 3, low: 0 } }))).toEqual([4, 0, 0]);
    });

    it("never claim an email twice", async () => {
      const ids = [...(await queueMany(7)), ...(await queueMany(5, { priority: "low" }))];
      const claimed = await claim({ limit: 20, shares: { normal: 4, low: 3 } });
      expect(idsOf(claimed)).toEqual([...ids].sort());
      expect(new Set(claimed.map(({ lease }) => lease))).toEqual(new Set([1]));
    });
  });

  describe("of emails that configs have refused", () => {
    it("leave them to others, and take them again once the config was saved anew", async () => {
      const id = await queue();
      await refuse(id, "config-1:1");
      expect(await claim({ rule: ruleOf([first]) })).toEqual([]);
      const [again] = await claim({ rule: ruleOf([configOf("config-1", 2)]) });
      expect(again).toMatchObject({ id, refusedBy: ["config-1:1"] });
    });

    it("mean the whole name of the config and of its version", async () => {
      const ids = await queueMany(1);
      await refuse(ids[0] ?? "", "config-11:1", "config-1:11", "a-config-1:1");
      expect(idsOf(await claim({ rule: ruleOf([first]) }))).toEqual(ids);
    });

    it("are for any config that has not refused them, besides all others", async () => {
      const refused = await queue();
      await refuse(refused, "config-1:1");
      const normal = await queueMany(2);
      expect(idsOf(await claim({ rule: ruleOf([second]) }))).toEqual([refused, ...normal].sort());
    });

    it("are all that a stand-in takes, of every priority, and none that it has refused itself", async () => {
      const refused = await queue({ priority: "low" });
      await refuse(refused, "config-1:1");
      const byBoth = await queue({ priority: "high" });
      await refuse(byBoth, "config-1:1", "config-2:1");
      await queueMany(3);
      const [email, ...more] = await claim({ rule: ruleOf([first, second], 1) });
      expect([email?.id, email?.refusedBy, more]).toEqual([refused, ["config-1:1"], []]);
      const third = await claim({ rule: ruleOf([first, second, configOf("config-3")], 2) });
      expect(third.map(({ id }) => id)).toEqual([byBoth]);
    });

    it("know whether there is anything to claim", async () => {
      const due = { now: t0, expiryNow: t0 };
      const rules = [ruleOf([second]), ruleOf([first, second], 1)];
      const both = () => Promise.all(rules.map((rule) => isAnythingDue(store.db, { ...due, rule })));
      expect(await both()).toEqual([false, false]);
      await queue({ nextAttemptAt: t0 + 1 });
      await queue({ expiresAt: t0 });
      expect(await both()).toEqual([false, false]);
      const id = await queue();
      expect(await both()).toEqual([true, false]);
      await refuse(id, "config-1:1");
      expect(await both()).toEqual([true, true]);
      await refuse(id, "config-1:1", "config-2:1");
      expect(await both()).toEqual([false, false]);
    });

    it("forget the refusals if the email is tried again by hand", async () => {
      const id = await queue();
      await refuse(id, "config-1:1");
      await endQueued(store.db, id, "cancelled", t0);
      expect(await findEmail(store.db, id)).toMatchObject({ refusedBy: ["config-1:1"] });
      await requeueEmail(store.db, id, t0, t0 + hour);
      expect(await findEmail(store.db, id)).toMatchObject({ refusedBy: [] });
      expect(idsOf(await claim({ rule: ruleOf([first]) }))).toEqual([id]);
    });
  });

  it("go by two times: what is due by the one, and has not expired by the other", async () => {
    const id = await queue({ nextAttemptAt: t0 + hour, expiresAt: t0 + 2 * hour });
    expect(await claim({ now: t0 + hour - 1, expiryNow: t0 })).toEqual([]);
    expect(await claim({ now: t0 + 3 * hour, expiryNow: t0 + 2 * hour })).toEqual([]);
    expect(idsOf(await claim({ now: t0 + 3 * hour, expiryNow: t0 + 2 * hour - 1 }))).toEqual([id]);
  });

  describe("after the time of day was set back", () => {
    const now = t0 - hour;
    const longestMs = 5 * hour;
    const again = (before: number | null) => queueAgainAfterStep(store.db, { now, before, longestMs });
    const dueAt = async (id: string) => (await findEmail(store.db, id))?.nextAttemptAt;

    it("find what was due by the time before, and leave what was to come", async () => {
      const due = await queue({ nextAttemptAt: t0 });
      const earlier = await queue({ nextAttemptAt: now - 7 });
      const later = await queue({ nextAttemptAt: t0 + 1, createdAt: t0 });
      await again(t0);
      expect(await Promise.all([due, earlier, later].map(dueAt))).toEqual([now, now - 7, t0 + 1]);
    });

    it("find what waits without an attempt, or for longer than any backoff, unless somebody has scheduled it", async () => {
      const far = now + longestMs + 1;
      const given = { expiresAt: far + hour };
      const retried = await queue({ ...given, nextAttemptAt: far, createdAt: t0 });
      await store.db.updateTable("emails").set({ lease: 1 }).where("id", "=", retried).execute();
      const accepted = await queue({ ...given, nextAttemptAt: far, createdAt: far });
      const scheduled = await queue({ ...given, nextAttemptAt: far, createdAt: t0 });
      const nearer = await queue({ ...given, nextAttemptAt: far - 1, createdAt: far - 1 });
      const backedOff = await queue({ ...given, nextAttemptAt: far - 1, createdAt: t0 });
      const attempted = { lease: 1, attempts: 3 };
      await store.db.updateTable("emails").set(attempted).where("id", "=", backedOff).execute();
      await again(null);
      expect(await Promise.all([retried, accepted, scheduled, nearer, backedOff].map(dueAt))).toEqual([
        ...[now, now, far, now, far - 1],
      ]);
    });

    it("leave what is under way, or has its end", async () => {
      const [under, ended] = [await queue({ nextAttemptAt: t0 }), await queue({ nextAttemptAt: t0 + 1 })];
      await claim();
      await endQueued(store.db, ended, "cancelled", t0);
      await again(t0 + minute);
      expect([await findEmail(store.db, under), await findEmail(store.db, ended)]).toMatchObject([
        { state: "sending", nextAttemptAt: t0 },
        { state: "cancelled", nextAttemptAt: null },
      ]);
    });
  });
});
