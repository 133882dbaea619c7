import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClaimingNode } from "../../test/support/claiming-node.ts";
import { idle } from "../../test/support/idle.ts";
import { type GivenEmail, newEmail } from "../../test/support/new-email.ts";
import { smtpConfig } from "../../test/support/smtp-config.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { insertEmails } from "../store/tables/email-inserts.ts";
import { findEmail } from "../store/tables/emails.ts";
import { insertSmtpConfig } from "../store/tables/smtp-configs.ts";
import { createFixedClock, type FixedClock } from "../testing/fixed-clock.ts";

const second = 1_000;
const minute = 60 * second;

let clock: FixedClock;
let store: Store;
let node: ClaimingNode;
beforeEach(async () => {
  clock = createFixedClock();
  store = await openSqliteStore(":memory:");
  node = new ClaimingNode(store, clock);
});
afterEach(async () => {
  await node.close();
  await store.close();
});

const save = () => insertSmtpConfig(store.db, smtpConfig());

/** Other parts store emails: the claim loop knows nothing of them yet. */
async function queueMany(count: number, given: GivenEmail = {}): Promise<string[]> {
  const emails = Array.from({ length: count }, () => newEmail(clock.now(), given));
  await store.transact([insertEmails(store.db, emails)]);
  return emails.map(({ email }) => email.id);
}

async function queue(given: GivenEmail = {}): Promise<string> {
  const [id] = await queueMany(1, given);
  if (id === undefined) throw new Error("one is queued");
  return id;
}

const stateOf = async (id: string) => (await findEmail(store.db, id))?.state;

describe("an email that is stored while a tick is under way", () => {
  it("is claimed as soon as that has claimed, if that had all of the capacity", async () => {
    await save();
    await node.start();
    const answer = node.unsteady.holdAnswer();
    await node.tick();
    const id = await queue();
    await node.tick();
    expect(node.begun).toEqual([]);
    answer();
    await idle();
    expect(node.ids).toEqual([id]);
  });

  it("is claimed a second after the database was away, if it was away for the next tick too", async () => {
    await save();
    await node.start();
    const fail = node.unsteady.holdToFail();
    await node.tick();
    const id = await queue();
    node.unsteady.failNext();
    await node.tick();
    fail();
    await idle();
    expect(node.begun).toEqual([]);
    await node.pass(1);
    expect(node.ids).toEqual([id]);
  });

  it("is claimed when the configs have been read, if that tick reads them", async () => {
    await node.start();
    const answer = node.unsteady.holdAnswer();
    await save();
    await node.readConfigs();
    const id = await queue();
    node.loop.requestTick();
    answer();
    await idle();
    expect(node.ids).toEqual([id]);
  });

  it("takes no tick more than one for what is new, and one for what was left", async () => {
    await save();
    await node.start();
    const before = node.unsteady.transactions;
    const answer = node.unsteady.holdAnswer();
    await node.tick();
    node.loop.requestTick();
    await node.tick();
    answer();
    await idle();
    expect(node.unsteady.transactions - before).toBe(2);
  });
});

describe("a request for another tick", () => {
  /** Calls the function so many microtasks after the next timer is set, which is the last that a tick does. */
  function afterTheTimer(microtasks: number, call: () => void): void {
    const { after } = clock;
    clock.after = (...timer) => {
      clock.after = after;
      let left = microtasks;
      const next = () => (left-- > 0 ? queueMicrotask(next) : call());
      next();
      return after(...timer);
    };
  }

  it.each([
    ["alone", false],
    ["shared", true],
  ])("is heard at every moment of the end of a tick, on a database that is %s", async (_, shared) => {
    node = new ClaimingNode(store, clock, { shared });
    await save();
    await node.start();
    for (let microtasks = 0; microtasks < 12; microtasks++) {
      afterTheTimer(microtasks, () => node.loop.requestTick());
      const before = node.ticks;
      await node.tick();
      expect(node.ticks - before, `${microtasks} microtasks after the end`).toBe(2);
    }
  });
});

describe("the timer", () => {
  it("wakes the loop when the next email is due, and not before", async () => {
    await save();
    await node.start();
    const id = await queue({ nextAttemptAt: clock.now() + 3 * second });
    await node.tick();
    const before = node.ticks;
    await clock.advance(3 * second - 1);
    await idle();
    expect([node.ticks - before, node.ids]).toEqual([0, []]);
    await clock.advance(1);
    await idle();
    expect(node.ids).toEqual([id]);
  });

  it("ends an email after its last attempt when its time is over, and not before", async () => {
    await save();
    await node.start();
    const expiresAt = clock.now() + 10 * second;
    const id = await queue({ nextAttemptAt: expiresAt, expiresAt });
    await node.tick();
    await clock.advance(10 * second - 1);
    await idle();
    expect(await stateOf(id)).toBe("queued");
    await clock.advance(1);
    await idle();
    expect([await stateOf(id), node.ids]).toEqual(["expired", []]);
  });

  it("wakes the loop at once for an email that falls due while a tick claims", async () => {
    await save();
    await node.start();
    const id = await queue({ nextAttemptAt: clock.now() + second });
    const answer = node.unsteady.holdAnswer();
    await node.tick();
    await clock.advance(second);
    answer();
    await idle();
    await clock.advance(0);
    await idle();
    expect(node.ids).toEqual([id]);
  });

  it("asks once a minute if nothing is queued and nothing announced", async () => {
    node = new ClaimingNode(store, clock, { shared: false });
    await save();
    await node.start();
    const before = node.ticks;
    await node.pass(180);
    expect(node.ticks - before).toBe(3);
  });

  it("asks once a second, not at once, if what is due is not for this node", async () => {
    await save();
    const breaker = { until: clock.now() + 3_600 * second, reason: null, failures: 1, needsAdmin: true };
    await insertSmtpConfig(
      store.db,
      smtpConfig({
        id: "config-2",
        settings: { position: 1 },
        health: { breaker: { state: "open", ...breaker } },
      }),
    );
    const id = await queue();
    await store.db.updateTable("emails").set({ refused_by: " config-1:1 " }).where("id", "=", id).execute();
    await node.start();
    const before = node.ticks;
    await node.pass(60);
    expect([node.ticks - before, node.ids]).toEqual([60, []]);
  });
});

