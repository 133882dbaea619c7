import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { SmtpReply } from "../core/model.ts";
import { type Capabilities, capabilitiesOf, noCapabilities } from "./capabilities.ts";
import { ReplyParser } from "./reply.ts";
import { type Envelope, Transaction } from "./transaction.ts";

const envelope: Envelope = { from: "a@a.test", to: ["b@b.test"], size: 100, needsSmtpUtf8: false };
const two: Envelope = { ...envelope, to: ["b@b.test", "c@c.test"] };
const pipelining = offering("PIPELINING");
const gone = new SendwrightError("smtp.closed", "The relay closed the connection.");

function offering(...extensions: string[]): Capabilities {
  return capabilitiesOf({ code: 250, enhancedCode: null, lines: ["relay.test", ...extensions] });
}

function reply(line: string): SmtpReply {
  const parsed = new ReplyParser().push(Buffer.from(`${line}\r\n`))[0];
  if (parsed?.kind !== "reply") throw new Error(`${line} is no reply`);
  return parsed.reply;
}

interface Played {
  /** What was written, group by group; `(content)` with its final dot. */
  readonly written: readonly (readonly string[])[];
  readonly transaction: Transaction;
  readonly error: SendwrightError | null;
  /** Such as `b@b.test sent`. */
  readonly outcomes: readonly string[];
}

/** Plays the relay. Where the replies run out, the connection is lost. */
function play(message: Envelope, capabilities: Capabilities, ...replies: readonly string[]): Played {
  const transaction = new Transaction(message, capabilities);
  const queue = [...replies];
  const written: string[][] = [];
  let error: SendwrightError | null = null;
  try {
    for (let want = transaction.next(); want.kind !== "done"; want = transaction.next()) {
      if (want.kind === "commands") {
        written.push(want.commands.map(({ text }) => text));
      } else if (want.kind === "content") {
        written.push(["(content)"]);
        transaction.contentStarted();
        transaction.contentComplete();
      } else {
        const line = queue.shift();
        if (line === undefined) {
          transaction.lose(gone);
          break;
        }
        transaction.take(reply(line));
      }
    }
    expect(queue).toEqual([]);
  } catch (caught) {
    if (!isSendwrightError(caught)) throw caught;
    error = caught;
  }
  const outcomes = transaction.result().recipients.map(({ address, outcome }) => `${address} ${outcome}`);
  return { written, transaction, error, outcomes };
}

describe("a transaction (RFC 5321 §3.3)", () => {
  it("goes one command at a time without PIPELINING", () => {
    const { written, outcomes, transaction } = play(
      two,
      noCapabilities,
      "250 a",
      "250 b",
      "251 c",
      "354 d",
      "250 e",
    );
    expect(written).toEqual([
      ["MAIL FROM:<a@a.test>"],
      ["RCPT TO:<b@b.test>"],
      ["RCPT TO:<c@c.test>"],
      ["DATA"],
      ["(content)"],
    ]);
    expect(outcomes).toEqual(["b@b.test sent", "c@c.test sent"]);
    expect(transaction.result()).toMatchObject({ stage: "message", bodyStarted: true, reply: { code: 250 } });
    expect(transaction.open).toBe(false);
  });

  it("goes in one group with PIPELINING, DATA last (RFC 2920 §3.1)", () => {
    const { written } = play(two, pipelining, "250 a", "250 b", "250 c", "354 d", "250 e");
    expect(written).toEqual([
      ["MAIL FROM:<a@a.test>", "RCPT TO:<b@b.test>", "RCPT TO:<c@c.test>", "DATA"],
      ["(content)"],
    ]);
  });

  it("gives its commands before earlier replies are read, so that two can share a write", () => {
    const first = new Transaction(envelope, pipelining);
    const second = new Transaction(two, pipelining);
    expect(first.next().kind).toBe("commands");
    for (const line of ["250 a", "250 b", "354 c"]) first.take(reply(line));
    expect(first.next().kind).toBe("content");
    first.contentStarted();
    first.contentComplete();
    expect(second.next().kind).toBe("commands");
    first.take(reply("250 taken"));
    for (const line of ["250 a", "550 b", "250 c", "354 d"]) second.take(reply(line));
    expect(first.result().recipients[0]?.outcome).toBe("sent");
    expect(second.next().kind).toBe("content");
  });

  it("may have no sender (§4.5.5)", () => {
    const { written } = play({ ...envelope, from: "" }, noCapabilities, "550 no");
    expect(written[0]).toEqual(["MAIL FROM:<>"]);
  });

  it("needs a recipient", () => {
    expect(() => new Transaction({ ...envelope, to: [] }, noCapabilities)).toThrow(/recipient/);
  });
});

