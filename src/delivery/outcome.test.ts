import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ErrorCode, SendwrightError } from "../core/errors.ts";
import { recipientStates, type SmtpReply } from "../core/model.ts";
import { withheldReply } from "../guard/withheld.ts";
import type { RecipientResult, SendResult } from "../smtp/connection.ts";
import type { Email, Recipient } from "../store/tables/emails.ts";
import {
  type AttemptEnd,
  attemptOf,
  emailStateOf,
  failureOutcome,
  handedBack,
  type SettleInput,
  settlementOf,
} from "./outcome.ts";

const now = 1_000_000;

function email(overrides: Partial<Email> = {}): Email {
  return {
    id: "e",
    state: "sending",
    priority: "normal",
    from: null,
    replyTo: [],
    subject: "Hello",
    template: null,
    tags: [],
    messageId: "<e@example.com>",
    caller: "library",
    sensitive: false,
    needsSmtpUtf8: false,
    onUnknown: "resend",
    possibleDuplicate: false,
    captured: false,
    attemptCount: 0,
    nextAttemptAt: now,
    expiresAt: now + 86_400_000,
    lease: 1,
    via: null,
    resentFrom: null,
    refusedBy: [],
    createdAt: now,
    sentAt: null,
    finishedAt: null,
    ...overrides,
  };
}

function recipient(position: number, overrides: Partial<Recipient> = {}): Recipient {
  const address = `r${position}@example.com`;
  return {
    position,
    address,
    role: "to",
    state: "queued",
    code: null,
    enhancedCode: null,
    reply: null,
    ...overrides,
  };
}

function reply(code: number, text: string): SmtpReply {
  return { code, enhancedCode: null, lines: [text] };
}

/** Refuses for good what another relay may accept. */
const tooBig = reply(552, "Too big");

/** What became of each recipient, or the reply that refused one for good. */
function answered(...results: (RecipientResult["outcome"] | SmtpReply)[]): AttemptEnd {
  const codes = { sent: 250, temporary: 451, permanent: 550, unknown: 0 } as const;
  const recipients = results.map((result, position) => {
    const address = `r${position}@example.com`;
    if (typeof result === "object") return { address, outcome: "permanent" as const, reply: result };
    return { address, outcome: result, reply: result === "unknown" ? null : reply(codes[result], result) };
  });
  const result = {
    recipients,
    reply: null,
    stage: "message",
    durationMs: 5,
    bodyStarted: true,
    lost: null,
  } as SendResult;
  return { kind: "answered", result };
}

function failed(code: ErrorCode, replyCode?: number): AttemptEnd {
  const smtp =
    replyCode === undefined
      ? { stage: "connect" as const }
      : { stage: "auth" as const, reply: reply(replyCode, "no") };
  return { kind: "failed", error: new SendwrightError(code, "It failed.", { smtp }) };
}

interface Given {
  readonly email?: Partial<Email>;
  readonly recipients?: readonly Recipient[];
  readonly next?: SettleInput["next"];
  readonly counted?: SettleInput["counted"];
}

function settle(end: AttemptEnd, given: Given = {}) {
  const of = email(given.email);
  const recipients = given.recipients ?? [recipient(0)];
  const attempt = attemptOf({
    config: null,
    connection: null,
    end,
    startedAt: now - 40,
    durationMs: 40,
    why: null,
  });
  const next = given.next ?? (attempt.outcome === "config" ? "uncounted" : "counted");
  const refusal = "config-1:3";
  return settlementOf({
    email: of,
    recipients,
    end,
    attempt,
    now,
    random: 0.5,
    next,
    refusal,
    counted: given.counted ?? null,
    from: "shop@example.com",
  });
}

const states = ({ recipients }: ReturnType<typeof settle>) => recipients.map(({ state }) => state);

