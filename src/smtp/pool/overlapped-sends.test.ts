import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../core/clock.ts";
import { SendwrightError } from "../../core/errors.ts";
import { createEgress } from "../../net/egress.ts";
import { type Peer, startScriptedServer, startTestRelay } from "../../testing/index.ts";
import { type Connection, connect, type Message, type SendResult } from "../connection.ts";

function dial(port: number): Promise<Connection> {
  return connect({
    relay: { host: "127.0.0.1", port, tls: "none", caPem: null, ehloName: "app.test" },
    credentials: null,
    allowCleartextAuth: false,
    egress: createEgress("default"),
    clock: systemClock,
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

const message = (name: string, overrides: Partial<Message> = {}): Message => ({
  from: "shop@a.test",
  to: [`${name}@b.test`],
  content: Buffer.from(`Subject: ${name}\r\n\r\n.dot\r\n`),
  needsSmtpUtf8: false,
  ...overrides,
});
const bodyOf = (name: string) => `Subject: ${name}\r\n\r\n..dot\r\n.\r\n`;
const groupOf = (name: string) => ["MAIL FROM:<shop@a.test>", `RCPT TO:<${name}@b.test>`, "DATA"];
const taken = "250 2.0.0 taken\r\n";
const goAhead = "250 a\r\n250 b\r\n354 c\r\n";
/** More than one block, so that the relay can act between the first byte and the last block. */
const large = Buffer.from(`${"x".repeat(76)}\r\n`.repeat(100_000));

async function expectGroup(peer: Peer, name: string): Promise<void> {
  for (const line of groupOf(name)) await peer.expect(line);
}

/** Nothing comes after this, however long the client is given. */
async function expectSilenceAfter(peer: Peer, end: string): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn();
  expect(peer.received.toString().endsWith(end)).toBe(true);
}

/** How each ended: with the outcome of its first recipient, or with the code of its error. */
async function endings(sends: readonly Promise<SendResult>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(sends);
  return settled.map((one) =>
    one.status === "fulfilled" ? one.value.recipients[0]?.outcome : (one.reason as { code: string }).code,
  );
}

describe("messages handed over while one is under way", () => {
  it("take one round trip each: content and the next one's MAIL, RCPT, DATA leave in one write (RFC 2920 §3.1)", async () => {
    const names = ["one", "two", "three", "four"];
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      await expectSilenceAfter(peer, "DATA\r\n");
      peer.send(goAhead);
      for (const next of names.slice(1)) {
        const current = names[names.indexOf(next) - 1] ?? "";
        // Nothing is answered before the whole group is there: who waited for the 250 would wait for ever.
        expect((await peer.body()).toString()).toBe(bodyOf(current));
        expect(peer.received.toString().endsWith(`${[".", ...groupOf(next)].join("\r\n")}\r\n`)).toBe(true);
        await expectGroup(peer, next);
        peer.send(taken + goAhead);
      }
      expect((await peer.body()).toString()).toBe(bodyOf("four"));
      await expectSilenceAfter(peer, "\r\n.\r\n");
      peer.send(taken);
      await peer.expect("QUIT");
      peer.send("221 bye\r\n");
    });
    const connection = await dial(server.port);
    const sends = names.map((name) => connection.send(message(name)));
    expect(await endings(sends)).toEqual(["sent", "sent", "sent", "sent"]);
    await connection.quit();
    await server.settled();
  });

  it("go out with the last block of a long message", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "long");
      peer.send(goAhead);
      expect((await peer.body()).length).toBe(large.length + ".\r\n".length);
      await expectGroup(peer, "next");
      peer.send(taken + goAhead);
      await peer.body();
      peer.send(taken);
      await peer.closed;
    });
    const connection = await dial(server.port);
    const sends = [connection.send(message("long", { content: large })), connection.send(message("next"))];
    expect(await endings(sends)).toEqual(["sent", "sent"]);
    connection.destroy();
    await server.settled();
  });

  it("are not announced without PIPELINING: each command waits for the reply before it", async () => {
    await using server = await relay("SIZE", async (peer) => {
      for (const name of ["one", "two"]) {
        for (const [command, reply] of [
          [/^MAIL FROM:<shop@a.test> SIZE=\d+$/, "250 a"],
          [`RCPT TO:<${name}@b.test>`, "250 b"],
          ["DATA", "354 c"],
        ] as const) {
          const line = await peer.expect(command);
          await expectSilenceAfter(peer, `${line}\r\n`);
          peer.send(`${reply}\r\n`);
        }
        expect((await peer.body()).toString()).toBe(bodyOf(name));
        await expectSilenceAfter(peer, "\r\n.\r\n");
        peer.send(taken);
      }
      await peer.closed;
    });
    const connection = await dial(server.port);
    const sends = ["one", "two"].map((name) => connection.send(message(name)));
    expect(await endings(sends)).toEqual(["sent", "sent"]);
    connection.destroy();
    await server.settled();
  });

  it("are not announced with RSET due: that comes first, alone (RFC 5321 §4.1.1.5)", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      peer.send("250 a\r\n550 5.1.1 no such user\r\n503 5.5.1 no recipients\r\n");
      await peer.expect("RSET");
      await expectSilenceAfter(peer, "RSET\r\n");
      peer.send("250 forgotten\r\n");
      await expectGroup(peer, "two");
      peer.send(goAhead);
      await peer.body();
      await expectGroup(peer, "three");
      // The sender is refused: there is nothing to forget.
      peer.send(`${taken}550 5.7.1 not you\r\n503 c\r\n503 d\r\n`);
      await expectGroup(peer, "four");
      peer.send(goAhead);
      await peer.body();
      peer.send(taken);
      await peer.closed;
    });
    const connection = await dial(server.port);
    const sends = ["one", "two", "three", "four"].map((name) => connection.send(message(name)));
    expect(await endings(sends)).toEqual(["permanent", "sent", "permanent", "sent"]);
    connection.destroy();
    await server.settled();
  });

  it("end with a lone dot where an announced DATA was answered 354 without a recipient (RFC 2920 §3.1)", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await peer.body();
      await expectGroup(peer, "two");
      peer.send(`${taken}250 a\r\n550 5.1.1 no such user\r\n354 go on\r\n`);
      await peer.expect(".");
      await expectSilenceAfter(peer, "DATA\r\n.\r\n");
      peer.send("554 5.5.1 no valid recipients\r\n");
      await expectGroup(peer, "three");
      peer.send(goAhead);
      await peer.body();
      peer.send(taken);
      await peer.closed;
    });
    const connection = await dial(server.port);
    const sends = ["one", "two", "three"].map((name) => connection.send(message(name)));
    expect(await endings(sends)).toEqual(["sent", "permanent", "sent"]);
    connection.destroy();
    await server.settled();
  });

  it("have outcomes of their own: a content that is refused takes nothing from the next one", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await peer.body();
      await expectGroup(peer, "two");
      peer.send(`554 5.7.1 spam\r\n${goAhead}`);
      await peer.body();
      peer.send(taken);
      await peer.closed;
    });
    const connection = await dial(server.port);
    const sends = ["one", "two"].map((name) => connection.send(message(name)));
    expect(await endings(sends)).toEqual(["permanent", "sent"]);
    connection.destroy();
    await server.settled();
  });

  it("are each judged by their own replies, whatever those are, and taken byte for byte", async () => {
    /** What the relay does with a message is in its address. */
    const fate = fc.constantFrom(
      "ok",
      "mail451",
      "mail550",
      "rcpt450",
      "rcpt550",
      "data451",
      "dot452",
      "dot554",
    );
    const wave = fc.array(
      fc.record({ fates: fc.array(fate, { minLength: 1, maxLength: 3 }), lines: fc.nat(4) }),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    const replyTo = (stage: string, text: string) => {
      const code = new RegExp(`${stage}(\\d{3})`).exec(text)?.[1];
      return code === undefined ? undefined : `${code} because of ${stage}`;
    };
    let current = "";
    await using server = await startTestRelay({
      onMail: (from) => {
        current = from;
        return replyTo("mail", from);
      },
      onRcpt: (to) => replyTo("rcpt", to),
      onData: () => replyTo("data", current),
      onDot: ({ from }) => replyTo("dot", from),
    });
    const connection = await dial(server.port);
    let expected: { from: string; to: string[]; content: string }[] = [];
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(wave, async (messages) => {
        expected = [];
        const sends = messages.map(({ fates, lines }, index) => {
          const [first = "ok"] = fates;
          const to = fates.map((one, position) => `${position}-${one}@b.test`);
          const content = `Subject: ${index}\r\n\r\n${".\r\n".repeat(lines)}`;
          const from = `${index}-${first}@a.test`;
          const open = to.filter((address) => !address.includes("rcpt"));
          const isRefused = /mail|data|dot/.test(from);
          if (!isRefused && open.length > 0) expected.push({ from, to: open, content });
          const result = connection.send({ from, to, content: Buffer.from(content), needsSmtpUtf8: false });
          return { result, from, to };
        });
        for (const { result, from, to } of sends) {
          const outcomes = (await result).recipients.map(({ outcome }) => outcome);
          expect(outcomes).toEqual(
            to.map((address) => {
              if (from.includes("mail")) return from.includes("550") ? "permanent" : "temporary";
              if (address.includes("rcpt")) return address.includes("550") ? "permanent" : "temporary";
              if (/data|dot452/.test(from)) return "temporary";
              return from.includes("dot554") ? "permanent" : "sent";
            }),
          );
        }
        const delivered = server.messages.slice(seen).map(({ from, to, content }) => ({
          from,
          to: [...to],
          content: content.toString(),
        }));
        seen = server.messages.length;
        expect(delivered).toEqual(expected);
      }),
      { numRuns: 60 },
    );
    expect(connection.usable).toBe(true);
    await connection.quit();
  });
});

