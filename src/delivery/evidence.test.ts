import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { replyOf } from "../../test/support/attempt-ends.ts";
import { type ErrorCode, errorTable, SendwrightError, type SmtpFailure } from "../core/errors.ts";
import { type Stage, stages } from "../core/model.ts";
import type { RecipientResult } from "../smtp/connection.ts";
import { type Evidence, evidenceOf, isRefusedHereOnly } from "./evidence.ts";
import { type AttemptEnd, attemptOf } from "./outcome.ts";

const now = Date.UTC(2026, 5, 1, 12);
const day = 86_400_000;

/** From the config's own address, as most emails are. */
const own = { from: "shop@example.com", isOwnSender: true };
/** From another address, which the email names. */
const named = { from: "jane@example.com", isOwnSender: false };

interface Given {
  readonly sender?: typeof own;
  readonly isKnownGood?: boolean;
}

function assess(end: AttemptEnd, { sender = own, isKnownGood = true }: Given = {}) {
  const attempt = attemptOf({
    config: null,
    connection: null,
    end,
    startedAt: now,
    durationMs: 5,
    why: null,
  });
  const evidence = evidenceOf({ end, attempt, ...sender, isKnownGood, now });
  return { outcome: attempt.outcome, evidence, isHereOnly: isRefusedHereOnly(end, sender.from) };
}

function recipientOf(line: string | null, index: number): RecipientResult {
  const reply = line === null ? null : replyOf(line);
  const code = reply?.code ?? 0;
  const outcome = code === 0 ? "unknown" : code < 400 ? "sent" : code < 500 ? "temporary" : "permanent";
  return { address: `r${index}@example.com`, outcome, reply };
}

/** What the relay said of each recipient; null for one whose answer was lost. */
function answered(stage: Stage, ...lines: readonly (string | null)[]): AttemptEnd {
  const recipients = lines.map(recipientOf);
  const result = {
    recipients,
    reply: null,
    stage,
    durationMs: 5,
    bodyStarted: stage === "message",
    lost: null,
  };
  return { kind: "answered", result };
}

function failed(code: ErrorCode, smtp?: SmtpFailure): AttemptEnd {
  return { kind: "failed", error: new SendwrightError(code, "It failed.", smtp && { smtp }) };
}

const certificate = (validFrom: number, validTo: number) => ({
  names: ["smtp.example.com"],
  issuer: "An authority",
  validFrom,
  validTo,
  fingerprint256: "AB",
});