describe("what a failure before the final dot means", () => {
  it.each<[ErrorCode, number | undefined, string]>([
    ["smtp.resolve", undefined, "temporary"],
    ["smtp.connect", undefined, "temporary"],
    ["smtp.timeout", undefined, "temporary"],
    ["smtp.closed", undefined, "temporary"],
    ["smtp.protocol", undefined, "temporary"],
    ["smtp.rejected", 421, "temporary"],
    ["smtp.rejected", 554, "config"],
    ["smtp.auth_rejected", 535, "config"],
    ["smtp.auth_rejected", 534, "config"],
    ["smtp.auth_rejected", 454, "temporary"],
    ["smtp.tls", undefined, "config"],
    ["smtp.starttls_missing", undefined, "config"],
    ["smtp.auth_unavailable", undefined, "config"],
    ["egress.refused", undefined, "config"],
    ["seal.broken", undefined, "config"],
    ["secret.mismatch", undefined, "config"],
    ["config.none_usable", undefined, "config"],
    ["config.password_required", undefined, "config"],
    ["smtp.smtputf8_missing", undefined, "permanent"],
    ["smtp.too_large", undefined, "permanent"],
    ["email.content_gone", undefined, "permanent"],
    ["store.unavailable", undefined, "temporary"],
    ["internal", undefined, "temporary"],
  ])("%s (%s) is %s", (code, replyCode, outcome) => {
    const end = failed(code, replyCode);
    if (end.kind === "failed") expect(failureOutcome(end.error)).toBe(outcome);
  });
});

