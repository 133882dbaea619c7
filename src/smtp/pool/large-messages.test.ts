import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../core/clock.ts";
import { createEgress } from "../../net/egress.ts";
import { type Peer, relayScript, startScriptedServer } from "../../testing/index.ts";
import { connect, type Message } from "../connection.ts";
import { Pool } from "./pool.ts";

const limit = 256 * 1024;
const large = 11 * 1024 * 1024;

/** A relay that answers DATA of the senders it holds only once they are let go. */
async function startRelay() {
  /** Sessions that come from now on are not greeted until it is over. */
  const silence = { promise: Promise.resolve() };
  const gates = new Map<string, PromiseWithResolvers<undefined>>();
  /** Names of the messages, session by session, in the order of their 250. */
  const sessions: string[][] = [];
  const tooMany: string[] = [];
  const server = await startScriptedServer(async (peer: Peer) => {
    await silence.promise;
    const taken: string[] = [];
    sessions.push(taken);
    let from = "";
    let accepted = 0;
    const script = relayScript(
      {
        onMail: (address) => {
          from = address.replace("@a.test", "");
          accepted = 0;
          return undefined;
        },
        onRcpt: (to) => {
          if (accepted++ < 2) return undefined;
          tooMany.push(to);
          return "452 4.5.3 too many recipients";
        },
        onData: () => gates.get(from)?.promise,
      },
      (message) => taken.push(message.from.replace("@a.test", "")),
    );
    await script(peer);
  });
  return {
    port: server.port,
    sessions,
    silence,
    tooMany,
    taken: () => sessions.flat(),
    hold(...names: string[]) {
      for (const name of names) gates.set(name, Promise.withResolvers());
    },
    letGo: (name: string) => gates.get(name)?.resolve(undefined),
    [Symbol.asyncDispose]: server.close,
  };
}

type Relay = Awaited<ReturnType<typeof startRelay>>;

const message = (name: string, size = 100, to: readonly string[] = ["jo@b.test"]): Message => ({
  from: `${name}@a.test`,
  to,
  content: {
    maxSize: size,
    read: async () => [Buffer.from(`${"x".repeat(62)}\r\n`.repeat(Math.floor(size / 64)))],
  },
  needsSmtpUtf8: false,
});

/** Sends as the delivery worker does: it acquires as many slots as there is capacity for, then fills them. */
class Sender {
  readonly pool: Pool;
  readonly #relay: Relay;
  readonly #onCapacity = new Set<() => void>();

  constructor(relay: Relay, maxConnections: number) {
    this.#relay = relay;
    this.pool = new Pool({
      clock: systemClock,
      limits: { maxConnections, maxPerSecond: null },
      onCapacity: () => this.#wake(),
    });
  }

  /** With both sessions open and idle. */
  static async warm(relay: Relay, maxConnections = 2): Promise<Sender> {
    const sender = new Sender(relay, maxConnections);
    relay.hold("w0", "w1");
    const first = sender.send(message("w0"));
    while (sender.pool.capacity() === 0) await turn();
    const others = maxConnections === 1 ? [] : [sender.send(message("w1"))];
    while (relay.sessions.length < maxConnections) await turn();
    relay.letGo("w0");
    relay.letGo("w1");
    await Promise.all([first, ...others]);
    for (const taken of relay.sessions) taken.length = 0;
    return sender;
  }

  /** Whether there is capacity or not. */
  async send(one: Message): Promise<unknown> {
    const { content } = one;
    const slot = this.pool.acquire(content instanceof Uint8Array ? content.length : content.maxSize);
    try {
      await slot.open(() =>
        connect({
          relay: {
            host: "127.0.0.1",
            port: this.#relay.port,
            tls: "none",
            caPem: null,
            ehloName: "app.test",
          },
          credentials: null,
          allowCleartextAuth: false,
          egress: createEgress("default"),
          clock: systemClock,
        }),
      );
      return (await slot.send(one)).recipients[0]?.outcome;
    } finally {
      slot.release();
      this.#wake();
    }
  }