describe("what a reply shows of the way", () => {
  it.each<[string, AttemptEnd, Evidence]>([
    ["an accepted email", answered("message", "250 2.0.0 Ok"), "works"],
    ["one that some recipients get", answered("message", "250 2.0.0 Ok", "550 5.1.1 No such user"), "works"],
    ["an unknown recipient", answered("recipient", "550 5.1.1 No such user"), "works"],
    ["a message taken for spam", answered("message", "554 5.7.1 Message rejected as spam"), "works"],
    ["greylisting", answered("recipient", "451 4.7.1 Greylisted, try again in 300 seconds"), "works"],
    ["a recipient who gets too much", answered("recipient", "450 4.2.1 Receiving mail too quickly"), "works"],
    ["a full mailbox", answered("recipient", "552 5.2.2 Quota exceeded (mailbox for user is full)"), "works"],
    [
      "a full mailbox, found late",
      answered("message", "552 5.2.2 Mailbox full: message quota exceeded"),
      "works",
    ],
    ["a full mailbox for now", answered("recipient", "452 4.2.2 Message quota exceeded"), "works"],
    [
      "Gmail's limit of a day",
      answered("message", "550 5.4.5 Daily user sending limit exceeded."),
      { fails: "quota" },
    ],
    [
      "Gmail's limit at MAIL",
      answered("sender", "550 5.4.5 Daily SMTP relay limit exceeded."),
      { fails: "quota" },
    ],
    [
      "Exchange's limit of a day",
      answered("message", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException"),
      { fails: "quota" },
    ],
    [
      "SES's limit of a day",
      answered("message", "454 Throttling failure: Daily message quota exceeded."),
      { fails: "quota" },
    ],
    [
      "SES's limit of a second",
      answered("message", "454 Throttling failure: Maximum sending rate exceeded."),
      { fails: "refused" },
    ],
    ["another one's quota", answered("recipient", "450 4.7.1 Sending quota exceeded"), { fails: "quota" }],
    [
      "a quota beside an unknown recipient",
      answered("message", "550 5.1.1 No", "550 5.4.5 Daily sending quota exceeded"),
      { fails: "quota" },
    ],
    ["a relay that closes down", answered("sender", "421 4.3.2 Service shutting down"), { fails: "busy" }],
    ["Gmail that is busy", answered("message", "421 4.4.5 Server busy, try again later."), { fails: "busy" }],
    ["a congested relay", answered("message", "451 4.4.5 Mail system congestion"), { fails: "refused" }],
    ["421 after a recipient", answered("recipient", "450 4.2.1 Later", "421 4.7.0 Too many"), "works"],
    [
      "a relay without room",
      answered("message", "452 4.3.1 Insufficient system storage"),
      { fails: "refused" },
    ],
    ["a relay that defers the sender", answered("sender", "451 4.7.0 Try later"), { fails: "refused" }],
    ["a lost answer", answered("message", null), { fails: "refused" }],
    [
      "a relay that wants authentication",
      answered("sender", "530 5.7.0 Authentication required"),
      { fails: "config" },
    ],
    [
      "the own sender refused",
      answered("sender", "550 5.7.1 Sender address not verified"),
      { fails: "config" },
    ],
    [
      "the own sender refused by Exchange",
      answered(
        "message",
        "554 5.2.252 SendAsDenied; shop@example.com not allowed to send as info@example.com",
      ),
      { fails: "config" },
    ],
    [
      "the same without its code",
      answered("message", "554 Transport.SendAsDenied.Exception"),
      { fails: "config" },
    ],
    [
      "5.7.60 of Exchange",
      answered("message", "550 5.7.60 Client does not have permissions to send as this sender"),
      { fails: "config" },
    ],
    [
      "the own sender refused at a recipient",
      answered("recipient", "553 5.7.1 <shop@example.com>: Sender address rejected: not owned by user jane"),
      { fails: "config" },
    ],
    [
      "an account that may send nothing",
      answered("message", "550 5.7.705 Access denied, tenant has exceeded threshold"),
      { fails: "config" },
    ],
    [
      "a tenant's limit of a day",
      answered(
        "message",
        "550 5.7.233 Your message can't be sent because your tenant exceeded its daily limit",
      ),
      { fails: "quota" },
    ],
    [
      "a quota that some recipients meet",
      answered("recipient", "250 Ok", "550 5.4.5 Daily user sending limit exceeded."),
      { fails: "quota" },
    ],
    ["a message that is too large", answered("sender", "552 5.3.4 Message size exceeds limit"), "works"],
    ["content that is too large", answered("message", "552 5.3.4 Message size exceeds limit"), "works"],
  ])("%s", (_what, end, evidence) => {
    expect(assess(end).evidence).toEqual(evidence);
  });

  it("is nothing against the config if it refuses a sender that the email names", () => {
    for (const line of [
      "550 5.7.1 Sender not verified",
      "550 5.7.60 No permission",
      "554 5.2.252 SendAsDenied",
    ]) {
      expect(assess(answered("sender", line), { sender: named }).evidence).toBe("works");
    }
  });
});

describe("what a failed conversation shows of the way", () => {
  const tls = (systemCode: string, shown?: ReturnType<typeof certificate>) =>
    failed("smtp.tls", { stage: "tls", systemCode, ...(shown && { certificate: shown }) });

  it.each<[string, AttemptEnd, Evidence]>([
    [
      "name servers that do not answer",
      failed("smtp.resolve", { stage: "resolve", systemCode: "EAI_AGAIN" }),
      "node-fails",
    ],
    [
      "name servers that fail",
      failed("smtp.resolve", { stage: "resolve", systemCode: "ESERVFAIL" }),
      "node-fails",
    ],
    [
      "a name that is not there",
      failed("smtp.resolve", { stage: "resolve", systemCode: "ENOTFOUND" }),
      { fails: "unreachable" },
    ],
    [
      "a node without a network",
      failed("smtp.connect", { stage: "connect", systemCode: "ENETUNREACH" }),
      "node-fails",
    ],
    [
      "a node without file descriptors",
      failed("smtp.connect", { stage: "connect", systemCode: "EMFILE" }),
      "node-fails",
    ],
    [
      "a closed port",
      failed("smtp.connect", { stage: "connect", systemCode: "ECONNREFUSED" }),
      { fails: "unreachable" },
    ],
    [
      "no answer to a connection",
      failed("smtp.timeout", { stage: "connect", systemCode: "ETIMEDOUT" }),
      { fails: "unreachable" },
    ],
    [
      "a refused connection while a name is looked up",
      failed("smtp.resolve", { stage: "resolve", systemCode: "ECONNREFUSED" }),
      "node-fails",
    ],
    [
      "no file descriptor in the middle of it",
      failed("smtp.closed", { stage: "message", systemCode: "EMFILE" }),
      { fails: "refused" },
    ],
    ["a silent relay", failed("smtp.timeout", { stage: "greeting" }), { fails: "unreachable" }],
    [
      "421 as greeting",
      failed("smtp.rejected", { stage: "greeting", reply: replyOf("421 4.3.2 Later") }),
      { fails: "busy" },
    ],
    [
      "421 in the middle of it",
      failed("smtp.closed", { stage: "message", reply: replyOf("421 4.4.2 Timeout") }),
      { fails: "busy" },
    ],
    [
      "554 as greeting",
      failed("smtp.rejected", { stage: "greeting", reply: replyOf("554 No SMTP service here") }),
      { fails: "config" },
    ],
    [
      "a wrong password",
      failed("smtp.auth_rejected", { stage: "auth", reply: replyOf("535 5.7.8 No") }),
      { fails: "config" },
    ],
    [
      "authentication that fails for now",
      failed("smtp.auth_rejected", { stage: "auth", reply: replyOf("454 4.7.0 Later") }),
      { fails: "unreachable" },
    ],
    ["no STARTTLS", failed("smtp.starttls_missing", { stage: "starttls" }), { fails: "config" }],
    [
      "a connection that closes after RCPT",
      failed("smtp.closed", { stage: "recipient" }),
      { fails: "refused" },
    ],
    ["another key", failed("secret.mismatch"), "node-fails"],
    ["rules of this node for where to connect", failed("egress.refused", { stage: "resolve" }), "node-fails"],
    ["a broken seal", failed("seal.broken"), { fails: "config" }],
    ["a message that is too large", failed("smtp.too_large", { stage: "sender" }), "none"],
    ["an address that needs SMTPUTF8", failed("smtp.smtputf8_missing", { stage: "sender" }), "none"],
    ["content that is deleted", failed("email.content_gone"), "none"],
    ["a fault of Sendwright", failed("internal"), "none"],
    ["a database that is away", failed("store.unavailable"), "none"],
    ["a certificate for another name", tls("ERR_TLS_CERT_ALTNAME_INVALID"), { fails: "config" }],
    [
      "an expired certificate",
      tls("CERT_HAS_EXPIRED", certificate(now - 90 * day, now - 1)),
      { fails: "config" },
    ],
    ["one that expires now", tls("CERT_HAS_EXPIRED", certificate(now - 90 * day, now)), "node-fails"],
    [
      "an expired one that is in time by the clock of the database",
      tls("CERT_HAS_EXPIRED", certificate(now - day, now + day)),
      "node-fails",
    ],
    [
      "an early one that is in time by the clock of the database",
      tls("CERT_NOT_YET_VALID", certificate(now, now + day)),
      "node-fails",
    ],
    [
      "a certificate that is not valid yet",
      tls("CERT_NOT_YET_VALID", certificate(now + 1, now + day)),
      { fails: "config" },
    ],
    ["an expired one of which nothing more is known", tls("CERT_HAS_EXPIRED"), { fails: "config" }],
  ])("%s", (_what, end, evidence) => {
    expect(assess(end).evidence).toEqual(evidence);
  });

  it("is a fault of this node if it does not know the authority of a config that has worked", () => {
    for (const systemCode of ["SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"]) {
      expect(assess(tls(systemCode), { isKnownGood: true }).evidence).toBe("node-fails");
      expect(assess(tls(systemCode), { isKnownGood: false }).evidence).toEqual({ fails: "config" });
    }
  });
});

const notOwned = "553 5.7.1 <jane@example.com>: Sender address rejected: not owned by user shop";

describe("an email that another config may send", () => {
  it.each<[string, AttemptEnd]>([
    ["is too large here", failed("smtp.too_large", { stage: "sender" })],
    ["needs SMTPUTF8, which is missing here", failed("smtp.smtputf8_missing", { stage: "sender" })],
    [
      "is found too large when it is here",
      answered("message", "552 5.3.4 Message too big", "552 5.2.3 Too big"),
    ],
    [
      "is too large by a reply without an enhanced code",
      answered("message", "552 Message size exceeds maximum"),
    ],
  ])("%s, whoever sends it", (_what, end) => {
    expect(assess(end, { sender: own }).isHereOnly).toBe(true);
    expect(assess(end, { sender: named }).isHereOnly).toBe(true);
  });

  it.each<[string, AttemptEnd]>([
    ["is refused for its sender", answered("sender", "550 5.7.1 Sender not verified")],
    ["may not be sent as its sender", answered("message", "554 5.2.252 SendAsDenied")],
    ["may not be sent as its sender, by Postfix", answered("recipient", notOwned, notOwned)],
    ["finds its account closed", answered("message", "554 Sending paused for this account.")],
    ["meets the quota of a day", answered("recipient", "550 5.4.5 Daily user sending limit exceeded.")],
    [
      "is too large for one recipient, where another is unknown",
      answered("message", "552 5.3.4 Big", "550 5.1.1 No"),
    ],
    [
      "is too large for one recipient, where another has got it",
      answered("message", "250 Ok", "552 5.3.4 Too big"),
    ],
  ])("%s", (_what, end) => {
    expect(assess(end, { sender: named }).isHereOnly).toBe(true);
    expect(assess(end, { sender: own }).isHereOnly).toBe(true);
  });

  it("has a sender that Amazon SES has not verified; an unverified recipient says nothing of the config", () => {
    const line = (address: string) =>
      answered(
        "message",
        `554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: ${address}`,
      );
    expect(assess(line("shop@example.com"))).toMatchObject({
      isHereOnly: true,
      evidence: { fails: "config" },
    });
    expect(assess(line("pat@example.net"))).toMatchObject({ isHereOnly: true, evidence: "works" });
  });

  it.each<[string, AttemptEnd]>([
    ["a recipient is unknown", answered("recipient", "550 5.1.1 No such user")],
    ["a mailbox is full", answered("message", "552 5.2.2 Over quota")],
    ["it is taken for spam", answered("message", "554 5.7.1 Spam")],
    ["the sender is refused for now", answered("sender", "451 4.7.1 Later")],
    ["its content is deleted", failed("email.content_gone")],
    ["the relay cannot be reached", failed("smtp.connect", { stage: "connect" })],
  ])("is none of those of which %s", (_what, end) => {
    expect(assess(end, { sender: named }).isHereOnly).toBe(false);
  });
});

function isWorkingOrQuota(evidence: Evidence): boolean {
  return evidence === "works" || (typeof evidence === "object" && evidence.fails === "quota");
}

describe("every end of an attempt", () => {
  const lines = fc.oneof(
    fc.constant(null),
    fc
      .tuple(
        fc.integer({ min: 200, max: 599 }),
        fc.option(fc.constantFrom("2.0.0", "4.4.5", "5.4.5", "5.2.2", "5.3.4", "5.7.60", "5.2.252")),
        fc.string(),
      )
      .map(([code, enhanced, text]) =>
        [code, enhanced, text.replace(/\n/g, "")].filter((part) => part !== null).join(" "),
      ),
  );
  const anAnswer = fc
    .tuple(fc.constantFrom(...stages), fc.array(lines, { minLength: 1, maxLength: 5 }))
    .map(([stage, some]) => answered(stage, ...some));
  const systemCodes = [
    "ECONNREFUSED",
    "EAI_AGAIN",
    "EMFILE",
    "CERT_HAS_EXPIRED",
    "SELF_SIGNED_CERT_IN_CHAIN",
  ];
  const aFailure = fc
    .tuple(
      fc.constantFrom(...(Object.keys(errorTable) as ErrorCode[])),
      fc.option(
        fc.record(
          {
            stage: fc.constantFrom(...stages),
            systemCode: fc.constantFrom(...systemCodes),
            reply: fc.integer({ min: 200, max: 599 }).map((code) => replyOf(`${code} Words`)),
            certificate: fc.tuple(fc.nat(), fc.nat()).map(([from, to]) => certificate(now - from, now + to)),
          },
          { requiredKeys: ["stage"] },
        ),
        { nil: undefined },
      ),
    )
    .map(([code, smtp]) => failed(code, smtp));
  const causes = ["unreachable", "busy", "refused", "quota", "config"];
  const known = new Set(["works", "none", "node-fails", ...causes]);

  it("shows something that is known, and what was sent is for no other config", () => {
    fc.assert(
      fc.property(fc.oneof(anAnswer, aFailure), fc.boolean(), fc.boolean(), (end, isKnownGood, isNamed) => {
        const found = assess(end, { isKnownGood, sender: isNamed ? named : own });
        const { evidence, outcome, isHereOnly } = found;
        expect(known).toContain(typeof evidence === "string" ? evidence : evidence.fails);
        if (outcome === "sent") expect([evidence, isHereOnly]).toEqual(["works", false]);
        if (outcome === "partial") expect(evidence).toSatisfy(isWorkingOrQuota);
        if (isHereOnly) expect(["permanent", "partial", "temporary", "unknown", "config"]).toContain(outcome);
      }),
      { numRuns: 500 },
    );
  });
});
