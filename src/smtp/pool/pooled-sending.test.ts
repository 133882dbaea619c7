import { describe, expect, it } from "vitest";
import { systemClock } from "../../core/clock.ts";
import { createEgress } from "../../net/egress.ts";
import {
  type Peer,
  type RelayedMessage,
  type RelayOptions,
  relayScript,
  type ScriptedServer,
  startScriptedServer,
} from "../../testing/index.ts";
import { connect, type Message, type SendResult } from "../connection.ts";
import { Pool, type PoolLimits } from "./pool.ts";

/** A relay that counts its clients as relays do: until QUIT, or until they are gone. */
interface CountingRelay extends AsyncDisposable {
  readonly port: number;
  readonly messages: readonly RelayedMessage[];
  /** Messages of each session. */
  readonly perSession: readonly number[];
  readonly mostAtOnce: number;
  /** Sessions that were refused, since there were too many. */
  readonly refused: number;
}

/** What a relay allows. Each session says by its number how it answers. */
interface Allows {
  readonly sessions?: number;
  readonly options?: (taken: () => number) => RelayOptions;
  /** After so many messages it hangs up without a word. */
  readonly messages?: number;
}

async function startRelay({ sessions = 100, options, messages = Number.POSITIVE_INFINITY }: Allows) {
  const delivered: RelayedMessage[] = [];
  const perSession: number[] = [];
  let open = 0;
  let mostAtOnce = 0;
  let refused = 0;

  async function play(peer: Peer): Promise<void> {
    if (open >= sessions) {
      refused++;
      peer.send("421 4.7.0 too many connections from your address\r\n");
      return;
    }
    open++;
    mostAtOnce = Math.max(mostAtOnce, open);
    const index = perSession.push(0) - 1;
    const taken = () => perSession[index] ?? 0;
    const script = relayScript(
      {
        ...options?.(taken),
        onMail: async (from, by) => {
          // What was written before is read by the client first.
          if (taken() >= messages) by.end();
          return options?.(taken).onMail?.(from, by);
        },
      },
      (message) => {
        delivered.push(message);
        perSession[index] = taken() + 1;
      },
    );
    try {
      await script(peer);
    } finally {
      open--;
    }
  }

  const server: ScriptedServer = await startScriptedServer(play);
  return {
    port: server.port,
    messages: delivered,
    perSession,
    get mostAtOnce() {
      return mostAtOnce;
    },
    get refused() {
      return refused;
    },
    [Symbol.asyncDispose]: server.close,
  } satisfies CountingRelay;
}

/** Sends as the delivery worker does: whatever there is capacity for, again and again. */
class Sender {
  readonly pool: Pool;
  readonly #port: number;
  #onCapacity = () => {};

  constructor(port: number, limits: Partial<PoolLimits>) {
    this.#port = port;
    this.pool = new Pool({
      clock: systemClock,
      limits: { maxConnections: 5, maxPerSecond: null, ...limits },
      onCapacity: () => this.#onCapacity(),
    });
  }

  async send(messages: readonly Message[]): Promise<(SendResult | { code: string })[]> {
    const results: Promise<SendResult | { code: string }>[] = [];
    for (const message of messages) {
      while (this.pool.capacity() === 0) {
        await new Promise<void>((resolve) => {
          this.#onCapacity = resolve;
        });
      }
      results.push(this.sendOne(message));
    }
    return Promise.all(results);
  }