describe("what is written after an attempt", () => {
  it("is sent when each recipient was taken", () => {
    const settlement = settle(answered("sent", "sent"), { recipients: [recipient(0), recipient(1)] });
    expect(settlement).toMatchObject({
      state: "sent",
      nextAttemptAt: null,
      sentAt: now,
      finishedAt: now,
      attemptCount: 1,
    });
    expect(settlement.attempt).toMatchObject({ outcome: "sent", durationMs: 40 });
  });

  it("tries only those again that failed for now", () => {
    const settlement = settle(answered("sent", "temporary", "permanent"), {
      recipients: [recipient(0), recipient(1), recipient(2)],
    });
    expect(states(settlement)).toEqual(["sent", "queued", "failed"]);
    expect(settlement).toMatchObject({
      state: "queued",
      nextAttemptAt: now + 60_000,
      sentAt: now,
      finishedAt: null,
    });
  });

  it("does not touch recipients that have their outcome", () => {
    const done = recipient(0, { state: "sent", code: 250, reply: "ok" });
    const end: AttemptEnd = answered("sent", "permanent");
    const settlement = settle(end, { recipients: [done, recipient(1)] });
    expect(settlement.recipients).toMatchObject([
      { position: 1, state: "failed", code: 550, reply: "permanent" },
    ]);
    expect(settlement.state).toBe("partial");
  });

  it("is failed when the relay refused everybody for good", () => {
    expect(settle(answered("permanent"))).toMatchObject({ state: "failed", finishedAt: now, sentAt: null });
  });

  it("stays queued until its time is over if no further attempt fits: only then it has expired", () => {
    const expiresAt = now + 4_000;
    const settlement = settle(answered("temporary"), { email: { expiresAt } });
    expect(settlement).toMatchObject({ state: "queued", nextAttemptAt: expiresAt, finishedAt: null });
    expect(settlement.recipients).toMatchObject([{ state: "queued", code: 451, reply: "temporary" }]);
  });

  it("is tried a last time just before its time is over", () => {
    const settlement = settle(answered("temporary"), { email: { createdAt: now, expiresAt: now + 30_000 } });
    expect(settlement).toMatchObject({ state: "queued", nextAttemptAt: now + 25_000, attemptCount: 1 });
  });

  it("blames the config when the relay wants sign-in or TLS first", () => {
    const refused = {
      address: "r0@example.com",
      outcome: "permanent",
      reply: reply(530, "5.7.0 Sign in first"),
    } as const;
    const result = {
      recipients: [refused],
      reply: null,
      stage: "sender",
      durationMs: 5,
      bodyStarted: false,
      lost: null,
    } as const;
    const settlement = settle({ kind: "answered", result });
    expect(settlement).toMatchObject({
      state: "queued",
      attemptCount: 0,
      attempt: { outcome: "config", code: 530 },
    });
    expect(states(settlement)).toEqual(["queued"]);
  });

  it("keeps a refusal when the relay then hangs up, and tries the others again", () => {
    const refused = reply(550, "no such user");
    const lost = new SendwrightError("smtp.closed", "The relay closed the connection.");
    const result: SendResult = {
      recipients: [
        { address: "r0@example.com", outcome: "temporary", reply: null },
        { address: "r1@example.com", outcome: "permanent", reply: refused },
      ],
      reply: null,
      stage: "message",
      durationMs: 5,
      bodyStarted: false,
      lost,
    };
    const settlement = settle({ kind: "answered", result }, { recipients: [recipient(0), recipient(1)] });
    expect(settlement).toMatchObject({
      state: "queued",
      recipients: [
        { state: "queued", code: null, reply: lost.message },
        { state: "failed", code: 550, reply: "no such user" },
      ],
      attempt: { outcome: "temporary", errorCode: "smtp.closed", reply: lost.message, stage: "message" },
    });
  });

  it("fails a recipient who was left out, with the reason, beside others who were sent to", () => {
    const error = new SendwrightError("smtp.smtputf8_missing", "The relay does not support SMTPUTF8.");
    const result: SendResult = {
      recipients: [
        { address: "r0@example.com", outcome: "permanent", reply: null, error },
        { address: "r1@example.com", outcome: "sent", reply: reply(250, "taken") },
      ],
      reply: reply(250, "taken"),
      stage: "message",
      durationMs: 5,
      bodyStarted: true,
      lost: null,
    };
    const settlement = settle({ kind: "answered", result }, { recipients: [recipient(0), recipient(1)] });
    expect(settlement).toMatchObject({
      state: "partial",
      recipients: [
        { state: "failed", code: null, reply: error.message },
        { state: "sent", code: 250, reply: "taken" },
      ],
    });
  });

  it("waits without counting while the config needs an admin", () => {
    const settlement = settle(failed("smtp.auth_rejected", 535), { email: { attemptCount: 3 } });
    expect(settlement).toMatchObject({ state: "queued", attemptCount: 3, nextAttemptAt: now });
  });

  it("sends again after a lost answer, marked as a possible duplicate", () => {
    const settlement = settle(answered("unknown"));
    expect(settlement).toMatchObject({ state: "queued", possibleDuplicate: true });
    expect(settlement.attempt).toMatchObject({ outcome: "unknown", errorCode: "smtp.unknown_outcome" });
  });

  it("is tried by another config at once, uncounted, if that takes over from this one", () => {
    const settlement = settle(failed("smtp.connect"), { email: { attemptCount: 2 }, next: "uncounted" });
    expect(settlement).toMatchObject({ state: "queued", attemptCount: 2, nextAttemptAt: now, refusedBy: [] });
  });

  it("is not asked again for a recipient who was refused for good, by the config that takes over", () => {
    const recipients = [recipient(0), recipient(1)];
    const settlement = settle(answered("permanent", "temporary"), { recipients, next: "taken-over" });
    expect(settlement).toMatchObject({ state: "queued", nextAttemptAt: now, attemptCount: 0 });
    expect(settlement.recipients.map(({ state }) => state)).toEqual(["failed", "queued"]);
  });

  it("is not asked again for a recipient whom the relay had refused before it refused the message", () => {
    const unknown = reply(550, "5.1.1 No such mailbox");
    const quota = reply(550, "5.4.5 Daily user sending limit exceeded");
    const result: SendResult = {
      recipients: [unknown, quota].map((refusal, position) => {
        return { address: `r${position}@example.com`, outcome: "permanent", reply: refusal };
      }),
      reply: quota,
      stage: "message",
      bodyStarted: true,
      lost: null,
      durationMs: 5,
    };
    const recipients = [recipient(0), recipient(1)];
    const settlement = settle({ kind: "answered", result }, { recipients, next: "uncounted" });
    expect(settlement.recipients.map(({ state }) => state)).toEqual(["failed", "queued"]);
  });

  it("keeps an uncounted refusal from being final, and what was accepted beside it", () => {
    const recipients = [recipient(0), recipient(1), recipient(2)];
    const end = answered("sent", tooBig, "temporary");
    const settlement = settle(end, { recipients, next: "uncounted" });
    expect(states(settlement)).toEqual(["sent", "queued", "queued"]);
    expect(settlement).toMatchObject({ state: "queued", sentAt: now, nextAttemptAt: now });
    expect(settlement.recipients[1]).toMatchObject({ code: 552, reply: "Too big" });
  });

  it.each([
    ["by the relay", answered(tooBig)],
    ["for its size, before it was sent", failed("smtp.too_large")],
    ["for want of SMTPUTF8", failed("smtp.smtputf8_missing")],
  ])(
    "goes elsewhere at once if it was refused %s, and notes which version of which config did",
    (_how, end) => {
      const before = { attemptCount: 1, refusedBy: ["config-2:1"] };
      const settlement = settle(end, { email: before, next: "elsewhere" });
      expect(states(settlement)).toEqual(["queued"]);
      expect(settlement).toMatchObject({
        state: "queued",
        nextAttemptAt: now,
        attemptCount: 1,
        finishedAt: null,
        refusedBy: ["config-2:1", "config-1:3"],
      });
    },
  );

  it("is final if it was refused for good and no other config is left", () => {
    const settlement = settle(failed("smtp.too_large"), { email: { refusedBy: ["config-2:1"] } });
    expect(settlement).toMatchObject({ state: "failed", attemptCount: 1, refusedBy: ["config-2:1"] });
  });

  it("ends after a lost answer if so asked, or if no time is left to send again", () => {
    expect(settle(answered("unknown"), { email: { onUnknown: "hold" } }).state).toBe("unknown");
    expect(settle(answered("unknown"), { email: { expiresAt: now + 1 } }).state).toBe("unknown");
  });

  it("keeps the mark of a possible duplicate for good", () => {
    expect(settle(answered("sent"), { email: { possibleDuplicate: true } }).possibleDuplicate).toBe(true);
  });

  it("backs off further with each counted failure", () => {
    expect(settle(failed("smtp.connect"), { email: { attemptCount: 1 } }).nextAttemptAt).toBe(
      now + 5 * 60_000,
    );
  });
});

