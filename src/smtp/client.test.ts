import { type AddressInfo, createServer } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { systemClock } from "../core/clock.ts";
import { createEgress } from "../net/egress.ts";
import { createFixedClock, type Peer, startScriptedServer, startTestRelay } from "../testing/index.ts";
import { type Connection, type ConnectOptions, connect, type Message } from "./connection.ts";
import type { TranscriptLine } from "./observer.ts";

const message: Message = {
  from: "a@a.test",
  to: ["b@b.test"],
  content: Buffer.from("Subject: hi\r\n\r\n.dot\r\n"),
  needsSmtpUtf8: false,
};
/** More than one block, so that the relay can act between the first byte and the final dot. */
const largeContent = Buffer.from(`${"x".repeat(76)}\r\n`.repeat(100_000));
const large: Message = { ...message, content: largeContent };

function dial(port: number, options: Partial<ConnectOptions> = {}): Promise<Connection> {
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
function relay(extensions: string, script: (peer: Peer) => Promise<void>) {
  return startScriptedServer(async (peer) => {
    peer.send("220 hi\r\n");
    await peer.expect("EHLO app.test");
    peer.send(extensions === "" ? "250 relay.test\r\n" : `250-relay.test\r\n250 ${extensions}\r\n`);
    await script(peer);
  });
}

/** As far as the 354, for one recipient. */
async function upToData(peer: Peer): Promise<void> {
  await peer.expect(/^MAIL /);
  peer.send("250 a\r\n");
  await peer.expect(/^RCPT /);
  peer.send("250 b\r\n");
  await peer.expect("DATA");
  peer.send("354 c\r\n");
}

describe("sending", () => {
  it("waits for each reply without PIPELINING (RFC 5321 §3.3)", async () => {
    await using server = await relay("", async (peer) => {
      for (const [command, reply] of [
        ["MAIL FROM:<a@a.test>", "250 a"],
        ["RCPT TO:<b@b.test>", "250 b"],
        ["DATA", "354 c"],
      ] as const) {
        await peer.expect(command);
        for (let i = 0; i < 5; i++) await turn();
        expect(peer.received.toString().endsWith(`${command}\r\n`)).toBe(true);
        peer.send(`${reply}\r\n`);
      }
      expect((await peer.body()).toString()).toBe("Subject: hi\r\n\r\n..dot\r\n.\r\n");
      peer.send("250 2.0.0 queued as 7\r\n");
      await peer.expect("QUIT");
      peer.send("221 bye\r\n");
    });
    const connection = await dial(server.port);
    const result = await connection.send(message);
    await connection.quit();
    await server.settled();
    const reply = { code: 250, enhancedCode: "2.0.0", lines: ["2.0.0 queued as 7"] };
    expect(result).toMatchObject({ stage: "message", bodyStarted: true, reply });
    expect(result.recipients).toEqual([{ address: "b@b.test", outcome: "sent", reply }]);
  });

  it("goes in one group where PIPELINING was offered in the latest EHLO (RFC 2920 §3.1)", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      await peer.line();
      await peer.line();
      await peer.expect("DATA");
      peer.send("250 a\r\n250 b\r\n354 c\r\n");
      await peer.body();
      peer.send("250 d\r\n");
      await peer.closed;
    });
    const connection = await dial(server.port);
    expect((await connection.send(message)).recipients[0]?.outcome).toBe("sent");
    connection.destroy();
  });

  it("puts many messages through one connection, each with the bytes it was given", async () => {
    await using server = await startTestRelay();
    const connection = await dial(server.port);
    const contents = Array.from({ length: 20 }, (_, i) =>
      Buffer.from(`X-Number: ${i}\r\n\r\n${".\r\n".repeat(i)}`),
    );
    const long = largeContent.subarray(0, 78 * 10_000);
    for (const content of [long, ...contents]) {
      expect((await connection.send({ ...message, content })).recipients[0]?.outcome).toBe("sent");
    }
    await connection.quit();
    const delivered = await server.delivered(21);
    expect(delivered.map(({ content }) => content)).toEqual([long, ...contents]);
  });

  it("sends the same bytes on each try (RFC 5322 §3.6.4)", async () => {
    const bodies: Buffer[] = [];
    await using server = await relay("", async (peer) => {
      for (const reply of ["451 later", "250 now"]) {
        await upToData(peer);
        bodies.push(await peer.body());
        peer.send(`${reply}\r\n`);
      }
      await peer.closed;
    });
    const connection = await dial(server.port);
    expect((await connection.send(message)).recipients[0]?.outcome).toBe("temporary");
    expect((await connection.send(message)).recipients[0]?.outcome).toBe("sent");
    connection.destroy();
    expect(bodies[1]).toEqual(bodies[0]);
  });

  it("says RSET before the next message where a sender was left over (RFC 5321 §4.1.1.5)", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      for (let i = 0; i < 3; i++) await peer.line();
      peer.send("250 a\r\n550 b\r\n503 c\r\n");
      await peer.expect("RSET");
      peer.send("250 forgotten\r\n");
      for (let i = 0; i < 3; i++) await peer.line();
      peer.send("250 a\r\n250 b\r\n354 c\r\n");
      await peer.body();
      peer.send("250 d\r\n");
      await peer.closed;
    });
    const connection = await dial(server.port);
    expect((await connection.send(message)).recipients[0]?.outcome).toBe("permanent");
    expect((await connection.send(message)).recipients[0]?.outcome).toBe("sent");
    connection.destroy();
  });

  it("sends nothing of a message that cannot be sent", async () => {
    await using server = await relay("SIZE 10", async (peer) => {
      await peer.expect("QUIT");
    });
    const connection = await dial(server.port);
    const codes = [];
    for (const part of [
      {},
      { to: ["b@b.test\r\nRSET"] },
      { needsSmtpUtf8: true },
      { content: Buffer.from("a\n.\n") },
      { content: Buffer.from("ü") },
    ]) {
      codes.push(
        await connection.send({ ...message, ...part }).catch((error: { code: string }) => error.code),
      );
    }
    await connection.quit();
    await server.settled();
    expect(codes).toEqual([
      "smtp.too_large",
      "address.invalid",
      "smtp.smtputf8_missing",
      "input.invalid",
      "input.invalid",
    ]);
  });
});

