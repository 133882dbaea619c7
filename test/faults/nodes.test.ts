import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EmailDetail } from "../../src/emails/emails.ts";
import { createFixedClock, type FixedClock } from "../../src/testing/index.ts";
import { saveConfig } from "../service/calls.ts";
import { ageLeases } from "../support/age-leases.ts";
import { type Freezer, startFreezer } from "../support/freezer.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { makeFleet, type Node } from "./fleet.ts";
import { long } from "./form.ts";
import { allFinal, emailsOf, judge, nothingWrong, Posting } from "./posting.ts";
import { type FaultyRelay, type Place, startFaultyRelay } from "./relay.ts";
import { openScene, type Scene, turns } from "./scene.ts";

const second = 1_000;

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres({ fsync: false });
});
afterAll(() => postgres.stop());

/** The clock of a process that may be stopped, as by SIGSTOP: meanwhile none of its timers fires. */
interface StoppableClock extends FixedClock {
  stop(): void;
  /** The process goes on, and learns what time it is. The timers that are overdue come later. */
  goOn(): void;
  fireOverdue(): void;
}

function stoppable(clock: FixedClock): StoppableClock {
  let stoppedAt: number | null = null;
  let holds = false;
  const overdue = new Set<() => void>();
  return {
    now: () => stoppedAt ?? clock.now(),
    monotonic: () => clock.monotonic() - (stoppedAt === null ? 0 : clock.now() - stoppedAt),
    after(delayMs, callback) {
      const fire = () => {
        if (holds) overdue.add(callback);
        else callback();
      };
      const cancel = clock.after(delayMs, fire);
      return () => {
        overdue.delete(callback);
        return cancel();
      };
    },
    advance: clock.advance,
    step: clock.step,
    get waiting() {
      return clock.waiting + overdue.size;
    },
    stop() {
      stoppedAt = clock.now();
      holds = true;
    },
    goOn() {
      stoppedAt = null;
    },
    fireOverdue() {
      holds = false;
      for (const callback of [...overdue]) {
        overdue.delete(callback);
        callback();
      }
    },
  };
}

/** Two nodes on one database, which share one time. */
let clock: FixedClock;
let clocks: readonly [StoppableClock, StoppableClock];
let nodes: readonly [Scene, Scene];
/** The way of each to the database: nothing that a stopped process asked for arrives. */
let freezers: readonly [Freezer, Freezer];
beforeEach(async () => {
  const database = await postgres.createDatabase();
  freezers = [await startFreezer(database), await startFreezer(database)];
  clock = createFixedClock(Date.parse("2026-06-01T12:00:00Z"));
  clocks = [stoppable(clock), stoppable(clock)];
  const first = await openScene({ database: freezers[0].url, clock: clocks[0] });
  nodes = [first, await openScene({ database: freezers[1].url, clock: clocks[1] })];
  await heartbeats();
});
afterEach(async () => {
  for (const freezer of freezers) freezer.thaw();
  for (const one of clocks) {
    one.goOn();
    one.fireOverdue();
  }
  await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
  for (const freezer of freezers) await freezer[Symbol.asyncDispose]();
});

/** Each node has one more heartbeat, and sees the other. */
async function heartbeats(): Promise<void> {
  const before = clock.now();
  await nodes[0].until("a heartbeat of both nodes", async () => {
    // Not for so long that one is taken for dead whose words are on their way.
    if (clock.now() < before + 11 * second) await clock.advance(second);
    const seen = await nodes[0].services.store.db.selectFrom("nodes").select("seen_at").execute();
    return seen.length === 2 && seen.every(({ seen_at }) => seen_at > before);
  });
}

type Sent = Awaited<ReturnType<Scene["send"]>>;

const countOf = async (state: "queued" | "sending") => (await nodes[0].services.health()).emails[state];

const beforeTheBody: readonly Place[] = ["MAIL", "RCPT", "DATA"];
const inTheBody: readonly Place[] = ["the content", "the final dot"];
/** What a node that goes on meets first: the relay's answer, or its own timers, such as that of its leases. */
const firsts = ["the relay's answer", "its timers"] as const;