describe("recipients who may not get mail", () => {
  const withheld = { state: "withheld", code: null, reply: withheldReply };

  it("are withheld, and say nothing of the others", () => {
    const { result } = answered("sent") as AttemptEnd & { kind: "answered" };
    const end: AttemptEnd = { kind: "answered", result: { ...result, withheld: ["r1@example.com"] } };
    const settlement = settle(end, { recipients: [recipient(0), recipient(1)] });
    expect(settlement).toMatchObject({
      state: "partial",
      attempt: { outcome: "sent" },
      recipients: [{ state: "sent" }, withheld],
    });
  });

  it("are withheld at once, while the others are tried again", () => {
    const { result } = answered("temporary") as AttemptEnd & { kind: "answered" };
    const end: AttemptEnd = { kind: "answered", result: { ...result, withheld: ["r1@example.com"] } };
    const settlement = settle(end, { recipients: [recipient(0), recipient(1)] });
    expect(settlement).toMatchObject({ state: "queued", recipients: [{ state: "queued" }, withheld] });
  });

  it("leave an email withheld if they are all that it has", () => {
    const settlement = settle(failed("email.withheld"));
    expect(settlement).toMatchObject({
      state: "withheld",
      finishedAt: now,
      nextAttemptAt: null,
      attempt: { outcome: "withheld" },
      recipients: [withheld],
    });
  });
});

describe("an email that the sandbox has", () => {
  it.each([
    ["sent", true],
    ["permanent", false],
  ] as const)("is captured if its outcome is %s: %s", (outcome, captured) => {
    const { result } = answered(outcome) as AttemptEnd & { kind: "answered" };
    const settlement = settle({ kind: "answered", result: { ...result, captured: true } });
    expect(settlement).toMatchObject({ captured, attempt: { captured } });
  });

  it("stays captured when a later attempt goes elsewhere", () => {
    expect(settle(answered("sent"), { email: { captured: true } })).toMatchObject({
      captured: true,
      attempt: { captured: false },
    });
  });
});

describe("an email that is handed back", () => {
  it("is due when it was, and keeps all that is known of it", () => {
    const before = email({
      nextAttemptAt: now - 5,
      attemptCount: 3,
      possibleDuplicate: true,
      captured: true,
      sentAt: now - 9,
      refusedBy: ["config-1:1"],
    });
    expect(handedBack(before, null, now)).toEqual({
      state: "queued",
      nextAttemptAt: now - 5,
      attemptCount: 3,
      possibleDuplicate: true,
      captured: true,
      sentAt: now - 9,
      finishedAt: null,
      released: null,
      refusedBy: ["config-1:1"],
      recipients: [],
      attempt: null,
    });
  });
});

describe("the state of an email", () => {
  it("is queued exactly while a recipient is, and sent exactly if all are", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...recipientStates), { minLength: 1 }), (recipients) => {
        const state = emailStateOf(recipients);
        expect(state === "queued").toBe(recipients.includes("queued"));
        expect(state === "sent").toBe(recipients.every((one) => one === "sent"));
      }),
    );
  });

  it.each([
    [["sent", "failed"], "partial"],
    [["sent", "unknown"], "unknown"],
    [["failed", "expired"], "failed"],
    [["expired", "cancelled"], "expired"],
    [["cancelled"], "cancelled"],
    [["cancelled", "withheld"], "cancelled"],
    [["sent", "withheld"], "partial"],
    [["failed", "withheld"], "failed"],
    [["withheld", "withheld"], "withheld"],
  ] as const)("of %j is %s", (recipients, state) => {
    expect(emailStateOf(recipients)).toBe(state);
  });
});
