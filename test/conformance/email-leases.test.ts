import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { priorities } from "../../src/core/model.ts";
import type { Store } from "../../src/store/store.ts";
import { claimEmails } from "../../src/store/tables/email-claims.ts";
import { insertEmails } from "../../src/store/tables/email-inserts.ts";
import { markBodyStarted, releaseLeases, renewLeases } from "../../src/store/tables/email-leases.ts";
import { type Email, findEmail, listRecipients } from "../../src/store/tables/emails.ts";
import { ageLeases } from "../support/age-leases.ts";
import { claimOf } from "../support/claim.ts";
import { newEmail } from "../support/new-email.ts";
import { queueOn, sent, t0 } from "../support/queue-on.ts";
import { databases, type OpenDatabase } from "./databases.ts";

describe.each(databases)("leases of emails on $name", ({ shared, start, open, stop }) => {
  let database: OpenDatabase;
  let store: Store;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await open();
    store = database.store;
  });
  afterEach(() => database.dispose());
  const { queue, settle, claimAll, claim, releaseAfter } = queueOn(() => store);

  it("keeps emails with the leases that are renewed, also past their time", async () => {
    const ids = [await queue({ at: t0 - 2 }), await queue({ at: t0 - 1 }), await queue()];
    const claimed = await claim();
    const [first, second] = claimed;
    if (first === undefined || second === undefined) throw new Error("three were claimed");
    const renew = (emails: Email[], now: number, leaseMs: number) =>
      renewLeases(store.db, emails, { now, leaseMs });
    expect(await renew([first], t0, 60_000)).toEqual(new Set([ids[0]]));
    expect(await renew([second], t0, 90_000)).toEqual(new Set([ids[1]]));
    expect(await releaseAfter(45_000)).toBe(1);
    expect(await findEmail(store.db, ids[2] ?? "")).toMatchObject({ state: "queued" });
    await ageLeases(store, 30_000);
    expect(await renew(claimed, t0 + 75_000, 60_000)).toEqual(new Set(ids.slice(0, 2)));
    expect(await releaseAfter(45_000, t0 + 75_000)).toBe(0);
    expect(await releaseAfter(15_000, t0 + 120_000)).toBe(2);
  });

  it("renews no lease that was settled, freed or given to another", async () => {
    const settled = await queue({ at: t0 - 2 });
    const freed = await queue({ at: t0 - 1 });
    const claimed = await queue();
    const stale = await claim();
    const [first] = stale;
    if (first?.id !== settled) throw new Error("the oldest comes first");
    await settle(first, sent());
    await releaseAfter(30_000);
    // Both are queued for the same moment now; which of them is claimed does not matter.
    const [again] = await claim(1, t0 + 30_000);
    expect([freed, claimed]).toContain(again?.id);
    const lease = { now: t0 + 30_000, leaseMs: 60_000 };
    expect(await renewLeases(store.db, stale, lease)).toEqual(new Set());
    expect(await renewLeases(store.db, [], lease)).toEqual(new Set());
    expect(await releaseAfter(30_000, t0 + 30_000)).toBe(1);
  });

  it("queues interrupted emails again, marked as possible duplicates", async () => {
    const id = await queue();
    await claim();
    expect(await releaseAfter(15_000)).toBe(0);
    expect(await releaseLeases(store.db, Number.MAX_SAFE_INTEGER, t0 + 7)).toBe(1);
    expect(await findEmail(store.db, id)).toMatchObject({
      state: "queued",
      nextAttemptAt: t0 + 7,
      possibleDuplicate: true,
    });
  });

  it("holds an interrupted email whose body had begun, if so asked, and only then", async () => {
    const begun = await queue({ onUnknown: "hold", at: t0 - 1 });
    const early = await queue({ onUnknown: "hold" });
    const [first] = await claim();
    expect(first?.id).toBe(begun);
    if (first !== undefined) expect(await markBodyStarted(store.db, first, t0)).toBe(true);
    expect(await releaseLeases(store.db, Number.MAX_SAFE_INTEGER, t0)).toBe(2);
    expect(await findEmail(store.db, begun)).toMatchObject({ state: "unknown", finishedAt: t0 });
    expect((await listRecipients(store.db, [begun])).get(begun)).toMatchObject([{ state: "unknown" }]);
    expect(await findEmail(store.db, early)).toMatchObject({ state: "queued", possibleDuplicate: false });
  });

  it("tells leases by the database's clock where it has one, whatever a node's clock says", async () => {
    const id = await queue({ expiresAt: t0 + 10 * 86_400_000 });
    await claim();
    const hour = 3_600_000;
    expect(await releaseLeases(store.db, t0 + hour, t0 + hour)).toBe(shared ? 0 : 1);
    expect(await findEmail(store.db, id)).toMatchObject({ state: shared ? "sending" : "queued" });
  });

  if (!shared) return;
  describe("with several nodes", () => {
    it("gives each email to one of them, when all claim at once", async () => {
      const other = await database.another();
      const emails = Array.from({ length: 120 }, (_, index) =>
        newEmail(t0, { nextAttemptAt: t0 - index, priority: priorities[index % 3] ?? "normal" }),
      );
      await store.transact([insertEmails(store.db, emails)]);
      const claims = await Promise.all(
        Array.from({ length: 12 }, (_, index) => claimAll({ limit: 15 }, index % 2 === 0 ? store : other)),
      );
      const rest = await claimAll({ limit: 200 });
      const ids = [...claims.flat(), ...rest].map(({ email }) => email.id);
      expect(ids).toHaveLength(120);
      expect(new Set(ids).size).toBe(120);
      for (const { email, recipients, content } of claims.flat()) {
        expect(email.lease).toBe(1);
        expect(recipients).toHaveLength(1);
        expect(content).toBeDefined();
      }
    });

    it("does not let one wait for what another is about to claim", async () => {
      const other = await database.another();
      await queue({ at: t0 - 1 });
      const second = await queue();
      await store.transaction(async (transaction) => {
        for (const query of claimEmails(transaction, claimOf({ now: t0, leaseMs: 1, limit: 1 })).queries) {
          await transaction.executeQuery(query);
        }
        expect((await claimAll({}, other)).map(({ email }) => email.id)).toEqual([second]);
      });
    });

    it("shares the emails of a node that is gone among the others", async () => {
      const other = await database.another();
      const ids = [await queue(), await queue()];
      await claimAll({}, other);
      await ageLeases(store, 30_000);
      const freed = await Promise.all(
        [store, other].map(({ transaction }) =>
          transaction((db) => releaseLeases(db, t0 + 30_000, t0 + 30_000)),
        ),
      );
      expect(freed.reduce((sum, count) => sum + count, 0)).toBe(2);
      const claims = await Promise.all([
        claimAll({ limit: 1, now: t0 + 30_000 }),
        claimAll({ limit: 1, now: t0 + 30_000 }, other),
      ]);
      expect(
        claims
          .flat()
          .map(({ email }) => email.id)
          .sort(),
      ).toEqual(ids.sort());
    });
  });
});
