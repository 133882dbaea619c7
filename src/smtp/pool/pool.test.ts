import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { SendwrightError } from "../../core/errors.ts";
import { createFixedClock, type FixedClock } from "../../testing/fixed-clock.ts";
import { capabilitiesOf } from "../capabilities.ts";
import type { Connection, Message, SendResult } from "../connection.ts";
import { Pool, type PoolLimits } from "./pool.ts";
import type { Slot } from "./slot.ts";

const second = 1_000;
const reply = (code: number) => ({ code, enhancedCode: null, lines: ["as the test says"] });
const closed = () =>
  new SendwrightError("smtp.closed", "The relay closed the connection.", { smtp: { stage: "sender" } });
const refused = () =>
  new SendwrightError("smtp.rejected", "The relay refused the session.", {
    smtp: { stage: "greeting", reply: reply(421) },
  });

const message: Message = {
  from: "a@a.test",
  to: ["b@b.test"],
  content: Buffer.from("Subject: hi\r\n\r\n"),
  needsSmtpUtf8: false,
};

function ended(code: number, details: Partial<SendResult> = {}): SendResult {
  const outcome = code === 250 ? "sent" : "temporary";
  return {
    recipients: [{ address: "b@b.test", outcome, reply: reply(code) }],
    reply: reply(code),
    stage: "message",
    bodyStarted: true,
    lost: null,
    durationMs: 0,
    ...details,
  };
}

/** A session whose relay does as the test says. Messages take turns, as in a real one. */
class FakeSession implements Connection {
  readonly host = "relay.test";
  readonly address = "192.0.2.1";
  readonly port = 25;
  readonly tls = null;
  readonly capabilities;
  usable = true;
  saidGoodbye = false;
  /** The relay's answer to QUIT. */
  readonly goodbye = Promise.withResolvers<void>();
  readonly #waiting: (PromiseWithResolvers<SendResult> & { readonly message: Message })[] = [];

  constructor(extensions: string) {
    this.capabilities = capabilitiesOf({ ...reply(250), lines: ["relay.test", extensions] });
  }

  /** Messages that it was handed and that have no outcome yet. */
  get load(): number {
    return this.#waiting.length;
  }

  send(message: Message): Promise<SendResult> {
    if (!this.usable) return Promise.reject(closed());
    const sending = { ...Promise.withResolvers<SendResult>(), message };
    this.#waiting.push(sending);
    return sending.promise;
  }

  /** Answers the message whose turn it is. */
  answer(result: SendResult = ended(250)): void {
    this.#waiting.shift()?.resolve(result);
  }

  /** The connection is lost: the message whose turn it is ends so, those behind it have no outcome. */
  lose(first: SendResult | Error = closed()): void {
    this.usable = false;
    for (const [index, sending] of this.#waiting.splice(0).entries()) {
      if (index > 0 || first instanceof Error) sending.reject(index === 0 ? first : closed());
      else sending.resolve(first);
    }
  }

  /** As of a real one that announces nothing: all but the one under way. */
  withdraw(message?: Message): boolean {
    const waiting = this.#waiting.slice(1).filter((one) => message === undefined || one.message === message);
    for (const one of waiting) {
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      one.reject(new SendwrightError("smtp.withdrawn", "Taken back."));
    }
    return waiting.length > 0;
  }

  async quit(): Promise<void> {
    this.saidGoodbye = true;
    if (this.usable) await this.goodbye.promise;
    this.usable = false;
  }

  destroy(): void {
    this.lose();
  }

  sender = () => Promise.reject(new Error("not asked here"));
  recipient = () => Promise.reject(new Error("not asked here"));
  reset = () => Promise.reject(new Error("not asked here"));
}

let clock: FixedClock;
let pool: Pool;
/** How often the pool announced capacity. */
let announced: number;
/** Sessions that are being opened, in their order, until the test lets them in or not. */
let dials: { session: FakeSession; answer: PromiseWithResolvers<Connection> }[];
/** All that were let in. */
let sessions: FakeSession[];

beforeEach(() => {
  clock = createFixedClock();
});

function startPool(limits: Partial<PoolLimits> = {}): Pool {
  announced = 0;
  dials = [];
  sessions = [];
  pool = new Pool({
    clock,
    limits: { maxConnections: 3, maxPerSecond: null, ...limits },
    onCapacity: () => {
      announced++;
    },
  });
  return pool;
}