describe("a node that stops for longer than its leases last", () => {
  let relay: FaultyRelay;
  let goesOn: () => void;

  /** The node is stopped while its message is at this place; the other one has had the time to take over. */
  async function stopAt(place: Place, request: object): Promise<Sent & { readonly stopped: 0 | 1 }> {
    const held = new Promise<void>((resolve) => {
      goesOn = resolve;
    });
    let isHeld = false;
    relay = await startFaultyRelay({
      async at(spot) {
        if (spot.connection !== 1 || spot.place !== place) return undefined;
        isHeld = true;
        await held;
        return undefined;
      },
    });
    await nodes[0].config(relay);
    const sent = await nodes[0].send(request);
    await nodes[0].until("the message to be there", () => isHeld);
    const stopped = nodes[0].services.worker.sessions() > 0 ? 0 : 1;
    expect(nodes[1 - stopped]?.services.worker.sessions()).toBe(0);
    clocks[stopped].stop();
    freezers[stopped].freeze();
    return { ...sent, stopped };
  }

  async function wakeUp(
    stopped: 0 | 1,
    first: (typeof firsts)[number],
    isOver: () => boolean,
  ): Promise<void> {
    freezers[stopped].thaw();
    clocks[stopped].goOn();
    if (first === "its timers") {
      clocks[stopped].fireOverdue();
      await heartbeats();
    }
    goesOn();
    await nodes[stopped].until("what it had begun to be over", isOver);
    clocks[stopped].fireOverdue();
    // By the next tick, whatever came of it would be written.
    await heartbeats();
    const next = await nodes[stopped].send();
    expect(await nodes[stopped].tried(next.id)).toMatchObject({ state: "sent", possibleDuplicate: false });
  }

  /** @returns the email as it is after the others have dealt with it. */
  async function leasesRunOut(stopped: 0 | 1, id: string): Promise<EmailDetail> {
    const other = nodes[stopped === 0 ? 1 : 0];
    const pass = async () => {
      await ageLeases(other.services.store, 10 * second);
      await clock.advance(10 * second);
    };
    for (let passed = 0; passed < 30; passed += 10) {
      // Until then, a node may come back at any time.
      expect(await other.email(id)).toMatchObject({ state: "sending" });
      await pass();
    }
    await pass();
    await other.until("the other node to take over", async () => {
      const { state } = await other.email(id);
      return state !== "sending" && state !== "queued";
    });
    // Its parts are read one after the other: the state may have been newer than the rest.
    return other.email(id);
  }

  afterEach(() => relay[Symbol.asyncDispose]());

  const sessionIsOver = () => relay.connections[0]?.outcome !== "running";
  const copies = (messageId: string) => relay.taken.filter((message) => message.messageId === messageId);

  describe.each(firsts)("and then meets %s first", (first) => {
    it.each(beforeTheBody)("begins no body after %s, and writes no outcome", async (place) => {
      const { id, messageId, stopped } = await stopAt(place, {});
      const email = await leasesRunOut(stopped, id);
      expect(email).toMatchObject({ state: "sent", possibleDuplicate: true, attemptCount: 1 });
      await wakeUp(stopped, first, sessionIsOver);
      expect(copies(messageId)).toMatchObject([{ connection: 2 }]);
      expect(await nodes[0].email(id)).toEqual(email);
    });

    it.each(inTheBody)("writes no outcome after %s: the email came twice, and is marked", async (place) => {
      const { id, messageId, stopped } = await stopAt(place, {});
      const email = await leasesRunOut(stopped, id);
      expect(email).toMatchObject({ state: "sent", possibleDuplicate: true, attemptCount: 1 });
      await wakeUp(stopped, first, () => copies(messageId).length === 2);
      expect(copies(messageId)).toMatchObject([{ connection: 2 }, { connection: 1 }]);
      expect(await nodes[0].email(id)).toEqual(email);
    });

    it.each(beforeTheBody)(
      "begins no body after %s of an email that is never to come twice",
      async (place) => {
        const { id, messageId, stopped } = await stopAt(place, { onUnknown: "hold" });
        const email = await leasesRunOut(stopped, id);
        expect(email).toMatchObject({ state: "sent", possibleDuplicate: false, attemptCount: 1 });
        await wakeUp(stopped, first, sessionIsOver);
        expect(copies(messageId)).toMatchObject([{ connection: 2 }]);
        expect(await nodes[0].email(id)).toEqual(email);
      },
    );

    it.each(inTheBody)(
      "writes what became of one that is never to come twice, after %s: until then it is unknown",
      async (place) => {
        const { id, messageId, stopped } = await stopAt(place, { onUnknown: "hold" });
        const email = await leasesRunOut(stopped, id);
        expect(email).toMatchObject({ state: "unknown", attemptCount: 0 });
        await wakeUp(stopped, first, () => copies(messageId).length === 1);
        expect(copies(messageId)).toMatchObject([{ connection: 1 }]);
        const after = await nodes[0].until("its late result", async () => {
          const late = await nodes[0].email(id);
          return late.state !== "unknown" && late;
        });
        expect(after).toMatchObject({ state: "sent", possibleDuplicate: false, attemptCount: 1 });
        expect(after.attempts).toMatchObject([{ outcome: "sent" }]);
      },
    );
  });
});