describe("a connection lost with messages waiting", () => {
  it("after the final dot leaves that one unknown, and the announced one without an outcome", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await peer.body();
      await expectGroup(peer, "two");
      peer.destroy();
    });
    const connection = await dial(server.port);
    const sends = ["one", "two", "three"].map((name) => connection.send(message(name)));
    expect(await endings(sends)).toEqual(["unknown", "smtp.closed", "smtp.closed"]);
    expect(connection.usable).toBe(false);
  });

  it("by 421 in place of the last reply keeps none of them", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await peer.body();
      await expectGroup(peer, "two");
      peer.send("421 4.3.2 going down\r\n");
      await peer.closed;
    });
    const connection = await dial(server.port);
    const sends = ["one", "two", "three"].map((name) => connection.send(message(name)));
    expect(await endings(sends)).toEqual(["temporary", "smtp.closed", "smtp.closed"]);
  });

  it("by 421 to the announced MAIL is its outcome; the one before keeps its 250", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await peer.body();
      await expectGroup(peer, "two");
      peer.send(`${taken}421 4.7.0 enough for this session\r\n`);
    });
    const connection = await dial(server.port);
    const [first, second, third] = ["one", "two", "three"].map((name) => connection.send(message(name)));
    expect((await first)?.recipients).toMatchObject([{ outcome: "sent" }]);
    expect(await second).toMatchObject({
      bodyStarted: false,
      recipients: [{ outcome: "temporary", reply: { code: 421 } }],
    });
    await expect(third).rejects.toMatchObject({ code: "smtp.closed" });
  });

  it("by 421 leaves nothing for the next one: what the relay still says is not meant for it", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      for (let lines = 0; lines < 4; lines++) await peer.line();
      peer.send("421 4.3.2 going down\r\n550 5.1.1 no such user\r\n550 5.1.1 nor this one\r\n554 nobody\r\n");
      await peer.closed;
      expect(peer.received.includes("two@b.test")).toBe(false);
    });
    const connection = await dial(server.port);
    const sends = [
      connection.send(message("one", { to: ["b@b.test", "c@c.test"] })),
      connection.send(message("two")),
      connection.send(message("three")),
    ];
    expect(await endings(sends)).toEqual(["temporary", "smtp.closed", "smtp.closed"]);
    await server.settled();
  });

  it("by an answer that is none says nothing of the announced one, whatever follows", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await peer.body();
      await expectGroup(peer, "two");
      peer.send("354 go on\r\n550 5.7.1 not you\r\n550 5.7.1 not them\r\n550 5.7.1 nor that\r\n");
      await peer.closed;
    });
    const connection = await dial(server.port);
    const sends = ["one", "two"].map((name) => connection.send(message(name)));
    expect(await endings(sends)).toEqual(["unknown", "smtp.closed"]);
    await server.settled();
  });

  it("after a reply out of place leaves the announced one without an outcome too", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await peer.body();
      await expectGroup(peer, "two");
      // The 250 to the announced DATA is no go-ahead: one reply too many came before it, or one too few.
      peer.send(`${taken}250 a\r\n250 b\r\n250 c\r\n`);
      await peer.closed;
      expect(peer.received.includes("Subject: two")).toBe(false);
    });
    const connection = await dial(server.port);
    const sends = ["one", "two", "three"].map((name) => connection.send(message(name)));
    expect(await endings(sends)).toEqual(["sent", "smtp.protocol", "smtp.closed"]);
    await server.settled();
  });

  it("by a refusal in the middle of the content says nothing of the next one, of which nothing was said", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "long");
      peer.send(goAhead);
      await peer.bytes(1000);
      peer.send("552 5.3.4 too big\r\n");
      await peer.closed;
      expect(peer.received.includes("next@b.test")).toBe(false);
    });
    const connection = await dial(server.port);
    const sends = [connection.send(message("long", { content: large })), connection.send(message("next"))];
    expect(await endings(sends)).toEqual(["permanent", "smtp.closed"]);
    await server.settled();
  });
});