function connectWith(extensions: string): () => Promise<Connection> {
  return () => {
    const answer = Promise.withResolvers<Connection>();
    dials.push({ session: new FakeSession(extensions), answer });
    return answer.promise;
  };
}
const connect = connectWith("PIPELINING");

/** The relay lets the session in that has waited longest. */
async function letIn(): Promise<FakeSession> {
  const dial = dials.shift();
  if (dial === undefined) throw new Error("nobody is at the door");
  sessions.push(dial.session);
  dial.answer.resolve(dial.session);
  await turn();
  return dial.session;
}

async function turnAway(error: Error = refused()): Promise<void> {
  const dial = dials.shift();
  if (dial === undefined) throw new Error("nobody is at the door");
  dial.answer.reject(error);
  await turn();
}

interface Sending {
  readonly slot: Slot;
  /** The reply's code, or the code of the error. */
  readonly outcome: Promise<unknown>;
}

/** Sends one message, as the delivery worker does. */
async function begin(how = connect, bytes = 0): Promise<Sending> {
  const slot = pool.acquire(bytes);
  const outcome = (async () => {
    try {
      await slot.open(how);
      return (await slot.send(message)).reply?.code;
    } catch (error) {
      return error instanceof SendwrightError ? error.code : error;
    } finally {
      slot.release();
    }
  })();
  await turn();
  return { slot, outcome };
}

/** A pool with one session that has sent a message and is idle. */
async function reachedPool(limits: Partial<PoolLimits> = {}, how = connect): Promise<FakeSession> {
  startPool(limits);
  const first = await begin(how);
  const session = await letIn();
  session.answer();
  expect(await first.outcome).toBe(250);
  await turn();
  return session;
}

describe("a pool whose relay was not reached yet", () => {
  it("lets one message go ahead alone, and is wide open once that has a session", async () => {
    startPool();
    expect(pool.capacity()).toBe(1);
    await begin();
    expect(pool.capacity()).toBe(0);
    const before = announced;
    await letIn();
    expect(announced).toBeGreaterThan(before);
    // Two more in its session, and two sessions to be opened.
    expect(pool.capacity()).toBe(4);
  });

  it("gives the next one a chance where the relay could not be reached", async () => {
    startPool();
    const first = await begin();
    await turnAway();
    expect(await first.outcome).toBe("smtp.rejected");
    await turn();
    expect(pool.capacity()).toBe(1);
    expect(pool.size).toBe(0);
    const next = await begin();
    const session = await letIn();
    session.answer();
    expect(await next.outcome).toBe(250);
  });

  it("has the capacity back of a slot that was never opened", async () => {
    startPool();
    const slot = pool.acquire();
    expect(pool.capacity()).toBe(0);
    slot.release();
    expect(pool.capacity()).toBe(1);
    expect(dials).toEqual([]);
  });

  it("sends one message ahead again once the relay takes no session", async () => {
    const session = await reachedPool();
    session.lose();
    const sendings = [await begin(), await begin(), await begin()];
    for (let count = 0; count < 3; count++) await turnAway();
    for (const { outcome } of sendings) expect(await outcome).toBe("smtp.rejected");
    await turn();
    expect(pool.capacity()).toBe(1);
  });
});