describe("a connection lost before the final dot (RFC 5321 §3.8)", () => {
  it.each([
    ["after MAIL", 1, "sender"],
    ["after RCPT", 2, "recipient"],
    ["after DATA", 3, "message"],
  ])("%s is thrown as temporary", async (_, lines, stage) => {
    await using server = await relay("", async (peer) => {
      for (let i = 1; i < lines; i++) {
        await peer.line();
        peer.send("250 ok\r\n");
      }
      await peer.line();
      peer.destroy();
    });
    const connection = await dial(server.port);
    await expect(connection.send(message)).rejects.toMatchObject({
      code: "smtp.closed",
      retry: "later",
      smtp: { stage },
    });
  });

  it("in the middle of the content is thrown as temporary", async () => {
    await using server = await relay("", async (peer) => {
      await upToData(peer);
      await peer.bytes(1000);
      peer.reset();
    });
    const connection = await dial(server.port);
    await expect(connection.send(large)).rejects.toMatchObject({
      code: "smtp.closed",
      smtp: { stage: "message" },
    });
  });

  it("cannot be used again", async () => {
    await using server = await relay("", async (peer) => {
      await peer.line();
    });
    const connection = await dial(server.port);
    await expect(connection.send(message)).rejects.toMatchObject({ code: "smtp.closed" });
    await expect(connection.send(message)).rejects.toMatchObject({ code: "smtp.closed" });
    await connection.quit();
  });

  it("takes with it the replies that were still to be read: they are not the next message's", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      for (let i = 0; i < 3; i++) await peer.line();
      peer.send("421 a\r\n503 b\r\n554 c\r\n");
      await peer.closed;
    });
    const connection = await dial(server.port);
    const [first, second] = await Promise.allSettled([connection.send(message), connection.send(message)]);
    expect(first).toMatchObject({ value: { recipients: [{ outcome: "temporary", reply: { code: 421 } }] } });
    expect(second).toMatchObject({ reason: { code: "smtp.closed" } });
  });

  it("by 421 between messages is told with its reply", async () => {
    await using server = await relay("", async (peer) => {
      peer.send("421 4.4.2 idle too long\r\n");
      await peer.closed;
    });
    const connection = await dial(server.port);
    await server.settled();
    await expect(connection.send(message)).rejects.toMatchObject({
      code: "smtp.closed",
      retry: "later",
      smtp: { stage: "sender", reply: { code: 421 } },
    });
  });
});

