import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { systemClock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import { createEgress } from "../net/egress.ts";
import { createFixedClock, type Peer, startScriptedServer, startTestRelay } from "../testing/index.ts";
import { type ConnectOptions, connect, type DeferredContent, type Message } from "./connection.ts";

function dial(port: number, options: Partial<ConnectOptions> = {}) {
  return connect({
    relay: { host: "127.0.0.1", port, tls: "none", caPem: null, ehloName: "app.test" },
    credentials: null,
    allowCleartextAuth: false,
    egress: createEgress("default"),
    clock: systemClock,
    ...options,
  });
}

/** Greeting and EHLO; then the rest of the script. */
function relay(script: (peer: Peer) => Promise<void>) {
  return startScriptedServer(async (peer) => {
    peer.send("220 hi\r\n");
    await peer.expect("EHLO app.test");
    peer.send("250-relay.test\r\n250-PIPELINING\r\n250 SIZE\r\n");
    await script(peer);
  });
}

const textOf = (name: string) => `Subject: ${name}\r\n\r\n.dot\r\n`;
const message = (name: string, content: Message["content"] = Buffer.from(textOf(name))): Message => ({
  from: "shop@a.test",
  to: [`${name}@b.test`],
  content,
  needsSmtpUtf8: false,
});
/** Content that is read when its turn comes, and notes so. */
function deferred(text: string, log: string[] = [], maxSize = text.length): DeferredContent {
  return {
    maxSize,
    async read() {
      log.push("read");
      await turn();
      const end = text.indexOf("\r\n") + 2;
      return [Buffer.from(text.slice(0, end)), Buffer.from(text.slice(end))];
    },
  };
}

async function expectGroup(peer: Peer, name: string, size = textOf(name).length): Promise<void> {
  await peer.expect(`MAIL FROM:<shop@a.test> SIZE=${size}`);
  await peer.expect(`RCPT TO:<${name}@b.test>`);
  await peer.expect("DATA");
}
const goAhead = "250 a\r\n250 b\r\n354 c\r\n";
const taken = "250 2.0.0 taken\r\n";
const wireOf = (name: string) => `Subject: ${name}\r\n\r\n..dot\r\n.\r\n`;

async function expectSilenceAfter(peer: Peer, end: string): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn();
  expect(peer.received.toString().endsWith(end)).toBe(true);
}

async function endings(sends: readonly ReturnType<Awaited<ReturnType<typeof dial>>["send"]>[]) {
  const settled = await Promise.allSettled(sends);
  return settled.map((one) =>
    one.status === "fulfilled" ? one.value.recipients[0]?.outcome : (one.reason as { code: string }).code,
  );
}