describe("a pool of sessions", () => {
  it("sends the next message through the session that is there", async () => {
    const session = await reachedPool();
    for (let count = 0; count < 5; count++) {
      const next = await begin();
      expect(next.slot.connection).toBe(session);
      session.answer();
      expect(await next.outcome).toBe(250);
    }
    expect(dials).toEqual([]);
    expect(pool.size).toBe(1);
  });

  it("opens more while all are busy, as many as it may; then messages share them evenly", async () => {
    const first = await reachedPool({ maxConnections: 2 });
    await begin();
    await begin();
    const second = await letIn();
    expect([first.load, second.load]).toEqual([1, 1]);
    for (let count = 0; count < 4; count++) await begin();
    expect([first.load, second.load]).toEqual([3, 3]);
    expect(pool.capacity()).toBe(0);
    expect(pool.size).toBe(2);
    expect(dials).toEqual([]);
  });

  it("has one slot in a session without PIPELINING", async () => {
    const session = await reachedPool({ maxConnections: 1 }, connectWith("SIZE"));
    expect(pool.capacity()).toBe(1);
    await begin();
    expect(session.load).toBe(1);
    expect(pool.capacity()).toBe(0);
  });

  it("gives a fast session what it sends in 20 ms, and a slow one three slots again", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    expect(pool.capacity()).toBe(3);
    const sendEvery = async (intervalMs: number, count: number) => {
      for (let sent = 0; sent < count; sent++) {
        const next = await begin();
        await clock.advance(intervalMs);
        session.answer();
        await next.outcome;
      }
    };
    await sendEvery(4, 10);
    expect(pool.capacity()).toBe(3 + 5);
    await sendEvery(1, 40);
    expect(pool.capacity()).toBe(3 + 12);
    await sendEvery(500, 10);
    expect(pool.capacity()).toBe(3);
  });

  it("ends a session after 100 messages, and goes on with a new one", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    for (let count = 1; count < 100; count++) {
      expect(session.saidGoodbye).toBe(false);
      const next = await begin();
      session.answer();
      expect(await next.outcome).toBe(250);
    }
    await turn();
    expect(session.saidGoodbye).toBe(true);
    session.goodbye.resolve();
    await turn();
    const next = await begin();
    const fresh = await letIn();
    fresh.answer();
    expect(await next.outcome).toBe(250);
  });

  it("hands a session no more than 100 messages, also where several hold a slot in it", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    for (let count = 1; count < 98; count++) {
      const next = await begin();
      session.answer();
      await next.outcome;
    }
    const last = [await begin(), await begin()];
    expect(pool.capacity()).toBe(0);
    session.answer();
    expect(await last[0]?.outcome).toBe(250);
    await turn();
    expect(pool.capacity()).toBe(0);
    expect(session.saidGoodbye).toBe(false);
    session.answer();
    expect(await last[1]?.outcome).toBe(250);
    await turn();
    expect(session.saidGoodbye).toBe(true);
  });

  it("ends a session that was idle for ten seconds", async () => {
    const session = await reachedPool();
    await clock.advance(10 * second - 1);
    expect(session.saidGoodbye).toBe(false);
    const next = await begin();
    await clock.advance(5 * second);
    session.answer();
    await next.outcome;
    await turn();
    await clock.advance(10 * second - 1);
    expect(session.saidGoodbye).toBe(false);
    await clock.advance(1);
    expect(session.saidGoodbye).toBe(true);
    session.goodbye.resolve();
    await turn();
    expect(pool.size).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  it("opens a new session where the relay hung up on an idle one", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    session.lose();
    expect(pool.capacity()).toBe(1);
    const next = await begin();
    const fresh = await letIn();
    fresh.answer();
    expect(await next.outcome).toBe(250);
    expect(pool.size).toBe(1);
  });

  it("counts a session until its goodbye is over: the relay does too", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    await clock.advance(10 * second);
    expect(session.saidGoodbye).toBe(true);
    expect(pool.size).toBe(1);
    expect(pool.capacity()).toBe(0);
    const before = announced;
    session.goodbye.resolve();
    await turn();
    expect(announced).toBeGreaterThan(before);
    expect(pool.size).toBe(0);
    expect(pool.capacity()).toBe(1);
  });
});