describe("the configs", () => {
  it("are read again after that has failed", async () => {
    await save();
    await node.start();
    await store.db.updateTable("smtp_config").set({ enabled: 0 }).execute();
    node.unsteady.failNext();
    // There is no capacity, so no claim reads them either.
    const slot = node.routes.inOrder[0]?.pool.acquire();
    await node.readConfigs();
    expect(node.routes.inOrder).toHaveLength(1);
    await node.pass(1);
    expect(node.routes.inOrder).toEqual([]);
    slot?.release();
  });

  it("are read again with each tick while none can be used", async () => {
    await node.start();
    const id = await queue();
    await save();
    await node.tick();
    expect(node.ids).toEqual([id]);
  });
});

describe("a node that may not claim", () => {
  it.each([false, true])(
    "claims nothing, and asks the database seldom (others work on it: %s)",
    async (shared) => {
      node = new ClaimingNode(store, clock, { shared });
      await save();
      const id = await queue();
      node.isBlocked = true;
      await node.start();
      const before = node.ticks;
      await node.pass(60);
      // Once a minute, and for the upkeep of a node among others.
      expect(node.ticks - before).toBe(shared ? 6 : 1);
      expect([node.ids, await stateOf(id)]).toEqual([[], "queued"]);
      node.isBlocked = false;
      await node.tick();
      expect(node.ids).toEqual([id]);
    },
  );

  it("tries no config whose cooldown is over", async () => {
    await save();
    await store.db.updateTable("smtp_config").set({ paused_until: clock.now(), failures: 1 }).execute();
    await queue();
    node.isBlocked = true;
    await node.start();
    const before = node.ticks;
    await node.pass(60);
    // Each five seconds the configs are read: somebody may have mended one.
    expect(node.ticks - before).toBe(12);
    const [route] = node.routes.inOrder;
    expect(route?.breakers.permission).toBe("trial");
    expect(route?.breakers.shared.state).toBe("open");
  });

  it("ends all the same what has expired, however much it is", async () => {
    const ids = await queueMany(450, { expiresAt: clock.now() });
    node.isBlocked = true;
    await node.start();
    await idle();
    expect(new Set(await Promise.all(ids.map(stateOf)))).toEqual(new Set(["expired"]));
  });
});

describe("a loop that has stopped claiming", () => {
  it("claims nothing more, but keeps up the leases of what is under way", async () => {
    await save();
    const id = await queue();
    await node.start();
    await node.loop.stopClaiming();
    const later = await queue();
    await node.pass(60);
    expect([node.ids, await stateOf(later)]).toEqual([[id], "queued"]);
    expect(await stateOf(id)).toBe("sending");
    const [first] = node.begun;
    if (first === undefined) throw new Error("one is under way");
    node.leases.assertHeld(first.claimed.email);
  });

  it("leaves no timer behind at its end", async () => {
    await save();
    await node.start();
    await node.loop.stopClaiming();
    node.loop.end();
    expect(clock.waiting).toBe(0);
  });
});

describe("the heartbeat", () => {
  it("comes again within a second if a node announces itself while it is under way", async () => {
    await save();
    await node.start();
    const answer = node.holdHeartbeats();
    await clock.advance(10 * second);
    await idle();
    const before = node.heartbeats;
    node.announced();
    await idle();
    answer();
    await idle();
    expect(node.heartbeats).toBe(before);
    await node.pass(1);
    expect(node.heartbeats).toBe(before + 1);
  });

  it("is one at a time: an older answer never comes after a newer one", async () => {
    await save();
    await node.start();
    const answer = node.holdHeartbeats();
    const before = node.heartbeats;
    await clock.advance(10 * second);
    await idle();
    node.loop.requestTick();
    node.announced();
    await idle();
    expect(node.heartbeats).toBe(before + 1);
    answer();
    await idle();
  });

  it("is waited for before the first claim: a share of a limit is known only then", async () => {
    await save();
    await queue();
    const answer = node.holdHeartbeats();
    const started = node.loop.start();
    await idle();
    expect(node.begun).toEqual([]);
    answer();
    await started;
    await idle();
    expect(node.begun).toHaveLength(1);
  });

  it.each([minute * 60, -minute * 60])(
    "comes each ten seconds also if the clock is set by %i ms",
    async (stepMs) => {
      await save();
      await node.start();
      const before = node.heartbeats;
      clock.step(stepMs);
      await node.pass(30);
      expect(node.heartbeats - before).toBe(3);
    },
  );
});