describe("a content that is deferred", () => {
  it("is read when the message has its turn, then sent byte for byte; it is not announced, what follows it is", async () => {
    const log: string[] = [];
    await using server = await relay(async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await peer.body();
      await expectSilenceAfter(peer, "\r\n.\r\n");
      expect(log).toEqual([]);
      peer.send(taken);
      await expectGroup(peer, "two");
      expect(log).toEqual(["read"]);
      peer.send(goAhead);
      expect((await peer.body()).toString()).toBe(wireOf("two"));
      await expectGroup(peer, "three");
      peer.send(taken + goAhead);
      expect((await peer.body()).toString()).toBe(wireOf("three"));
      peer.send(taken);
      await peer.closed;
    });
    const connection = await dial(server.port);
    const sends = [message("one"), message("two", deferred(textOf("two"), log)), message("three")];
    expect(await endings(sends.map((one) => connection.send(one)))).toEqual(["sent", "sent", "sent"]);
    connection.destroy();
    await server.settled();
    expect(log).toEqual(["read"]);
  });

  it("is not read if the connection was lost before its turn", async () => {
    const log: string[] = [];
    await using server = await relay(async (peer) => {
      await expectGroup(peer, "one");
      peer.destroy();
    });
    const connection = await dial(server.port);
    const sends = [message("one"), message("two", deferred(textOf("two"), log))];
    const [, second] = await Promise.allSettled(sends.map((one) => connection.send(one)));
    expect(second).toMatchObject({ reason: { code: "smtp.closed", smtp: { stage: "sender" } } });
    expect(log).toEqual([]);
  });

  it("announces the size that was read, where less is known before", async () => {
    await using server = await relay(async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await peer.body();
      peer.send(taken);
      await peer.closed;
    });
    const connection = await dial(server.port);
    const sending = connection.send(message("one", deferred(textOf("one"), [], 10_000)));
    expect(await endings([sending])).toEqual(["sent"]);
    connection.destroy();
    await server.settled();
  });

  it("may not be withdrawn once it is being read; what waits behind it may", async () => {
    await using server = await startTestRelay();
    const connection = await dial(server.port);
    const reading = Promise.withResolvers<readonly Uint8Array[]>();
    const first = message("one", { maxSize: 100, read: () => reading.promise });
    const [second, third] = [message("two"), message("three")];
    const ended = endings([first, second, third].map((one) => connection.send(one)));
    expect(connection.withdraw(first)).toBe(false);
    expect(connection.withdraw(second)).toBe(true);
    expect(connection.withdraw(second)).toBe(false);
    reading.resolve([Buffer.from(textOf("one"))]);
    expect(await ended).toEqual(["sent", "smtp.withdrawn", "sent"]);
    await connection.quit();
  });

  it.each<[string, DeferredContent, string]>([
    [
      "cannot be read",
      { maxSize: 100, read: () => Promise.reject(new SendwrightError("email.content_gone", "Gone.")) },
      "email.content_gone",
    ],
    ["is larger than announced", deferred(textOf("two"), [], textOf("two").length - 1), "internal"],
    ["has a bare LF", deferred("a\r\nb\nc\r\n"), "input.invalid"],
    ["has a line that is too long", deferred(`a\r\n${"x".repeat(999)}\r\n`), "input.invalid"],
    ["is not ASCII", deferred("a\r\n\u00fc\r\n", [], 100), "input.invalid"],
  ])("and %s fails alone: nothing of it is sent, and the session goes on", async (_how, content, code) => {
    await using server = await relay(async (peer) => {
      for (const name of ["one", "three"]) {
        await expectGroup(peer, name);
        peer.send(goAhead);
        await peer.body();
        await expectSilenceAfter(peer, "\r\n.\r\n");
        peer.send(taken);
      }
      await peer.expect("QUIT");
      peer.send("221 bye\r\n");
    });
    const connection = await dial(server.port);
    const sends = [message("one"), message("two", content), message("three")];
    expect(await endings(sends.map((one) => connection.send(one)))).toEqual(["sent", code, "sent"]);
    await connection.quit();
    await server.settled();
  });
});

describe("the time for a message", () => {
  /** The relay is done 5 seconds before or after the limit, by the reply to MAIL and that to RCPT. */
  async function sendSlowly(bytes: number, secondsToRcpt: number) {
    const clock = createFixedClock();
    await using server = await startScriptedServer(async (peer) => {
      peer.send("220 hi\r\n");
      await peer.expect("EHLO app.test");
      peer.send("250 relay.test\r\n");
      await peer.expect(/^MAIL/);
      // A byte at a time, each within its own limit.
      await peer.dribble("250 a\r\n", () => clock.advance((secondsToRcpt * 1_000) / "250 a\r\n".length));
      await peer.expect(/^RCPT/);
      peer.send("550 5.1.1 no such user\r\n");
      await peer.closed;
    });
    const timeouts = { commandMs: 100_000_000, overallMs: 900_000 };
    const connection = await dial(server.port, { clock, timeouts });
    const content = Buffer.from(`${"x".repeat(62)}\r\n`.repeat(bytes / 64));
    const [ending] = await endings([connection.send(message("one", content))]);
    connection.destroy();
    expect(clock.waiting).toBe(0);
    return ending;
  }

  it.each([
    [0, 900],
    [256 * 1024 - 64, 900],
    [24 * 1024 * 1024, 900 + 6_144],
  ])("grows with its size: with %d octets it has %d seconds", async (bytes, seconds) => {
    expect(await sendSlowly(bytes, seconds - 5)).toBe("permanent");
    expect(await sendSlowly(bytes, seconds + 5)).toBe("smtp.timeout");
  });
});