describe("what a reply means (RFC 5321 §4.2.1)", () => {
  it.each([
    ["450 4.2.1 busy", "temporary"],
    ["499 unlisted", "temporary"],
    ["550 5.1.1 unknown", "permanent"],
    ["599 unlisted", "permanent"],
    ["503 order", "temporary"],
    ["421 closing", "temporary"],
  ])("%j is %s, to MAIL, RCPT, DATA and the final dot", (line, outcome) => {
    const expected = [`b@b.test ${outcome}`];
    expect(play(envelope, noCapabilities, line).outcomes).toEqual(expected);
    expect(play(envelope, noCapabilities, "250 a", line).outcomes).toEqual(expected);
    expect(play(envelope, noCapabilities, "250 a", "250 b", line).outcomes).toEqual(expected);
    expect(play(envelope, noCapabilities, "250 a", "250 b", "354 c", line).outcomes).toEqual(expected);
  });

  it("is the text's in no case", () => {
    expect(
      play(envelope, noCapabilities, "250 a", "250 error 550 refused", "354 c", "250 4.0.0 failed").outcomes,
    ).toEqual(["b@b.test sent"]);
  });

  it.each([
    [["354 go"], "sender"],
    [["250 a", "354 go"], "recipient"],
    [["250 a", "250 b", "250 c"], "message"],
    [["250 a", "250 b", "220 c"], "message"],
  ])("of the wrong class is an error: %j", (replies, stage) => {
    for (const capabilities of [noCapabilities, pipelining]) {
      expect(play(envelope, capabilities, ...replies).error).toMatchObject({
        code: "smtp.protocol",
        smtp: { stage },
      });
    }
  });

  it("goes by the first digit for DATA too", () => {
    expect(play(envelope, noCapabilities, "250 a", "250 b", "399 c", "299 d").outcomes).toEqual([
      "b@b.test sent",
    ]);
  });
});

describe("552 to RCPT (RFC 5321 §4.5.3.1.10)", () => {
  it.each([
    ["552 too many recipients", "temporary"],
    ["552 5.5.3 too many recipients", "temporary"],
    ["552 5.2.2 mailbox full", "permanent"],
    ["552 5.3.4 message too big", "permanent"],
    ["552 4.2.2 another class does not count", "temporary"],
  ])("%j is %s", (line, outcome) => {
    expect(play(envelope, noCapabilities, "250 a", line).outcomes).toEqual([`b@b.test ${outcome}`]);
  });

  it("is permanent elsewhere", () => {
    expect(play(envelope, noCapabilities, "552 a").outcomes).toEqual(["b@b.test permanent"]);
    expect(play(envelope, noCapabilities, "250 a", "250 b", "354 c", "552 d").outcomes).toEqual([
      "b@b.test permanent",
    ]);
  });
});

describe("503 in a group (RFC 2920 §3.1)", () => {
  it.each([
    ["451 later", "temporary"],
    ["550 no", "permanent"],
  ])("follows from MAIL's %j, which decides", (mail, outcome) => {
    const { outcomes, transaction } = play(two, pipelining, mail, "503 a", "503 b", "503 c");
    expect(outcomes).toEqual([`b@b.test ${outcome}`, `c@c.test ${outcome}`]);
    expect(transaction.result()).toMatchObject({
      stage: "sender",
      reply: { code: Number(mail.slice(0, 3)) },
    });
  });

  it("to DATA follows from the refused recipients, which are decided", () => {
    const { outcomes, transaction } = play(two, pipelining, "250 a", "550 b", "450 c", "503 d");
    expect(outcomes).toEqual(["b@b.test permanent", "c@c.test temporary"]);
    expect(transaction.result()).toMatchObject({ stage: "recipient", reply: { code: 550 } });
  });

  it("of itself is temporary: another recipient's refusal says nothing about this one", () => {
    expect(play(two, pipelining, "250 a", "250 b", "250 c", "503 d").outcomes).toEqual([
      "b@b.test temporary",
      "c@c.test temporary",
    ]);
    expect(play(two, pipelining, "250 a", "550 b", "503 c", "503 d").outcomes).toEqual([
      "b@b.test permanent",
      "c@c.test temporary",
    ]);
  });
});