describe("an answer to the content before its end", () => {
  it("that refuses decides: half a message is none", async () => {
    await using server = await relay("", async (peer) => {
      await upToData(peer);
      await peer.bytes(1000);
      peer.send("552 5.3.4 too big\r\n");
      await peer.closed;
      expect(peer.received.includes("\r\n.\r\n")).toBe(false);
    });
    const connection = await dial(server.port);
    const result = await connection.send(large);
    await server.settled();
    expect(result.recipients).toMatchObject([{ outcome: "permanent", reply: { code: 552 } }]);
  });

  it("that accepts breaks the protocol", async () => {
    await using server = await relay("", async (peer) => {
      await upToData(peer);
      await peer.bytes(1000);
      peer.send("250 taken already\r\n");
      await peer.closed;
    });
    const connection = await dial(server.port);
    await expect(connection.send(large)).rejects.toMatchObject({ code: "smtp.protocol" });
  });

  it("that came with the 354 breaks the protocol, and no content is sent", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      for (let i = 0; i < 3; i++) await peer.line();
      peer.send("250 a\r\n250 b\r\n354 c\r\n250 d\r\n");
      await peer.closed;
      expect(peer.received.includes("Subject")).toBe(false);
    });
    const connection = await dial(server.port);
    await expect(connection.send(message)).rejects.toMatchObject({ code: "smtp.protocol", retry: "later" });
    await server.settled();
  });
});

describe("after the final dot (RFC 1047)", () => {
  it.each([
    ["a closed connection", (peer: Peer) => peer.end()],
    ["a reset", (peer: Peer) => peer.reset()],
    ["half a reply", (peer: Peer) => peer.send("250 o")],
    ["a mixed reply", (peer: Peer) => peer.send("250-ok\r\n550 no\r\n")],
    ["something that is no reply", (peer: Peer) => peer.send("thanks!\r\n")],
  ])("%s leaves the outcome unknown", async (_, act) => {
    await using server = await relay("PIPELINING", async (peer) => {
      for (let i = 0; i < 4; i++) await peer.line();
      peer.send("250 a\r\n250 b\r\n550 c\r\n354 d\r\n");
      await peer.body();
      act(peer);
    });
    const connection = await dial(server.port);
    const result = await connection.send({ ...message, to: ["b@b.test", "c@c.test"] });
    expect(result).toMatchObject({ stage: "message", reply: null, bodyStarted: true });
    expect(result.recipients).toMatchObject([
      { outcome: "unknown", reply: null },
      { outcome: "permanent", reply: { code: 550 } },
    ]);
  });

  it("silence leaves the outcome unknown, after ten minutes (RFC 5321 §4.5.3.2.6)", async () => {
    const clock = createFixedClock();
    const dotted = Promise.withResolvers<void>();
    await using server = await relay("", async (peer) => {
      await upToData(peer);
      await peer.body();
      dotted.resolve();
      await peer.closed;
    });
    const connection = await dial(server.port, { clock });
    const sending = connection.send(message);
    await dotted.promise;
    for (let i = 0; i < 10; i++) await turn();
    await clock.advance(599_000);
    expect(server.connections[0]?.outcome).toBe("running");
    await clock.advance(1_000);
    const { recipients, durationMs } = await sending;
    expect(recipients[0]?.outcome).toBe("unknown");
    expect(durationMs).toBe(600_000);
    expect(clock.waiting).toBe(0);
  });

  it("the caller's signal leaves the outcome unknown", async () => {
    const control = new AbortController();
    await using server = await relay("", async (peer) => {
      await upToData(peer);
      await peer.body();
      control.abort();
      await peer.closed;
    });
    const connection = await dial(server.port, { signal: control.signal });
    expect((await connection.send(message)).recipients[0]?.outcome).toBe("unknown");
  });

  it("a 250 stays, whatever comes of QUIT (RFC 5321 §4.1.1.10)", async () => {
    await using server = await relay("", async (peer) => {
      await upToData(peer);
      await peer.body();
      peer.send("250 taken\r\n550 or not\r\n");
      peer.destroy();
    });
    const connection = await dial(server.port);
    expect((await connection.send(message)).recipients[0]?.outcome).toBe("sent");
    await connection.quit();
    await connection.quit();
  });
});