describe("messages taken back", () => {
  it("are those of which nothing was said yet; the others are finished", async () => {
    const reached = Promise.withResolvers<void>();
    const withdrawn = Promise.withResolvers<void>();
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await peer.body();
      await expectGroup(peer, "two");
      reached.resolve();
      await withdrawn.promise;
      peer.send(taken + goAhead);
      await peer.body();
      await expectSilenceAfter(peer, "\r\n.\r\n");
      peer.send(taken);
      await peer.expect("QUIT");
      peer.send("221 bye\r\n");
    });
    const connection = await dial(server.port);
    const sends = ["one", "two", "three", "four"].map((name) => connection.send(message(name)));
    const ended = endings(sends);
    await reached.promise;
    connection.withdraw();
    withdrawn.resolve();
    expect(await ended).toEqual(["sent", "sent", "smtp.withdrawn", "smtp.withdrawn"]);
    await connection.quit();
    await server.settled();
  });

  it("are all but the one under way before its content", async () => {
    const reached = Promise.withResolvers<void>();
    const withdrawn = Promise.withResolvers<void>();
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      reached.resolve();
      await withdrawn.promise;
      peer.send(goAhead);
      await peer.body();
      await expectSilenceAfter(peer, "\r\n.\r\n");
      peer.send(taken);
      await peer.closed;
    });
    const connection = await dial(server.port);
    const sends = ["one", "two"].map((name) => connection.send(message(name)));
    const ended = endings(sends);
    await reached.promise;
    connection.withdraw();
    connection.withdraw();
    withdrawn.resolve();
    expect(await ended).toEqual(["sent", "smtp.withdrawn"]);
    connection.destroy();
    await server.settled();
  });

  it("may be one alone, unless it is announced or under way; the others keep their order", async () => {
    const reached = Promise.withResolvers<void>();
    const withdrawn = Promise.withResolvers<void>();
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await peer.body();
      await expectGroup(peer, "two");
      reached.resolve();
      await withdrawn.promise;
      peer.send(taken + goAhead);
      await peer.body();
      await expectGroup(peer, "four");
      peer.send(taken + goAhead);
      await peer.body();
      peer.send(taken);
      await peer.closed;
    });
    const connection = await dial(server.port);
    const messages = ["one", "two", "three", "four"].map((name) => message(name));
    const ended = endings(messages.map((one) => connection.send(one)));
    await reached.promise;
    expect(messages.slice(0, 3).map((one) => connection.withdraw(one))).toEqual([false, false, true]);
    withdrawn.resolve();
    expect(await ended).toEqual(["sent", "sent", "smtp.withdrawn", "sent"]);
    connection.destroy();
    await server.settled();
  });

  it("leave the connection as it was: it takes new ones", async () => {
    await using server = await startTestRelay();
    const connection = await dial(server.port);
    const sends = ["one", "two"].map((name) => connection.send(message(name)));
    connection.withdraw();
    expect(await endings([...sends, connection.send(message("three"))])).toEqual([
      "sent",
      "smtp.withdrawn",
      "sent",
    ]);
    connection.withdraw();
    await connection.quit();
  });
});

