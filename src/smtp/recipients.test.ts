import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemClock } from "../core/clock.ts";
import { createEgress } from "../net/egress.ts";
import { type Peer, startScriptedServer, startTestRelay } from "../testing/index.ts";
import { connect, type Message, type SendResult } from "./connection.ts";

function dial(port: number) {
  return connect({
    relay: { host: "127.0.0.1", port, tls: "none", caPem: null, ehloName: "app.test" },
    credentials: null,
    allowCleartextAuth: false,
    egress: createEgress("default"),
    clock: systemClock,
  });
}

const text = "Subject: hi\r\n\r\n.dot\r\n";
const wire = "Subject: hi\r\n\r\n..dot\r\n.\r\n";
const names = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`);
const messageTo = (to: readonly string[], overrides: Partial<Message> = {}): Message => ({
  from: "a@a.test",
  to: to.map((name) => `${name}@b.test`),
  content: Buffer.from(text),
  needsSmtpUtf8: false,
  ...overrides,
});

/** Such as `r0 sent`, `r1 temporary 452`, `ü permanent smtp.smtputf8_missing`. */
const described = ({ recipients }: SendResult) =>
  recipients.map(({ address, outcome, reply, error }) =>
    [address.replace("@b.test", ""), outcome, ...(outcome === "sent" ? [] : [error?.code ?? reply?.code])]
      .filter((word) => word !== undefined)
      .join(" "),
  );

/** One transaction with these recipients: each command of the group, then the replies that are given. */
async function group(peer: Peer, to: readonly string[], replies: string): Promise<void> {
  await peer.expect("MAIL FROM:<a@a.test>");
  for (const name of to) await peer.expect(`RCPT TO:<${name}@b.test>`);
  await peer.expect("DATA");
  peer.send(replies.replaceAll(" / ", "\r\n").concat("\r\n"));
}

async function content(peer: Peer, reply: string): Promise<void> {
  expect((await peer.body()).toString()).toBe(wire);
  // Whether more recipients follow is known only now: nothing is announced with this content.
  for (let turns = 0; turns < 10; turns++) await turn();
  expect(peer.received.toString().endsWith(wire)).toBe(true);
  peer.send(`${reply}\r\n`);
}

async function play(messages: readonly Message[], script: (peer: Peer) => Promise<void>) {
  await using server = await startScriptedServer(async (peer) => {
    peer.send("220 hi\r\n");
    await peer.expect("EHLO app.test");
    peer.send("250-relay.test\r\n250 PIPELINING\r\n");
    await script(peer);
  });
  const connection = await dial(server.port);
  const results = await Promise.all(messages.map((message) => connection.send(message)));
  const { usable } = connection;
  connection.destroy();
  await server.settled();
  return { results, usable };
}

describe("recipients beyond what the relay takes in one transaction (RFC 5321 §4.5.3.1.10)", () => {
  it.each(["452 4.5.3 too many recipients", "452 too many recipients", "552 5.5.3 too many recipients"])(
    "follow at once in the same session: %j",
    async (tooMany) => {
      const { results, usable } = await play([messageTo(names(5))], async (peer) => {
        await group(peer, names(5), `250 a / 250 b / 250 c / ${tooMany} / ${tooMany} / ${tooMany} / 354 d`);
        await content(peer, "250 2.0.0 first");
        await group(peer, ["r2", "r3"], "250 a / 250 b / 250 c / 354 d");
        await content(peer, "250 2.0.0 second");
        await group(peer, ["r4"], "250 a / 550 5.1.1 unknown / 503 d");
        await peer.closed;
      });
      const [result] = results;
      if (result === undefined) throw new Error("one was sent");
      expect(described(result)).toEqual(["r0 sent", "r1 sent", "r2 sent", "r3 sent", "r4 permanent 550"]);
      expect(result.recipients[0]?.reply?.lines).toEqual(["2.0.0 first"]);
      expect(result.recipients[3]?.reply?.lines).toEqual(["2.0.0 second"]);
      expect(result).toMatchObject({ recipientLimit: 2, bodyStarted: true, lost: null });
      expect(usable).toBe(true);
    },
  );

  it("are not those whom 452 refuses alone, or with a reason of their own", async () => {
    const { results } = await play([messageTo(names(3))], async (peer) => {
      await group(peer, names(3), "250 a / 452 4.5.3 b / 250 c / 452 4.2.2 mailbox full / 354 d");
      await peer.body();
      peer.send("250 2.0.0 taken\r\n");
      await peer.closed;
    });
    expect(results.map(described)).toEqual([["r0 temporary 452", "r1 sent", "r2 temporary 452"]]);
    expect(results[0]?.recipientLimit).toBeUndefined();
  });

  it("are tried once more after a 452 that says no reason, which then proves no limit", async () => {
    const { results } = await play([messageTo(names(2))], async (peer) => {
      await group(peer, names(2), "250 a / 250 b / 452 storage / 354 d");
      await content(peer, "250 2.0.0 taken");
      await group(peer, ["r1"], "250 a / 452 storage / 503 d");
      await peer.closed;
    });
    expect(results.map(described)).toEqual([["r0 sent", "r1 temporary 452"]]);
    expect(results[0]?.recipientLimit).toBeUndefined();
  });

  it("have a verdict of their own, also where the content was refused to the first ones", async () => {
    const { results } = await play([messageTo(names(2))], async (peer) => {
      await group(peer, names(2), "250 a / 250 b / 452 4.5.3 c / 354 d");
      await content(peer, "554 5.7.1 r0 wants no such thing");
      await group(peer, ["r1"], "250 a / 250 b / 354 d");
      await content(peer, "250 2.0.0 taken");
      await peer.closed;
    });
    expect(results.map(described)).toEqual([["r0 permanent 554", "r1 sent"]]);
  });

  it("come after RSET where the first transaction left its sender", async () => {
    const { results } = await play([messageTo(names(2))], async (peer) => {
      await group(peer, names(2), "250 a / 250 b / 452 4.5.3 c / 451 d");
      await peer.expect("RSET");
      peer.send("250 forgotten\r\n");
      await group(peer, ["r1"], "250 a / 250 b / 354 d");
      await content(peer, "250 2.0.0 taken");
      await peer.closed;
    });
    expect(results.map(described)).toEqual([["r0 temporary 451", "r1 sent"]]);
  });

  it("share the refusal of the sender in a later transaction", async () => {
    const { results } = await play([messageTo(names(4), { maxRecipients: 1 })], async (peer) => {
      await group(peer, ["r0"], "250 a / 250 b / 354 d");
      await content(peer, "250 2.0.0 taken");
      await group(peer, ["r1"], "451 4.7.1 slower / 503 b / 503 c");
      await peer.closed;
    });
    const expected = ["r0 sent", "r1 temporary 451", "r2 temporary 451", "r3 temporary 451"];
    expect(results.map(described)).toEqual([expected]);
  });

  it("are split from the start where the limit is known, and the next message waits for the last of them", async () => {
    const messages = [messageTo(names(3), { maxRecipients: 2 }), messageTo(["next"])];
    const { results } = await play(messages, async (peer) => {
      await group(peer, ["r0", "r1"], "250 a / 250 b / 250 c / 354 d");
      await content(peer, "250 2.0.0 taken");
      await group(peer, ["r2"], "250 a / 250 b / 354 d");
      await peer.body();
      await group(peer, ["next"], "250 2.0.0 taken / 250 a / 250 b / 354 d");
      await content(peer, "250 2.0.0 taken");
      await peer.closed;
    });
    expect(results.map(described)).toEqual([["r0 sent", "r1 sent", "r2 sent"], ["next sent"]]);
    expect(results[0]?.recipientLimit).toBeUndefined();
  });

  it.each([
    ["before its replies", async () => {}, "r1 temporary"],
    [
      "after its final dot",
      async (peer: Peer) => {
        peer.send("250 a\r\n250 b\r\n354 c\r\n");
        await peer.body();
      },
      "r1 unknown",
    ],
  ])(
    "do not spoil the outcomes of the first ones if the connection is lost %s",
    async (_when, act, second) => {
      const { results, usable } = await play([messageTo(names(2))], async (peer) => {
        await group(peer, names(2), "250 a / 250 b / 452 4.5.3 c / 354 d");
        await content(peer, "250 2.0.0 taken");
        for (const _command of ["MAIL", "RCPT", "DATA"]) await peer.line();
        await act(peer);
        peer.destroy();
      });
      expect(results.map(described)).toEqual([["r0 sent", second]]);
      expect(results[0]?.recipients[0]?.reply?.code).toBe(250);
      expect(results[0]).toMatchObject({ bodyStarted: true, lost: { code: "smtp.closed" } });
      expect(usable).toBe(false);
    },
  );

  it.each([
    ["an answer out of place", "354 a", "r1 temporary", "smtp.protocol"],
    ["421 to MAIL", "421 4.3.2 going down", "r1 temporary 421", undefined],
    ["421 to DATA", "250 a / 250 b / 421 4.3.2 going down", "r1 temporary 421", undefined],
    ["what is asked before each content", "250 a / 250 b / 354 c", "r1 temporary", "internal"],
  ])("do not spoil them by %s", async (_what, replies, second, lost) => {
    let asked = 0;
    const beforeContent = () => (++asked === 2 ? Promise.reject(new Error("no more")) : undefined);
    const { results, usable } = await play([messageTo(names(2), { beforeContent })], async (peer) => {
      await group(peer, names(2), "250 a / 250 b / 452 4.5.3 c / 354 d");
      await content(peer, "250 2.0.0 taken");
      await group(peer, ["r1"], replies);
      await peer.closed;
      expect(peer.received.toString().split("Subject")).toHaveLength(2);
    });
    expect(results.map(described)).toEqual([["r0 sent", second]]);
    expect(results[0]?.lost?.code).toBe(lost);
    expect(usable).toBe(false);
  });

  it("all get the message once, whatever the limit and whoever is refused", async () => {
    let limit = 1;
    let accepted = 0;
    await using server = await startTestRelay({
      onMail: () => {
        accepted = 0;
        return undefined;
      },
      onRcpt: (to) => {
        if (to.startsWith("no")) return "550 5.1.1 unknown";
        return accepted++ < limit ? undefined : "452 4.5.3 too many";
      },
    });
    const connection = await dial(server.port);
    const recipients = fc.array(fc.constantFrom("yes", "no"), { minLength: 1, maxLength: 12 });
    const known = fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        recipients,
        fc.integer({ min: 1, max: 4 }),
        known,
        async (kinds, max, maxRecipients) => {
          limit = max;
          const before = server.messages.length;
          const to = kinds.map((kind, index) => `${kind}${index}`);
          const result = await connection.send(
            messageTo(to, maxRecipients === undefined ? {} : { maxRecipients }),
          );
          expect(result.recipients.map(({ address, outcome }) => [address, outcome])).toEqual(
            to.map((name) => [`${name}@b.test`, name.startsWith("no") ? "permanent" : "sent"]),
          );
          const got = server.messages.slice(before);
          expect(got.flatMap((one) => one.to)).toEqual(
            to.filter((name) => name.startsWith("yes")).map((name) => `${name}@b.test`),
          );
          for (const one of got) expect(one.content.toString()).toBe(text);
        },
      ),
      { numRuns: 60 },
    );
    await connection.quit();
  });
});

describe("recipients that need SMTPUTF8, with a relay that does not support it (RFC 6531 §3.1)", () => {
  it("have an outcome of their own; the others get the message", async () => {
    const { results } = await play([messageTo(["jö", "r1", "用户"])], async (peer) => {
      await group(peer, ["r1"], "250 a / 250 b / 354 d");
      await content(peer, "250 2.0.0 taken");
      await peer.closed;
    });
    expect(results.map(described)).toEqual([
      ["jö permanent smtp.smtputf8_missing", "r1 sent", "用户 permanent smtp.smtputf8_missing"],
    ]);
  });

  it("are with the others where there is support", async () => {
    await using server = await startTestRelay();
    const connection = await dial(server.port);
    expect(described(await connection.send(messageTo(["jö", "r1"])))).toEqual(["jö sent", "r1 sent"]);
    expect(server.messages).toMatchObject([{ parameters: expect.stringContaining("SMTPUTF8") }]);
    await connection.quit();
  });

  it.each<[string, Message]>([
    ["there is nobody else", messageTo(["jö", "用户"])],
    ["the sender needs it too", messageTo(["jö", "r1"], { from: "jö@a.test" })],
    ["the headers need it too", messageTo(["jö", "r1"], { needsSmtpUtf8: true })],
  ])("fail the message where %s, before anything is sent", async (_why, message) => {
    await using server = await startTestRelay({ ehlo: ["PIPELINING"] });
    const connection = await dial(server.port);
    await expect(connection.send(message)).rejects.toMatchObject({ code: "smtp.smtputf8_missing" });
    expect(described(await connection.send(messageTo(["r1"])))).toEqual(["r1 sent"]);
    await connection.quit();
  });

  it("leave the error to a lost connection, after which all are tried again", async () => {
    await using server = await startScriptedServer(async (peer) => {
      peer.send("220 hi\r\n");
      await peer.line();
      peer.send("250 relay.test\r\n");
      await peer.line();
    });
    const connection = await dial(server.port);
    await expect(connection.send(messageTo(["jö", "r1"]))).rejects.toMatchObject({ code: "smtp.closed" });
  });
});

it("an address that is none is found before anything is sent, in whatever transaction it would come", async () => {
  await using server = await startTestRelay();
  const connection = await dial(server.port);
  const sending = connection.send({
    ...messageTo(names(2)),
    to: ["a@b.test", "b@b.test", "none"],
    maxRecipients: 1,
  });
  await expect(sending).rejects.toMatchObject({ code: "address.invalid" });
  expect(server.messages).toEqual([]);
  await connection.quit();
});