describe("outcomes per recipient (RFC 5321 §3.3)", () => {
  it.each([
    ["one by one", noCapabilities],
    ["in a group", pipelining],
  ])("differ, %s", (_, capabilities) => {
    const message = { ...envelope, to: ["b@b.test", "c@c.test", "d@d.test"] };
    const { outcomes, transaction } = play(
      message,
      capabilities,
      "250 a",
      "550 b",
      "250 c",
      "450 d",
      "354 e",
      "250 f",
    );
    expect(outcomes).toEqual(["b@b.test permanent", "c@c.test sent", "d@d.test temporary"]);
    expect(transaction.result().recipients.map(({ reply }) => reply?.lines)).toEqual([["b"], ["f"], ["d"]]);
  });

  it("without an accepted recipient there is no DATA", () => {
    const { written, transaction } = play(two, noCapabilities, "250 a", "550 b", "450 c");
    expect(written.flat()).not.toContain("DATA");
    expect(transaction.result()).toMatchObject({
      stage: "recipient",
      bodyStarted: false,
      reply: { code: 550 },
    });
    expect(transaction.open).toBe(true);
  });

  it("where DATA was in the group every reply is read, and a 354 gets a lone dot (RFC 2920 §3.1)", () => {
    const { written, outcomes, transaction } = play(
      two,
      pipelining,
      "250 a",
      "550 b",
      "450 c",
      "354 d",
      "554 none",
    );
    expect(written.at(-1)).toEqual(["."]);
    expect(outcomes).toEqual(["b@b.test permanent", "c@c.test temporary"]);
    expect(transaction.result().bodyStarted).toBe(false);
    expect(transaction.closing).toBe(false);
    expect(transaction.open).toBe(false);
  });

  it("the lone dot's reply changes nothing, whatever it is", () => {
    for (const last of ["250 queued", "354 what", "451 no", "421 bye"]) {
      expect(play(envelope, pipelining, "250 a", "550 b", "354 c", last).outcomes).toEqual([
        "b@b.test permanent",
      ]);
    }
  });

  it("a relay that accepts a recipient for a refused sender gets no dot at all", () => {
    const { written, outcomes, transaction } = play(envelope, pipelining, "550 a", "250 b", "354 c");
    expect(written).toHaveLength(1);
    expect(outcomes).toEqual(["b@b.test permanent"]);
    expect(transaction.closing).toBe(true);
  });

  it("a refused DATA leaves a sender to be reset", () => {
    expect(play(envelope, pipelining, "250 a", "250 b", "451 c").transaction.open).toBe(true);
    expect(play(envelope, pipelining, "550 a", "503 b", "503 c").transaction.open).toBe(false);
  });
});

describe("421 (RFC 5321 §3.8)", () => {
  it("is temporary for all who have no outcome, and nothing more is said", () => {
    const { written, outcomes, transaction } = play(two, noCapabilities, "250 a", "550 b", "421 c");
    expect(outcomes).toEqual(["b@b.test permanent", "c@c.test temporary"]);
    expect(written.flat()).not.toContain("DATA");
    expect(transaction.closing).toBe(true);
    const grouped = play(two, pipelining, "250 a", "421 b");
    expect(grouped.outcomes).toEqual(["b@b.test temporary", "c@c.test temporary"]);
    expect(grouped.transaction.result()).toMatchObject({ stage: "recipient", reply: { code: 421 } });
  });

  it("to the final dot is a refusal, not a loss", () => {
    const { outcomes, transaction } = play(envelope, pipelining, "250 a", "250 b", "354 c", "421 d");
    expect(outcomes).toEqual(["b@b.test temporary"]);
    expect(transaction.closing).toBe(true);
  });
});