describe("two nodes together", () => {
  async function sendMany(count: number): Promise<readonly string[]> {
    const sent = await Promise.all(
      Array.from({ length: count }, (_, index) => (index % 2 === 0 ? nodes[0] : nodes[1]).send()),
    );
    return sent.map(({ id }) => id);
  }

  async function allSent(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      expect(await nodes[0].tried(id)).toMatchObject({ state: "sent", possibleDuplicate: false });
    }
  }

  it.each([1, 2, 5])("never have more than %d sessions with a relay that takes so many", async (limit) => {
    let open = 0;
    let most = 0;
    // No message ends before all sessions are there: each of them is needed, however slow the nodes are.
    const allOpen = Promise.withResolvers<void>();
    await using relay = await startFaultyRelay({
      async at({ place }, peer) {
        if (place === "the greeting") {
          most = Math.max(most, ++open);
          if (open === limit) allOpen.resolve();
          void peer.closed.then(() => open--);
        }
        if (place === "the final dot") {
          await allOpen.promise;
          await turns();
        }
        return undefined;
      },
    });
    await nodes[0].config(relay, { maxConnections: limit });
    const ids = await sendMany(80);
    await nodes[0].until("all of them", () => relay.taken.length === 80);
    await allSent(ids);
    expect(most).toBe(limit);
  });

  it.each([1, 7])(
    "never begin more than %d messages in a second where so many are allowed",
    async (limit) => {
      await using relay = await startFaultyRelay();
      await nodes[0].config(relay, { maxPerSecond: limit });
      const ids = await sendMany(5 * limit);
      for (let seconds = 1; seconds <= 5; seconds++) {
        await nodes[0].until("as many as may be", () => relay.taken.length === seconds * limit);
        await clock.advance(second - 1);
        // Whatever else would begin has the time to.
        for (const node of nodes) {
          node.services.worker.wake();
          await node.services.health();
        }
        await turns();
        expect(relay.taken).toHaveLength(seconds * limit);
        await clock.advance(1);
      }
      await allSent(ids);
    },
  );

  it("lose nothing and no time if one is stopped: it hands back what it has not begun", async () => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await using relay = await startFaultyRelay({
      async at({ place }) {
        if (place === "the final dot") await held;
        return undefined;
      },
    });
    await nodes[0].config(relay, { maxConnections: 2 });
    const ids = await sendMany(12);
    // Each has one at the relay, and two that are ready to follow.
    await nodes[0].until("both to have taken what they may", async () => (await countOf("sending")) === 6);
    const began = clock.now();
    const stopping = nodes[1].services.close();
    await nodes[0].until("the one to hand back what waits", async () => (await countOf("sending")) === 4);
    answer();
    await stopping;
    expect(clock.now()).toBe(began);
    await nodes[0].until("all of them", async () => {
      await clock.advance(100);
      return (await countOf("queued")) + (await countOf("sending")) === 0;
    });
    await allSent(ids);
    expect(relay.taken).toHaveLength(12);
    expect(clock.now() - began).toBeLessThan(10 * second);
  });
});

// It takes as long as leases last.
if (long) {
  it("a process that SIGSTOP stops loses its emails to another one, and settles nothing when it goes on", {
    timeout: 180_000,
  }, async () => {
    const places: readonly Place[] = ["MAIL", "DATA", "the content", "the final dot"];
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let count = 0;
    await using relay = await startFaultyRelay({
      takesFirst: true,
      async at({ place, connection, message }) {
        if (message !== 1 || place !== places[connection - 1]) return undefined;
        count++;
        await held;
        return undefined;
      },
    });
    await using fleet = makeFleet(2, {
      SENDWRIGHT_SECRET: "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
      SENDWRIGHT_DATABASE_URL: await postgres.createDatabase(),
    });
    const [first, second] = fleet.nodes as [Node, Node];
    await first.start();
    const stopped = await fleet.anyUp();
    await saveConfig(stopped, { host: "127.0.0.1", port: relay.port }, { maxConnections: 8 });
    using posting = new Posting({ to: fleet.anyUp });
    await posting.postAll(places.map((place) => `email for ${place}`));
    await expect.poll(() => count).toBe(places.length);

    stopped.process.kill("SIGSTOP");
    await second.start();
    if (second.service === null) throw new Error("the second node listens");
    await allFinal(second.service);
    expect(relay.taken.filter(({ connection }) => connection > places.length)).toHaveLength(places.length);

    stopped.process.kill("SIGCONT");
    goOn();
    const losses = () => stopped.stdout.split("lease lost; outcome left").length - 1;
    await stopped.line(() => losses() === places.length || undefined);
    await posting.postAll(["one more", "and another"]);
    await allFinal(second.service);
    const log = await emailsOf(second.service);
    const { verdict, figures } = judge(posting.accepted, log, relay.taken);
    expect(verdict).toEqual(nothingWrong);
    // Only the bodies that had begun have come twice.
    expect(figures).toEqual({ accepted: 6, delivered: 6, duplicates: 2, marked: places.length });
  });
}