describe("what is asked before the content", () => {
  const gone = new SendwrightError("email.lease_lost", "Another node has it.");

  it("holds it back until there is an answer", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await asked.promise;
      await expectSilenceAfter(peer, "DATA\r\n");
      answer.resolve();
      expect((await peer.body()).toString()).toBe(bodyOf("one"));
      peer.send(taken);
      await peer.closed;
    });
    const connection = await dial(server.port);
    const beforeContent = () => {
      asked.resolve();
      return answer.promise;
    };
    expect(await endings([connection.send(message("one", { beforeContent }))])).toEqual(["sent"]);
    connection.destroy();
    await server.settled();
  });

  it("is asked once for each message, in its turn", async () => {
    await using server = await startTestRelay();
    const connection = await dial(server.port);
    const asked: string[] = [];
    const names = ["one", "two", "three"];
    const sends = names.map((name) => {
      const beforeContent = () => {
        asked.push(`${name} after ${server.messages.length}`);
        return undefined;
      };
      return connection.send(message(name, { beforeContent }));
    });
    expect(await endings(sends)).toEqual(["sent", "sent", "sent"]);
    expect(asked).toEqual(["one after 0", "two after 1", "three after 2"]);
    await connection.quit();
  });

  it("is not asked where the relay takes nobody", async () => {
    await using server = await startTestRelay({ onRcpt: () => "550 5.1.1 no such user" });
    const connection = await dial(server.port);
    const beforeContent = () => {
      throw gone;
    };
    expect(await endings([connection.send(message("one", { beforeContent }))])).toEqual(["permanent"]);
    await connection.quit();
  });

  it.each([
    [
      "at once",
      () => {
        throw gone;
      },
    ],
    ["later", () => Promise.reject(gone)],
  ])(
    "closes the connection without a byte of the content where it says no (%s)",
    async (_when, beforeContent) => {
      await using server = await relay("PIPELINING", async (peer) => {
        await expectGroup(peer, "one");
        peer.send(goAhead);
        await peer.closed;
        expect(peer.received.toString().endsWith("DATA\r\n")).toBe(true);
      });
      const connection = await dial(server.port);
      const first = connection.send(message("one", { beforeContent }));
      const second = connection.send(message("two"));
      await expect(first).rejects.toBe(gone);
      await expect(second).rejects.toMatchObject({ code: "smtp.closed" });
      expect(connection.usable).toBe(false);
      await server.settled();
    },
  );

  it("says no to an announced message after the one before it was taken", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      await expectGroup(peer, "one");
      peer.send(goAhead);
      await peer.body();
      await expectGroup(peer, "two");
      peer.send(taken + goAhead);
      await peer.closed;
      expect(peer.received.includes("Subject: two")).toBe(false);
    });
    const connection = await dial(server.port);
    const beforeContent = () => Promise.reject(gone);
    const sends = [connection.send(message("one")), connection.send(message("two", { beforeContent }))];
    expect(await endings(sends)).toEqual(["sent", "email.lease_lost"]);
    await server.settled();
  });

  it("keeps, where it says no, what the relay had refused for good", async () => {
    await using server = await relay("PIPELINING", async (peer) => {
      for (let lines = 0; lines < 4; lines++) await peer.line();
      peer.send("250 a\r\n250 b\r\n550 5.1.1 no such user\r\n354 c\r\n");
      await peer.closed;
      expect(peer.received.toString().endsWith("DATA\r\n")).toBe(true);
    });
    const connection = await dial(server.port);
    const result = await connection.send(
      message("one", { to: ["b@b.test", "c@c.test"], beforeContent: () => Promise.reject(gone) }),
    );
    expect(result).toMatchObject({ bodyStarted: false, lost: gone });
    expect(result.recipients).toMatchObject([{ outcome: "temporary" }, { outcome: "permanent" }]);
    await server.settled();
  });
});