describe("a loss before the final dot", () => {
  it.each([
    ["a recipient", ["250 a", "250 b", "550 c"], ["b@b.test temporary", "c@c.test permanent"], "message"],
    ["one for now", ["250 a", "450 b"], ["b@b.test temporary", "c@c.test temporary"], "recipient"],
    ["the sender", ["550 a"], ["b@b.test permanent", "c@c.test permanent"], "sender"],
  ])("leaves the refusal of %s as it is", (_, replies, expected, stage) => {
    const { outcomes, transaction, error } = play(two, pipelining, ...replies);
    expect(error).toBeNull();
    expect(outcomes).toEqual(expected);
    const { recipients, lost, ...result } = transaction.result();
    expect(result.stage).toBe(stage);
    expect(lost).toBe(recipients.some(({ reply }) => reply === null) ? gone : null);
  });

  it("is all there is to say where nobody was refused", () => {
    for (const replies of [[], ["250 a"], ["250 a", "250 b"], ["250 a", "250 b", "250 c", "354 d"]]) {
      const transaction = new Transaction(two, pipelining);
      transaction.next();
      for (const line of replies) transaction.take(reply(line));
      expect(transaction.lose(gone)).toBe(false);
    }
  });

  it("by a reply out of place leaves no refusal: it may have meant another", () => {
    // The relay answered MAIL twice, so that each later reply seems to be the next one's.
    const { error, transaction } = play(two, pipelining, "250 a", "550 a again", "250 b", "250 c");
    expect(error).toMatchObject({ code: "smtp.protocol" });
    expect(transaction.lose(error)).toBe(false);
  });

  it("for a reason of our own is told as one", () => {
    const transaction = new Transaction(two, pipelining);
    transaction.next();
    for (const line of ["250 a", "550 b"]) transaction.take(reply(line));
    const fault = new TypeError("fault");
    expect(transaction.lose(fault)).toBe(true);
    expect(transaction.result().lost).toMatchObject({ code: "internal", cause: fault });
  });
});

describe("the final dot (RFC 1047)", () => {
  it.each(["200 a", "250 a", "251 a", "299 a"])("answered with %j means sent", (line) => {
    expect(play(envelope, noCapabilities, "250 a", "250 b", "354 c", line).outcomes).toEqual([
      "b@b.test sent",
    ]);
  });

  it("makes a loss after it an unknown outcome, for those who were accepted", () => {
    const { outcomes, transaction } = play(two, pipelining, "250 a", "550 b", "250 c", "354 d");
    expect(outcomes).toEqual(["b@b.test permanent", "c@c.test unknown"]);
    expect(transaction.result()).toMatchObject({ stage: "message", reply: null, bodyStarted: true });
  });

  it("answered with 3yz is unknown too", () => {
    const { outcomes, transaction } = play(envelope, pipelining, "250 a", "250 b", "354 c", "354 d");
    expect(outcomes).toEqual(["b@b.test unknown"]);
    expect(transaction.closing).toBe(true);
  });

  it("not given leaves a loss without effect", () => {
    const transaction = new Transaction(envelope, pipelining);
    transaction.next();
    for (const line of ["250 a", "250 b", "354 c"]) transaction.take(reply(line));
    transaction.contentStarted();
    expect(transaction.lose(gone)).toBe(false);
  });

  it("is not given after an early refusal, which decides", () => {
    for (const [line, outcome] of [
      ["452 4.3.1 disk full", "temporary"],
      ["552 5.3.4 too big", "permanent"],
    ] as const) {
      const transaction = new Transaction(envelope, pipelining);
      transaction.next();
      for (const before of ["250 a", "250 b", "354 c"]) transaction.take(reply(before));
      transaction.contentStarted();
      transaction.takeEarly(reply(line));
      expect(transaction.result().recipients[0]?.outcome).toBe(outcome);
      expect(transaction.closing).toBe(true);
      expect(transaction.next().kind).toBe("done");
    }
  });

  it("is not given after an early 250, which is no answer", () => {
    const transaction = new Transaction(envelope, pipelining);
    expect(() => transaction.takeEarly(reply("250 taken"))).toThrow(/250 taken/);
  });
});

describe("SIZE (RFC 1870)", () => {
  it("is declared where it is offered (§4)", () => {
    expect(play(envelope, offering("SIZE"), "550 a").written[0]).toEqual(["MAIL FROM:<a@a.test> SIZE=100"]);
    expect(play(envelope, offering("SIZE 100"), "550 a").written[0]).toEqual([
      "MAIL FROM:<a@a.test> SIZE=100",
    ]);
  });

  it("too large fails before anything is sent (§6.1)", () => {
    expect(() => new Transaction(envelope, offering("SIZE 99"))).toThrow(
      expect.objectContaining({ code: "smtp.too_large", retry: "never" }),
    );
  });
});