  async sendOne(message: Message): Promise<SendResult | { code: string }> {
    const slot = this.pool.acquire();
    try {
      await slot.open(() => connectTo(this.#port));
      return await slot.send(message);
    } catch (error) {
      return { code: (error as { code: string }).code };
    } finally {
      slot.release();
      this.#onCapacity();
    }
  }
}

function connectTo(port: number) {
  return connect({
    relay: { host: "127.0.0.1", port, tls: "none", caPem: null, ehloName: "app.test" },
    credentials: null,
    allowCleartextAuth: false,
    egress: createEgress("default"),
    clock: systemClock,
  });
}

function numbered(count: number): Message[] {
  return Array.from({ length: count }, (_, index) => ({
    from: "shop@a.test",
    to: [`r${index}@b.test`],
    content: Buffer.from(`Subject: ${index}\r\n\r\n${".\r\n".repeat(index % 5)}`),
    needsSmtpUtf8: false,
  }));
}

/** Each message was reported as sent, and was: once, byte for byte. */
function expectAllSent(
  messages: readonly Message[],
  results: readonly (SendResult | { code: string })[],
  relay: CountingRelay,
): void {
  const outcomes = results.map((result) =>
    "recipients" in result ? result.recipients[0]?.outcome : result.code,
  );
  expect(outcomes).toEqual(messages.map(() => "sent"));
  const shown = ({ to, content }: Pick<Message, "to" | "content">) => `${to} ${content}`;
  expect(relay.messages.map(shown).toSorted()).toEqual(messages.map(shown).toSorted());
}

describe.each([
  ["with", true],
  ["without", false],
])("a pool of real sessions %s PIPELINING", (_how, isPipelining) => {
  const options = () => (isPipelining ? {} : { ehlo: ["SIZE"] });

  it("sends many messages, no more than 100 through a session and no more sessions than it may", async () => {
    await using relay = await startRelay({ options });
    const sender = new Sender(relay.port, { maxConnections: 3 });
    const messages = numbered(450);
    const results = await sender.send(messages);
    await sender.pool.close();
    expectAllSent(messages, results, relay);
    expect(Math.max(...relay.perSession)).toBeLessThanOrEqual(100);
    expect(relay.mostAtOnce).toBeLessThanOrEqual(3);
  });

  it("never has one connection more than the relay allows, also where one session follows another", async () => {
    await using relay = await startRelay({ sessions: 1, options });
    const sender = new Sender(relay.port, { maxConnections: 1 });
    const messages = numbered(250);
    const results = await sender.send(messages);
    await sender.pool.close();
    expectAllSent(messages, results, relay);
    expect(relay.perSession).toEqual([100, 100, 50]);
    expect(relay.refused).toBe(0);
  });

  it("does with fewer sessions where the relay allows fewer than configured", async () => {
    await using relay = await startRelay({ sessions: 2, options });
    const sender = new Sender(relay.port, { maxConnections: 5 });
    const messages = numbered(150);
    const results = await sender.send(messages);
    await sender.pool.close();
    expectAllSent(messages, results, relay);
    expect(relay.mostAtOnce).toBe(2);
  });

  it("goes on where the relay ends each session with 421 after some messages (RFC 5321 §3.8)", async () => {
    await using relay = await startRelay({
      options: (taken) => ({
        ...options(),
        onMail: () => (taken() >= 7 ? "421 4.7.0 enough for this session" : undefined),
      }),
    });
    const sender = new Sender(relay.port, { maxConnections: 2 });
    const messages = numbered(60);
    const results = await sender.send(messages);
    await sender.pool.close();
    expectAllSent(messages, results, relay);
    expect(Math.max(...relay.perSession)).toBe(7);
  });

  it("goes on where the relay hangs up without a word after some messages", async () => {
    await using relay = await startRelay({ messages: 5, options });
    const sender = new Sender(relay.port, { maxConnections: 2 });
    const messages = numbered(40);
    const results = await sender.send(messages);
    await sender.pool.close();
    expectAllSent(messages, results, relay);
    expect(Math.max(...relay.perSession)).toBe(5);
  });

  it("finishes what has begun when it is closed, and hands the rest back", async () => {
    const reached = Promise.withResolvers<void>();
    const closing = Promise.withResolvers<undefined>();
    await using relay = await startRelay({
      options: (taken) => ({
        ...options(),
        onDot: () => {
          if (taken() === 0) return undefined;
          reached.resolve();
          return closing.promise;
        },
      }),
    });
    const sender = new Sender(relay.port, { maxConnections: 1 });
    const [first, ...others] = numbered(5);
    if (first === undefined) throw new Error("there are five");
    await sender.sendOne(first);
    const sending = Promise.all(others.map((message) => sender.sendOne(message)));
    await reached.promise;
    const ended = sender.pool.close();
    closing.resolve(undefined);
    const results = (await sending).map((result) => ("code" in result ? result.code : "sent"));
    await ended;
    // What was announced with the content of another has begun too.
    const begun = isPipelining ? 2 : 1;
    expect(results).toEqual(others.map((_, index) => (index < begun ? "sent" : "smtp.withdrawn")));
    expect(relay.messages).toHaveLength(1 + begun);
    expect(sender.pool.size).toBe(0);
  });
});
