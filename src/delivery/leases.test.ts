import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { databases, type OpenDatabase } from "../../test/conformance/databases.ts";
import { ageLeases } from "../../test/support/age-leases.ts";
import { claimOf } from "../../test/support/claim.ts";
import { newEmail } from "../../test/support/new-email.ts";
import type { Store } from "../store/store.ts";
import { claimEmails } from "../store/tables/email-claims.ts";
import { insertEmails } from "../store/tables/email-inserts.ts";
import { releaseLeases } from "../store/tables/email-leases.ts";
import { type Email, findEmail } from "../store/tables/emails.ts";
import { createFixedClock, type FixedClock } from "../testing/fixed-clock.ts";
import { Leases, leaseMs } from "./leases.ts";

const second = 1_000;
const lost = expect.objectContaining({ code: "email.lease_lost" });

describe.each(databases)("leases on $name", ({ shared, start, open, stop }) => {
  let database: OpenDatabase;
  let store: Store;
  let clock: FixedClock;
  let leases: Leases;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await open();
    store = database.store;
    clock = createFixedClock();
    leases = new Leases(store, clock);
  });
  afterEach(() => database.dispose());

  /** Queues emails and claims them, as a tick of the claim loop does; the leases are held by `holder`. */
  async function claim(count: number, holder: Leases | null = leases, by = store): Promise<Email[]> {
    const now = clock.now();
    const emails = Array.from({ length: count }, (_, index) => newEmail(now, { createdAt: now + index }));
    await store.transact([insertEmails(store.db, emails)]);
    const lease = leases.begin();
    const [claimed] = await by.transact([claimEmails(by.db, claimOf({ now, leaseMs, limit: count }))]);
    for (const { email } of claimed) holder?.hold(email, lease);
    return claimed.map(({ email }) => email);
  }

  async function pass(ms: number): Promise<void> {
    await ageLeases(store, ms);
    await clock.advance(ms);
  }

  async function claimOne(holder?: Leases | null, by?: Store): Promise<Email> {
    const [email] = await claim(1, holder, by);
    if (email === undefined) throw new Error("nothing to claim");
    return email;
  }

  async function stateOf({ id }: Email) {
    return (await findEmail(store.db, id))?.state;
  }

  it("run 30 seconds; in the last three no body is begun", async () => {
    const email = await claimOne();
    await pass(27 * second - 1);
    leases.assertHeld(email);
    await pass(1);
    expect(() => leases.assertHeld(email)).toThrow(lost);
  });

  it("are no longer held once they are released, and were not before they were", async () => {
    const email = await claimOne();
    leases.release(email);
    expect(() => leases.assertHeld(email)).toThrow(lost);
    expect(() => leases.assertHeld({ ...email, id: "another" })).toThrow(lost);
  });

  it("go on with each upkeep for as long as they are held, and no longer", async () => {
    const email = await claimOne();
    for (let beat = 0; beat < 6; beat++) {
      await pass(10 * second);
      await leases.upkeep();
      leases.assertHeld(email);
      expect(await stateOf(email)).toBe("sending");
    }
    leases.release(email);
    for (let beat = 0; beat < 3; beat++) {
      await pass(10 * second);
      await leases.upkeep();
    }
    expect(await stateOf(email)).toBe("queued");
  });

  it("are counted while they are held", async () => {
    expect(leases.size).toBe(0);
    const [first] = await claim(2);
    expect(leases.size).toBe(2);
    if (first !== undefined) leases.release(first);
    expect(leases.size).toBe(1);
  });

  it("are renewed past their time if no other node has claimed the email", async () => {
    const email = await claimOne();
    await pass(300 * second);
    expect(() => leases.assertHeld(email)).toThrow(lost);
    await leases.upkeep();
    leases.assertHeld(email);
    expect(await stateOf(email)).toBe("sending");
  });

  it("are not renewed for others: theirs run out and free the emails", async () => {
    const own = await claimOne();
    const foreign = await claimOne(null);
    await pass(10 * second);
    await leases.upkeep();
    await pass(15 * second);
    await leases.upkeep();
    expect(await stateOf(foreign)).toBe("sending");
    await pass(10 * second);
    await leases.upkeep();
    expect(await stateOf(foreign)).toBe("queued");
    expect(await stateOf(own)).toBe("sending");
    leases.assertHeld(own);
  });

  it("are lost with the email: one that was freed meanwhile is not begun", async () => {
    const [kept, freed] = await claim(2);
    if (kept === undefined || freed === undefined) throw new Error("two were claimed");
    await store.db.updateTable("emails").set({ lease_until: 0 }).where("id", "=", freed.id).execute();
    await store.transaction((db) => releaseLeases(db, clock.now(), clock.now()));
    await pass(20 * second);
    await leases.upkeep();
    await pass(7 * second);
    leases.assertHeld(kept);
    expect(() => leases.assertHeld(freed)).toThrow(lost);
  });

  it("are of one claim: a delivery that lost its email is not helped by a later claim, nor does it end that", async () => {
    const before = await claimOne();
    await pass(30 * second);
    await store.transaction((db) => releaseLeases(db, clock.now(), clock.now()));
    const lease = leases.begin();
    const next = claimOf({ now: clock.now(), leaseMs, limit: 1 });
    const [claimed] = await store.transact([claimEmails(store.db, next)]);
    const [again] = claimed;
    if (again?.email.id !== before.id) throw new Error("the email waits");
    leases.hold(again.email, lease);
    expect(() => leases.assertHeld(before)).toThrow(lost);
    leases.assertHeld(again.email);
    leases.release(before);
    leases.assertHeld(again.email);
    leases.release(again.email);
    expect(() => leases.assertHeld(again.email)).toThrow(lost);
  });

  it("are over when their time is over by the time of day, as after the machine has slept", async () => {
    const email = await claimOne();
    await ageLeases(store, 27 * second);
    clock.step(27 * second - 1);
    leases.assertHeld(email);
    clock.step(1);
    expect(() => leases.assertHeld(email)).toThrow(lost);
    await leases.upkeep();
    leases.assertHeld(email);
    expect(await stateOf(email)).toBe("sending");
  });

  it("are not longer for a clock that was set back", async () => {
    const email = await claimOne();
    clock.step(-3_600 * second);
    await pass(27 * second - 1);
    leases.assertHeld(email);
    await pass(1);
    expect(() => leases.assertHeld(email)).toThrow(lost);
  });

  it.each([3_600, -3_600])("go on with each upkeep after the clock was set by %i s", async (seconds) => {
    const email = await claimOne();
    await pass(10 * second);
    clock.step(seconds * second);
    for (let beat = 0; beat < 4; beat++) {
      await leases.upkeep();
      leases.assertHeld(email);
      await pass(10 * second);
    }
    leases.assertHeld(email);
    expect(await stateOf(email)).toBe("sending");
  });

  if (!shared) return;
  describe("of several nodes", () => {
    let other: Store;
    let others: Leases;
    beforeEach(async () => {
      other = await database.another();
      others = new Leases(other, clock);
    });

    it("stay with the node that renews them in time", async () => {
      const email = await claimOne(others, other);
      for (let beat = 0; beat < 5; beat++) {
        await pass(10 * second);
        await others.upkeep();
        await leases.upkeep();
      }
      others.assertHeld(email);
      expect(await stateOf(email)).toBe("sending");
    });

    it("stay with their node if the clock of another one is wrong", async () => {
      const email = await claimOne(others, other);
      clock.step(3_600 * second);
      await leases.upkeep();
      clock.step(-3_600 * second);
      others.assertHeld(email);
      expect(await stateOf(email)).toBe("sending");
    });

    it("pass to the others 30 seconds after their node fell silent; should it wake up, it begins nothing", async () => {
      const email = await claimOne(others, other);
      await pass(30 * second);
      await leases.upkeep();
      expect(await stateOf(email)).toBe("queued");
      const lease = leases.begin();
      const next = claimOf({ now: clock.now(), leaseMs, limit: 1 });
      const [claimed] = await store.transact([claimEmails(store.db, next)]);
      const [again] = claimed;
      if (again === undefined) throw new Error("the email waits");
      leases.hold(again.email, lease);
      await others.upkeep();
      expect(() => others.assertHeld(email)).toThrow(lost);
      leases.assertHeld(again.email);
      await pass(10 * second);
      await Promise.all([leases.upkeep(), others.upkeep()]);
      expect(() => others.assertHeld(email)).toThrow(lost);
      leases.assertHeld(again.email);
    });
  });
});
