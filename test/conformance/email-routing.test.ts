import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { candidatesFor, type RoutedConfig, type RoutedEmail, routeOf } from "../../src/delivery/router.ts";
import { isAnythingDue } from "../../src/store/tables/email-claims.ts";
import { insertEmails } from "../../src/store/tables/email-inserts.ts";
import { refusedByColumn } from "../../src/store/tables/emails.ts";
import { newEmail } from "../support/new-email.ts";
import { t0 } from "../support/queue-on.ts";
import { databases, type OpenDatabase } from "./databases.ts";

const addresses = ["a@one.test", "b@one.test", "A_b@two.test", "axb@two.test", "c%@three.test"];
const senders = [...addresses.map((each) => each.toLowerCase()), "@one.test", "@two.test", "@ee.test"];

const configs = fc
  .array(
    fc.record({
      fromEmail: fc.constantFrom(...addresses.slice(0, 3)).map((each) => each.toLowerCase()),
      senders: fc.uniqueArray(fc.constantFrom(...senders), { maxLength: 3 }),
      isSandbox: fc.boolean(),
      isUsable: fc.boolean(),
      room: fc.option(fc.integer({ min: -1, max: 3 })),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((given) =>
    given.map((config, index) => ({
      ...config,
      id: `c${index}`,
      name: `Config ${index}`,
      refusal: `c${index}:1`,
    })),
  );

const anEmail: fc.Arbitrary<RoutedEmail & { readonly recipients: number }> = fc.record({
  recipients: fc.integer({ min: 1, max: 3 }),
  from: fc.option(
    fc.record({ name: fc.constant(null), address: fc.constantFrom(...addresses, "x@nobody.test") }),
  ),
  via: fc.option(fc.record({ configId: fc.constantFrom("c0", "c1", "gone"), fallback: fc.boolean() })),
  refusedBy: fc.subarray(["c0:1", "c1:1", "c2:1", "c11:1"]),
});

describe.each(databases)("the routing of emails on $name", ({ start, open, stop }) => {
  let database: OpenDatabase;
  beforeAll(async () => {
    await start();
    database = await open();
  });
  afterAll(async () => {
    await database.dispose();
    await stop();
  });

  /** The configs that would claim an email if it were the only one. */
  async function takers(
    email: RoutedEmail & { readonly recipients: number },
    given: readonly (RoutedConfig & { readonly isUsable: boolean; readonly room: number | null })[],
  ): Promise<string[]> {
    const { db, transact } = database.store;
    await db.deleteFrom("emails").execute();
    const { from, via, refusedBy } = email;
    const recipients = Array.from({ length: email.recipients }, (_, index) => `to${index}@example.com`);
    const added = newEmail(t0, { from, via, nextAttemptAt: t0, recipients });
    await transact([insertEmails(db, [added])]);
    await db
      .updateTable("emails")
      .set({ refused_by: refusedByColumn(refusedBy) })
      .execute();
    const usable = given.map(({ isUsable }) => isUsable);
    const due = { now: t0, expiryNow: t0 };
    const found: string[] = [];
    for (const [taker, config] of given.entries()) {
      // A claim itself leaves what has more recipients than there is room for.
      if (!config.isUsable || email.recipients > (config.room ?? Infinity)) continue;
      const rule = { configs: given, taker, usable, rooms: given.map(({ room }) => room) };
      if (await isAnythingDue(db, { ...due, rule })) found.push(config.id);
    }
    return found;
  }

  it("gives each email to the config that the router chooses, and to no other one", async () => {
    await fc.assert(
      fc.asyncProperty(configs, anEmail, async (given, email) => {
        const decision = routeOf(email, given, ({ isUsable, room }) => {
          if (!isUsable) return { state: "unavailable", because: "paused", until: null };
          return room === null ? { state: "available" } : { state: "available", recipients: room };
        });
        const expected = decision.kind === "send" ? [decision.configId] : [];
        expect(await takers(email, given)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("lets a config that is to be tried take what it would take if it could be used", async () => {
    await fc.assert(
      fc.asyncProperty(configs, anEmail, async (given, email) => {
        const { db } = database.store;
        await takers(email, given);
        for (const [taker, config] of given.entries()) {
          const none = given.map(() => false);
          const candidates = candidatesFor(email, given);
          const mayTake = candidates.includes(config) && !email.refusedBy.includes(config.refusal);
          const rule = { configs: given, taker, usable: none };
          expect(await isAnythingDue(db, { now: t0, expiryNow: t0, rule })).toBe(mayTake);
        }
      }),
      { numRuns: 100 },
    );
  });
});