describe("a message whose session is lost", () => {
  it("before its turn goes through another one", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    const [first, next] = [await begin(), await begin()];
    session.lose(ended(250, { recipients: [{ address: "b@b.test", outcome: "unknown", reply: null }] }));
    await turn();
    const fresh = await letIn();
    expect(next?.slot.connection).toBe(fresh);
    fresh.answer();
    expect(await next?.outcome).toBe(250);
    await first?.outcome;
  });

  it("after its content was complete does not: its outcome is unknown", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    const sending = await begin();
    session.lose(
      ended(0, { reply: null, recipients: [{ address: "b@b.test", outcome: "unknown", reply: null }] }),
    );
    expect(await sending.outcome).toBeUndefined();
    expect(dials).toEqual([]);
  });

  it("as the first one on a fresh session does not: the session is no better than the relay", async () => {
    startPool();
    const sending = await begin();
    const session = await letIn();
    session.lose();
    expect(await sending.outcome).toBe("smtp.closed");
    expect(dials).toEqual([]);
  });

  it("goes through another one that is free, rather than through a new one", async () => {
    const first = await reachedPool({ maxConnections: 2 });
    const [sending, other] = [await begin(), await begin()];
    const second = await letIn();
    second.answer();
    expect(await other?.outcome).toBe(250);
    await turn();
    first.lose();
    await turn();
    expect(sending?.slot.connection).toBe(second);
    expect(dials).toEqual([]);
    second.answer();
    expect(await sending?.outcome).toBe(250);
  });

  it("waits behind others where there may be no new one", async () => {
    const first = await reachedPool({ maxConnections: 2 });
    const sendings = [await begin(), await begin()];
    const second = await letIn();
    for (let count = 0; count < 4; count++) sendings.push(await begin());
    expect([first.load, second.load]).toEqual([3, 3]);
    first.lose();
    await turn();
    // One of the three opens a session, the others wait in it until it is open.
    expect(dials).toHaveLength(1);
    const third = await letIn();
    expect([second.load, third.load]).toEqual([3, 3]);
    for (let count = 0; count < 3; count++) {
      second.answer();
      third.answer();
    }
    for (const { outcome } of sendings) expect(await outcome).toBe(250);
  });

  it("by 421 at its first command goes through another one (RFC 5321 §3.8)", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    const sending = await begin();
    session.usable = false;
    session.answer(ended(421, { stage: "sender", bodyStarted: false }));
    await turn();
    const fresh = await letIn();
    fresh.answer();
    expect(await sending.outcome).toBe(250);
  });

  it("by 421 to its content does not: that was the relay's word on it", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    const sending = await begin();
    session.usable = false;
    session.answer(ended(421));
    expect(await sending.outcome).toBe(421);
    expect(dials).toEqual([]);
  });

  it("by 421 does not where the relay had refused one of its recipients", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    const sending = await begin();
    session.usable = false;
    const recipients = [550, 421].map((code) => ({
      address: `r${code}@b.test`,
      outcome: code === 550 ? ("permanent" as const) : ("temporary" as const),
      reply: reply(code),
    }));
    session.answer(ended(421, { stage: "recipient", bodyStarted: false, recipients }));
    expect(await sending.outcome).toBe(421);
    expect(dials).toEqual([]);
  });

  it("in its turn goes from session to session three times; then the relay's word is its outcome", async () => {
    const first = await reachedPool({ maxConnections: 5 });
    const others: Sending[] = [];
    for (let count = 0; count < 5; count++) others.push(await begin());
    while (dials.length > 0) await letIn();
    for (const session of sessions) session.answer();
    for (const { outcome } of others) await outcome;
    await turn();
    const sending = await begin();
    expect(first.load).toBe(1);
    for (const session of sessions.slice(0, 4)) {
      expect(session.load).toBe(1);
      session.lose();
      await turn();
    }
    expect(await sending.outcome).toBe("smtp.closed");
    expect(sessions[4]?.load).toBe(0);
    expect(dials).toEqual([]);
  });

  it("may go on as often after an idle session has taken it over, which was no loss", async () => {
    await reachedPool({ maxConnections: 5 });
    const others: Sending[] = [];
    for (let count = 0; count < 5; count++) others.push(await begin());
    while (dials.length > 0) await letIn();
    const sending = await begin();
    const busy = sessions.findIndex(({ load }) => load === 2);
    for (const [index, session] of sessions.entries()) if (index !== busy) session.answer();
    await turn();
    expect(sessions[busy]?.load).toBe(1);
    sessions[busy]?.answer();
    for (const { outcome } of others) expect(await outcome).toBe(250);
    await turn();
    for (let losses = 0; losses < 4; losses++) {
      const session = sessions.find(({ load }) => load === 1);
      expect(session).toBeDefined();
      session?.lose();
      await turn();
    }
    expect(await sending.outcome).toBe("smtp.closed");
    expect(dials).toEqual([]);
  });

  it("fails with what kept the next session from being opened", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    const sending = await begin();
    session.lose();
    await turn();
    await turnAway();
    expect(await sending.outcome).toBe("smtp.rejected");
  });

  it("stays with the sessions that the relay allows, where it takes no new one", async () => {
    const first = await reachedPool({ maxConnections: 3 });
    const sendings = [await begin(), await begin()];
    const second = await letIn();
    // The third session is refused while the first is lost: its message has one left to go through.
    sendings.push(await begin());
    first.lose();
    await turn();
    while (dials.length > 0) await turnAway();
    await turn();
    expect(second.load).toBe(3);
    for (let count = 0; count < 3; count++) second.answer();
    for (const { outcome } of sendings) expect(await outcome).toBe(250);
  });

  it("is not moved for what is wrong with itself", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    const sending = await begin();
    session.lose(new SendwrightError("email.lease_lost", "Another node has it."));
    expect(await sending.outcome).toBe("email.lease_lost");
    expect(dials).toEqual([]);
  });
});