describe("time", () => {
  it("for the relay to take a block of the content ends (RFC 5321 §4.5.3.2.5)", async () => {
    // A scripted server reads whatever comes; this one stops at DATA.
    const stalling = createServer((socket) => {
      socket.write("220 hi\r\n");
      socket.on("data", (bytes) => {
        const isData = bytes.toString() === "DATA\r\n";
        if (isData) socket.pause();
        socket.write(isData ? "354 go\r\n" : "250 ok\r\n");
      });
      socket.on("error", () => {});
    });
    await new Promise<void>((resolve) => stalling.listen(0, "127.0.0.1", resolve));
    const clock = createFixedClock();
    const connection = await dial((stalling.address() as AddressInfo).port, { clock });
    let error: unknown = null;
    connection.send({ ...message, content: Buffer.concat(Array(4).fill(largeContent)) }).catch((thrown) => {
      error = thrown;
    });
    while (error === null) await clock.advance(1_000);
    stalling.close();
    expect(error).toMatchObject({
      code: "smtp.timeout",
      smtp: { stage: "message" },
      message: expect.stringContaining("180 seconds"),
    });
  });

  it("for one transaction ends, however slowly the replies drip", async () => {
    const clock = createFixedClock();
    await using server = await relay("", async (peer) => {
      await peer.line();
      await peer.dribble("250 a\r\n", () => clock.advance(5_000));
      await peer.line();
      await peer.dribble("250 b\r\n", () => clock.advance(5_000));
      await peer.closed;
    });
    const connection = await dial(server.port, { clock, timeouts: { overallMs: 50_000 } });
    await expect(connection.send(message)).rejects.toMatchObject({
      code: "smtp.timeout",
      smtp: { stage: "recipient" },
      message: expect.stringContaining("total time limit"),
    });
  });
});

describe("a probe", () => {
  it("asks for a sender and a recipient, and gives their replies back", async () => {
    await using server = await relay("", async (peer) => {
      await peer.expect("MAIL FROM:<a@a.test>");
      peer.send("250 2.1.0 fine\r\n");
      await peer.expect("RCPT TO:<b@b.test>");
      peer.send("550 5.7.1 no relaying\r\n");
      await peer.expect("RSET");
      peer.send("250 ok\r\n");
      await peer.expect("QUIT");
      peer.send("221 bye\r\n");
    });
    const connection = await dial(server.port);
    expect(await connection.sender("a@a.test")).toMatchObject({ code: 250, enhancedCode: "2.1.0" });
    expect(await connection.recipient("b@b.test")).toMatchObject({ code: 550, enhancedCode: "5.7.1" });
    await connection.reset();
    await connection.quit();
    await server.settled();
  });

  it("announces a recipient outside ASCII with the sender (RFC 6531 §3.4)", async () => {
    await using server = await relay("SMTPUTF8", async (peer) => {
      await peer.expect("MAIL FROM:<a@a.test> SMTPUTF8");
      peer.send("250 fine\r\n");
      await peer.expect("RCPT TO:<jö@b.test>");
      peer.send("250 fine\r\n");
      await peer.closed;
    });
    const connection = await dial(server.port);
    expect(await connection.sender("a@a.test", "jö@b.test")).toMatchObject({ code: 250 });
    expect(await connection.recipient("jö@b.test")).toMatchObject({ code: 250 });
    connection.destroy();
    await server.settled();
  });

  it("does not take 3yz for an answer", async () => {
    await using server = await relay("", async (peer) => {
      await peer.line();
      peer.send("354 go\r\n");
      await peer.closed;
    });
    const connection = await dial(server.port);
    await expect(connection.sender("a@a.test")).rejects.toMatchObject({ code: "smtp.protocol" });
  });
});

it("shows the commands and replies, but nothing of the content", async () => {
  const transcript: TranscriptLine[] = [];
  await using server = await startTestRelay({ ehlo: ["PIPELINING"] });
  const connection = await dial(server.port, { observer: { transcript: (line) => transcript.push(line) } });
  await connection.send(message);
  await connection.quit();
  expect(
    transcript.slice(3).map(({ stage, from, text }) => `${stage} ${from}: ${text.split(" ")[0]}`),
  ).toEqual([
    "ehlo relay: 250",
    "sender client: MAIL",
    "recipient client: RCPT",
    "message client: DATA",
    "sender relay: 250",
    "recipient relay: 250",
    "message relay: 354",
    "message client: (25",
    "message relay: 250",
  ]);
  expect(JSON.stringify(transcript)).not.toContain("Subject");
});