  /** As there is capacity. */
  async sendAll(messages: readonly Message[]): Promise<unknown[]> {
    const sending: Promise<unknown>[] = [];
    for (const one of messages) {
      while (this.pool.capacity() === 0) await new Promise<void>((resolve) => this.#onCapacity.add(resolve));
      sending.push(this.send(one));
    }
    return Promise.all(sending);
  }

  #wake(): void {
    for (const wake of this.#onCapacity) wake();
    this.#onCapacity.clear();
  }
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`);
const sent = (names: readonly unknown[]) => names.map(() => "sent");

describe("a large message", () => {
  it("holds up no small one that comes after it", async () => {
    await using relay = await startRelay();
    const sender = await Sender.warm(relay);
    relay.hold("large");
    const slow = sender.send(message("large", large));
    const names = numbered(60);
    // Every one of them is there before the large one has got as far as its content.
    expect(await sender.sendAll(names.map((name) => message(name)))).toEqual(sent(names));
    expect(relay.taken()).toEqual(names);
    relay.letGo("large");
    expect(await slow).toBe("sent");
    await sender.pool.close();
  });

  it("holds up none of those that acquired a slot with it, under steady load either", async () => {
    await using relay = await startRelay();
    const sender = await Sender.warm(relay);
    relay.hold("large");
    const capacity = sender.pool.capacity();
    expect(capacity).toBeGreaterThanOrEqual(6);
    const slow = sender.send(message("large", large));
    const names = numbered(40);
    const waiting = [...names];
    // The other session is never idle: for each one that is done there is another.
    const keepSending = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
        await sender.send(message(name));
    };
    await Promise.all(Array.from({ length: capacity - 1 }, keepSending));
    expect(relay.taken().toSorted()).toEqual(names.toSorted());
    // None was overtaken by more than hold a slot at once.
    const delays = relay.taken().map((name, index) => index - names.indexOf(name));
    expect(Math.max(...delays)).toBeLessThan(capacity);
    relay.letGo("large");
    expect(await slow).toBe("sent");
    await sender.pool.close();
  });

  it("leaves no capacity behind it in its session", async () => {
    await using relay = await startRelay();
    const sender = await Sender.warm(relay, 1);
    const before = sender.pool.capacity();
    relay.hold("large", "other");
    const other = sender.send(message("other", limit));
    await turn();
    expect(sender.pool.capacity()).toBe(before - 1);
    const slow = sender.send(message("large", limit + 1));
    await turn();
    expect(sender.pool.capacity()).toBe(0);
    relay.letGo("other");
    relay.letGo("large");
    expect([await other, await slow]).toEqual(["sent", "sent"]);
    expect(sender.pool.capacity()).toBeGreaterThanOrEqual(3);
    await sender.pool.close();
  });

  it("that waits in a busy session goes through the one that is idle first", async () => {
    await using relay = await startRelay();
    const sender = await Sender.warm(relay);
    relay.hold("a", "b", "large");
    const [a, b] = [sender.send(message("a")), sender.send(message("b"))];
    const slow = sender.send(message("large", large));
    await turn();
    relay.letGo("b");
    await b;
    // Whichever session it was put into, it does not wait for the other one.
    relay.letGo("large");
    expect(await slow).toBe("sent");
    expect(relay.taken()).toEqual(["b", "large"]);
    relay.letGo("a");
    expect(await a).toBe("sent");
    await sender.pool.close();
  });
});

describe("an idle session", () => {
  it("takes over what waits in a busy one, one after the other and in order", async () => {
    await using relay = await startRelay();
    const sender = await Sender.warm(relay);
    relay.hold("a", "b");
    const names = ["a", "b", "s0", "s1", "s2", "s3"];
    // Two sessions, and two wait behind each: s0 and s2 in that of a, s1 and s3 in that of b.
    const sending = names.map((name) => sender.send(message(name)));
    for (let turns = 0; turns < 20; turns++) await turn();
    relay.letGo("b");
    expect(await Promise.all(sending.slice(1))).toEqual(sent(names.slice(1)));
    expect(relay.taken()).toEqual(["b", "s1", "s3", "s0", "s2"]);
    relay.letGo("a");
    expect(await sending[0]).toBe("sent");
    expect(relay.sessions.filter((taken) => taken.length > 0)).toHaveLength(2);
    await sender.pool.close();
  });

  it("takes nothing over from a pool that is closing: it is handed back", async () => {
    await using relay = await startRelay();
    const sender = await Sender.warm(relay);
    relay.hold("a", "b");
    const sending = ["a", "b", "s0", "s1"].map((name) =>
      sender.send(message(name)).catch((error: { code: string }) => error.code),
    );
    for (let turns = 0; turns < 20; turns++) await turn();
    const closing = sender.pool.close();
    relay.letGo("b");
    expect(await Promise.all(sending.slice(1))).toEqual(["sent", "smtp.withdrawn", "smtp.withdrawn"]);
    relay.letGo("a");
    expect(await sending[0]).toBe("sent");
    await closing;
  });
});

it("the number of recipients that the relay takes is remembered: later messages are split from the start", async () => {
  await using relay = await startRelay();
  const sender = await Sender.warm(relay);
  const to = ["a@b.test", "b@b.test", "c@b.test", "d@b.test", "e@b.test"];
  expect(await sender.send(message("first", 100, to))).toBe("sent");
  expect(relay.tooMany).toEqual(to.slice(2));
  expect(await sender.send(message("second", 100, to))).toBe("sent");
  expect(relay.tooMany).toEqual(to.slice(2));
  expect(relay.taken()).toEqual(["first", "first", "first", "second", "second", "second"]);
  await sender.pool.close();
});

describe("a message that waits for a session to be opened", () => {
  it("goes through another one that is idle before that", async () => {
    await using relay = await startRelay();
    const sender = new Sender(relay, 2);
    relay.hold("large");
    const first = sender.send(message("large", large));
    while (sender.pool.capacity() === 0) await turn();
    const greeting = Promise.withResolvers<void>();
    relay.silence.promise = greeting.promise;
    // Nothing goes behind the large one, so these wait for a session that does not greet.
    const others = [sender.send(message("small1")), sender.send(message("small2"))];
    while (sender.pool.size < 2) await turn();
    relay.letGo("large");
    await Promise.all([first, ...others]);
    expect(relay.sessions).toEqual([["large", "small1", "small2"]]);
    greeting.resolve();
    await sender.pool.close();
  });
});