describe("SMTPUTF8 (RFC 6531)", () => {
  const all = offering("SMTPUTF8", "8BITMIME");

  it("is asked for by a local part outside ASCII, in either path (§3.4)", () => {
    expect(play({ ...envelope, to: ["jö@b.test"] }, all, "550 a").written[0]).toEqual([
      "MAIL FROM:<a@a.test> BODY=8BITMIME SMTPUTF8",
    ]);
    expect(play({ ...envelope, from: "jö@a.test" }, offering("SMTPUTF8"), "550 a").written[0]).toEqual([
      "MAIL FROM:<jö@a.test> SMTPUTF8",
    ]);
  });

  it("is asked for by UTF-8 headers (RFC 6532)", () => {
    expect(play({ ...envelope, needsSmtpUtf8: true }, all, "550 a").written[0]).toEqual([
      "MAIL FROM:<a@a.test> BODY=8BITMIME SMTPUTF8",
    ]);
  });

  it("is not needed for a quoted local part of ASCII, which goes out as it is (RFC 5321 §4.1.2)", () => {
    const message = {
      ...envelope,
      from: '"a b"@a.test',
      to: ['"try..this."@docomo.test', '"x> SIZE=1"@b.test'],
    };
    expect(play(message, pipelining, "250 a", "250 b", "550 c", "354 go", "250 ok").written).toEqual([
      [
        'MAIL FROM:<"a b"@a.test>',
        'RCPT TO:<"try..this."@docomo.test>',
        'RCPT TO:<"x> SIZE=1"@b.test>',
        "DATA",
      ],
      ["(content)"],
    ]);
  });

  it("is not needed for a domain, which has A-labels (§3.2)", () => {
    const { written } = play({ ...envelope, to: ["jo@bücher.test"] }, noCapabilities, "250 a", "550 b");
    expect(written).toEqual([["MAIL FROM:<a@a.test>"], ["RCPT TO:<jo@xn--bcher-kva.test>"]]);
  });

  it.each([{ from: "jö@a.test" }, { to: ["jö@b.test"] }, { needsSmtpUtf8: true }])(
    "not offered, nothing is sent: %j",
    (part) => {
      expect(() => new Transaction({ ...envelope, ...part }, offering("8BITMIME"))).toThrow(
        expect.objectContaining({ code: "smtp.smtputf8_missing" }),
      );
    },
  );
});

it("gives each recipient one outcome and comes to an end, whatever the relay says", () => {
  const line = fc.constantFrom("250 a", "354 b", "421 c", "450 d", "503 e", "550 f", "552 g");
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 9 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      (lines, count, grouped) => {
        const to = Array.from({ length: count }, (_, index) => `r${index}@b.test`);
        const transaction = new Transaction({ ...envelope, to }, grouped ? pipelining : noCapabilities);
        const queue = [...lines];
        let dotAnswer: SmtpReply | null = null;
        try {
          for (let want = transaction.next(); want.kind !== "done"; want = transaction.next()) {
            if (want.kind === "content") {
              transaction.contentStarted();
              transaction.contentComplete();
            }
            if (want.kind !== "reply") continue;
            const next = queue.shift();
            if (next === undefined) {
              if (!transaction.lose(gone)) return;
              break;
            }
            if (want.to.verb === "final dot") dotAnswer = reply(next);
            transaction.take(reply(next));
          }
        } catch (error) {
          expect(error).toMatchObject({ code: "smtp.protocol" });
          expect(transaction.result().recipients.some(({ outcome }) => outcome === "sent")).toBe(false);
          return;
        }
        const { recipients, bodyStarted, lost } = transaction.result();
        expect(recipients.map(({ address }) => address)).toEqual(to);
        for (const { outcome, reply: own } of recipients) {
          if (outcome === "sent") expect(dotAnswer?.code).toBe(250);
          if (outcome === "unknown") expect(bodyStarted && dotAnswer?.code !== 250).toBe(true);
          if (outcome === "permanent") expect(own?.code).toBeGreaterThanOrEqual(500);
          if (outcome === "temporary") expect(own !== null || queue.length === 0).toBe(true);
        }
        expect(lost).toBe(recipients.some((recipient) => recipient.reply === null) ? gone : null);
      },
    ),
  );
});