describe("a relay that allows fewer connections than configured", () => {
  it("is sent the message through a session that is open, and asked for no more of them for a minute", async () => {
    const session = await reachedPool({ maxConnections: 5 });
    const [busy, other] = [await begin(), await begin()];
    expect(dials).toHaveLength(1);
    await turnAway();
    expect(session.load).toBe(2);
    expect(pool.size).toBe(1);
    // The third slot in the one session is all there is.
    expect(pool.capacity()).toBe(1);
    await clock.advance(second);
    session.answer();
    session.answer();
    expect(await busy?.outcome).toBe(250);
    expect(await other?.outcome).toBe(250);
    const kept = [await begin(), await begin(), await begin()];
    expect(dials).toEqual([]);
    expect(pool.capacity()).toBe(0);
    const before = announced;
    await clock.advance(59 * second - 1);
    expect(pool.capacity()).toBe(0);
    expect(announced).toBe(before);
    await clock.advance(1);
    expect(announced).toBe(before + 1);
    expect(pool.capacity()).toBe(4);
    for (const { outcome } of kept) {
      session.answer();
      expect(await outcome).toBe(250);
    }
  });

  it("is not asked for a session at all by a node whose share is none", async () => {
    startPool({ maxConnections: 0 });
    expect(pool.capacity()).toBe(0);
    expect(pool.capacityInMs()).toBeNull();
    await clock.advance(60 * second);
    expect(pool.capacity()).toBe(0);
  });
});

describe("a limit of messages per second", () => {
  it("has capacity for so many, and says when there will be more", async () => {
    await reachedPool({ maxConnections: 2, maxPerSecond: 3 });
    expect(pool.capacity()).toBe(2);
    expect(pool.capacityInMs()).toBeNull();
    await begin();
    await begin();
    expect(pool.capacity()).toBe(0);
    expect(pool.capacityInMs()).toBe(second);
    await clock.advance(second);
    expect(pool.capacity()).toBe(2);
  });

  it("is the same whatever the time of day is set to meanwhile", async () => {
    await reachedPool({ maxConnections: 2, maxPerSecond: 2 });
    await begin();
    await begin();
    for (const stepMs of [-3_600 * second, 7_200 * second]) {
      clock.step(stepMs);
      expect([pool.capacity(), pool.capacityInMs()]).toEqual([0, second]);
    }
    await clock.advance(second);
    expect(pool.capacity()).toBe(2);
  });

  it("does not promise capacity that the sessions do not have", async () => {
    await reachedPool({ maxConnections: 1, maxPerSecond: 4 });
    for (let count = 0; count < 3; count++) await begin();
    expect(pool.capacity()).toBe(0);
    expect(pool.capacityInMs()).toBeNull();
  });

  it("of none, as a node's share may be, has no capacity, now or later", () => {
    startPool({ maxPerSecond: 0 });
    expect(pool.capacity()).toBe(0);
    expect(pool.capacityInMs()).toBeNull();
  });
});

describe("closing a pool", () => {
  it("finishes what has begun, hands back what has not, then says goodbye", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    const [first, waiting] = [await begin(), await begin()];
    let isClosed = false;
    const closing = pool.close().then(() => {
      isClosed = true;
    });
    expect(await waiting?.outcome).toBe("smtp.withdrawn");
    await turn();
    expect(session.saidGoodbye).toBe(false);
    session.answer();
    expect(await first?.outcome).toBe(250);
    await turn();
    expect(session.saidGoodbye).toBe(true);
    expect(isClosed).toBe(false);
    session.goodbye.resolve();
    await closing;
    expect(pool.size).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  it("says goodbye to idle sessions at once, and has no capacity", async () => {
    const session = await reachedPool();
    session.goodbye.resolve();
    await pool.close();
    expect(session.saidGoodbye).toBe(true);
    expect(pool.capacity()).toBe(0);
    expect(pool.capacityInMs()).toBeNull();
    expect(await (await begin()).outcome).toBe("smtp.withdrawn");
    expect(dials).toEqual([]);
    expect(pool.capacity()).toBe(0);
  });

  it("waits for goodbyes that were under way", async () => {
    const session = await reachedPool();
    await clock.advance(10 * second);
    expect(session.saidGoodbye).toBe(true);
    let isClosed = false;
    const closing = pool.close().then(() => {
      isClosed = true;
    });
    await turn();
    expect(isClosed).toBe(false);
    session.goodbye.resolve();
    await closing;
  });

  it("hands back a message whose session is still being opened", async () => {
    startPool();
    const sending = await begin();
    const closing = pool.close();
    const session = await letIn();
    expect(await sending.outcome).toBe("smtp.withdrawn");
    expect(session.load).toBe(0);
    session.goodbye.resolve();
    await closing;
    expect(session.saidGoodbye).toBe(true);
  });

  it("hands back a message between sessions", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    const sending = await begin();
    session.lose();
    await turn();
    const closing = pool.close();
    const fresh = await letIn();
    expect(await sending.outcome).toBe("smtp.withdrawn");
    fresh.goodbye.resolve();
    await closing;
  });

  it("is done when the last session could not be opened", async () => {
    startPool();
    const sending = await begin();
    const closing = pool.close();
    await turnAway();
    expect(await sending.outcome).toBe("smtp.rejected");
    await closing;
    expect(pool.size).toBe(0);
  });

  it("does not wait for a session that is lost", async () => {
    const session = await reachedPool({ maxConnections: 1 });
    const sending = await begin();
    const closing = pool.close();
    session.lose();
    expect(await sending.outcome).toBe("smtp.closed");
    await closing;
  });
});

describe("whatever happens", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant({ kind: "send", bytes: 0 } as const) },
    { weight: 1, arbitrary: fc.constant({ kind: "send", bytes: 1_000_000 } as const) },
    { weight: 3, arbitrary: fc.constant({ kind: "let in" } as const) },
    { weight: 1, arbitrary: fc.constant({ kind: "turn away" } as const) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("answer" as const), which: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose" as const), which: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("421" as const), which: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("goodbye" as const), which: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(15_000) }) },
  );
  const limits = fc.record({
    maxConnections: fc.integer({ min: 1, max: 3 }),
    maxPerSecond: fc.option(fc.integer({ min: 1, max: 5 })),
  });

  it("the relay never sees more connections than it may, each message ends once, and nothing is left behind", async () => {
    await fc.assert(
      fc.asyncProperty(limits, fc.array(step, { maxLength: 60 }), async (given, steps) => {
        clock = createFixedClock();
        startPool(given);
        const outcomes: unknown[] = [];
        let begun = 0;
        const alive = () => sessions.filter(({ usable }) => usable);
        const at = (which: number) => alive()[which % Math.max(1, alive().length)];
        for (const one of steps) {
          if (one.kind === "send" && pool.capacity() > 0) {
            begun++;
            void (await begin(connect, one.bytes)).outcome.then((outcome) => outcomes.push(outcome));
          } else if (one.kind === "let in" && dials.length > 0) await letIn();
          else if (one.kind === "turn away" && dials.length > 0) await turnAway();
          else if (one.kind === "answer") at(one.which)?.answer();
          else if (one.kind === "lose") at(one.which)?.lose();
          else if (one.kind === "421") {
            const session = at(one.which);
            session?.answer(ended(421, { stage: "sender", bodyStarted: false }));
            session?.lose();
          } else if (one.kind === "goodbye") at(one.which)?.goodbye.resolve();
          else if (one.kind === "wait") await clock.advance(one.ms);
          await turn();
          expect(alive().length + dials.length).toBeLessThanOrEqual(given.maxConnections);
        }
        // What one session hands over to another is not handed back.
        expect(outcomes).not.toContain("smtp.withdrawn");
        const closing = pool.close();
        for (let turns = 0; turns < 20; turns++) {
          while (dials.length > 0) await letIn();
          for (const session of sessions) {
            session.answer();
            session.goodbye.resolve();
          }
          await turn();
          expect(alive().length + dials.length).toBeLessThanOrEqual(given.maxConnections);
        }
        await closing;
        expect(outcomes).toHaveLength(begun);
        for (const outcome of outcomes) {
          expect([250, 421, "smtp.closed", "smtp.rejected", "smtp.withdrawn"]).toContain(outcome);
        }
        expect(alive()).toEqual([]);
        expect(pool.size).toBe(0);
        expect(clock.waiting).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
