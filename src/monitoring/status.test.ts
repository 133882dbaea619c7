import { describe, expect, it } from "vitest";
import { type GivenConfig, smtpConfigSummary } from "../../test/support/smtp-config.ts";
import { configIssues, type MailFacts, mailStatus } from "./status.ts";

const now = Date.parse("2026-06-01T12:00:00Z");
const minute = 60_000;

const passedTest = { at: now - minute, ok: true, stage: null, title: null };

/** A config that works, in its first version. */
function config({ health, ...given }: GivenConfig = {}, known: Parameters<typeof smtpConfigSummary>[1] = {}) {
  const settings = { name: "Relay", ...given.settings };
  const revision = { createdAt: now, updatedAt: now, updatedBy: "Ada" };
  return smtpConfigSummary(
    { id: "1", ...given, settings, revision, health: { lastTest: passedTest, ...health } },
    known,
  );
}

const statusOf = (given: Partial<MailFacts> = {}) =>
  mailStatus({
    keyFits: true,
    nodeFaults: [],
    intakeStop: null,
    configs: [config()],
    oldestWaitingAt: null,
    lastSentAt: null,
    sandboxPort: 4651,
    isCaptured: false,
    now,
    ...given,
  });

const pausedUntil = (until: number): GivenConfig => ({
  health: {
    breaker: { state: "open", until, reason: "The sign-in was refused", failures: 1, needsAdmin: false },
  },
});
const paused = pausedUntil(now + minute);
const broken = { problem: { code: "seal.broken", detail: "Enter its password again." } } as const;
const failedTest = { at: now - minute, ok: false, stage: "auth", title: "The sign-in was refused" };
const other = config({ id: "2", settings: { name: "Spare" } });

describe("whether mail works", () => {
  it("does not hang on the database's secret where the environment sets a config", () => {
    expect(statusOf({ keyFits: false }).code).toBe("key_mismatch");
    const managed = config({ id: "environment" });
    expect(statusOf({ keyFits: false, configs: [managed, config({}, broken)] })).toMatchObject({
      level: "warn",
      code: "partly",
    });
  });

  it("is bad while emails are rejected, whatever the configs are like", () => {
    expect(statusOf({ intakeStop: "disk.full", configs: [] })).toEqual({
      level: "bad",
      code: "disk_full",
      sentence: "Sendwright rejects new emails because the disk is nearly full.",
    });
    expect(statusOf({ intakeStop: "queue.full" })).toMatchObject({ level: "bad", code: "queue_full" });
  });

  it("is said in one sentence with the reason", () => {
    expect(statusOf()).toEqual({ level: "good", code: "working", sentence: "Mail is working." });
    expect(statusOf({ configs: [] })).toEqual({
      level: "none",
      code: "no_config",
      sentence: "Mail isn't set up yet. Add an SMTP config to start sending.",
    });
    expect(statusOf({ configs: [config(paused)] })).toEqual({
      level: "bad",
      code: "paused",
      sentence: "Sendwright can't send mail. Relay is paused: The sign-in was refused.",
    });
    expect(statusOf({ configs: [config({}, broken)] }).sentence).toBe(
      "Sendwright can't send mail. Relay can't be used: Enter its password again.",
    );
  });

  it.each([
    ["key_mismatch", "bad", { keyFits: false, configs: [] }],
    ["all_off", "bad", { configs: [config({ settings: { enabled: false } })] }],
    ["broken", "bad", { configs: [config({}, broken), config({ settings: { enabled: false } })] }],
    ["partly", "warn", { configs: [config(paused), other] }],
    ["test_failed", "warn", { configs: [config({ health: { lastTest: failedTest } })] }],
    ["change_failed", "warn", { configs: [config({}, { rollbackTo: 1 })], lastSentAt: now }],
    ["sandbox", "warn", { isCaptured: true, configs: [] }],
    ["sandbox", "warn", { configs: [config({ settings: { smtpServer: "127.0.0.1", smtpPort: 4651 } })] }],
    ["working", "good", { configs: [config({ settings: { smtpServer: "127.0.0.1", smtpPort: 25 } })] }],
    ["untested", "warn", { configs: [config({ health: { lastTest: null } })] }],
    ["working", "good", { configs: [config({ health: { lastTest: null } })], lastSentAt: now }],
  ] as const)("is %s", (code, level, given) => {
    expect(statusOf(given)).toMatchObject({ code, level });
  });

  it("counts an email that was sent after a failed test as the later word", () => {
    const configs = [config({ health: { lastTest: failedTest } })];
    expect(statusOf({ configs, lastSentAt: now - 2 * minute }).code).toBe("test_failed");
    expect(statusOf({ configs, lastSentAt: now }).code).toBe("working");
  });

  it("is doubtful once an email waits for five minutes", () => {
    expect(statusOf({ oldestWaitingAt: now - 5 * minute + 1 }).code).toBe("working");
    expect(statusOf({ oldestWaitingAt: now - 5 * minute })).toMatchObject({
      level: "warn",
      code: "waiting",
      sentence: "Mail is late. An email has been queued for 5 minutes.",
    });
    expect(statusOf({ oldestWaitingAt: now - 130 * minute }).sentence).toMatch(/for 2 hours\.$/);
    expect(statusOf({ oldestWaitingAt: now - 3 * 1440 * minute }).sentence).toMatch(/for 3 days\.$/);
  });
});

describe("a config that was paused", () => {
  const breaker = { reason: "The sign-in was refused", failures: 1 } as const;

  it("is said to be tried once its pause is over, until an email has shown that it works", () => {
    const sentence =
      "Relay was paused: The sign-in was refused. Sendwright tries it again with the next email.";
    const halfOpen = { state: "half-open", until: now + minute, ...breaker, needsAdmin: false } as const;
    for (const tried of [pausedUntil(now - 1), { health: { breaker: halfOpen } }]) {
      expect(statusOf({ configs: [config(tried)] })).toEqual({ level: "warn", code: "tried", sentence });
      expect(configIssues([config(tried)], { now, nodeFaults: [] })).toMatchObject([
        { code: "tried", reason: sentence },
      ]);
    }
  });

  it("names who must act if it does not end by itself", () => {
    const open = { state: "open", until: now + minute, ...breaker, needsAdmin: true } as const;
    expect(statusOf({ configs: [config({ health: { breaker: open } })] }).sentence).toBe(
      "Sendwright can't send mail. Relay needs an admin: The sign-in was refused.",
    );
  });
});

describe("a fault of this node", () => {
  const nodeFaults = [{ configId: "1", reason: "smtp.example.com was not looked up" }];
  const reason =
    "This node can't use Relay, so other nodes send its mail: smtp.example.com was not looked up.";

  it("is said as one of this node, and not of the config", () => {
    expect(statusOf({ nodeFaults })).toEqual({ level: "warn", code: "node_fault", sentence: reason });
    expect(configIssues([config(), other], { now, nodeFaults })).toEqual([
      { configId: "1", name: "Relay", code: "node_fault", reason },
    ]);
  });

  it("says no more of a config that is turned off", () => {
    const off = config({ settings: { enabled: false } });
    expect(configIssues([off, other], { now, nodeFaults })).toEqual([]);
  });
});

describe("the configs to look at", () => {
  it("are those in use that are broken, paused, or failed their last test", () => {
    const configs = [
      config({ id: "a" }, broken),
      config({ id: "b", ...paused }),
      config({ id: "c", health: { lastTest: failedTest } }),
      config({ id: "d" }),
      config({ id: "e", settings: { enabled: false }, ...paused }),
    ];
    expect(
      configIssues(configs, { now, nodeFaults: [] }).map(({ configId, code }) => [configId, code]),
    ).toEqual([
      ["a", "problem"],
      ["b", "paused"],
      ["c", "test_failed"],
    ]);
  });

  it("tell whose change fails, and when it was made", () => {
    const changed = config(paused, { rollbackTo: 1 });
    const wordsAt = (ms: number) =>
      configIssues([changed], { now: now + ms, nodeFaults: [] }).map(({ code, reason }) => [code, reason]);
    expect(wordsAt(0)).toEqual([
      ["change_failed", "Relay has failed since Ada changed it a moment ago."],
      ["paused", "Relay is paused: The sign-in was refused."],
    ]);
    expect(wordsAt(130 * minute)[0]).toEqual([
      "change_failed",
      "Relay has failed since Ada changed it 2 hours ago.",
    ]);
  });
});

describe("a config that has reached a limit", () => {
  const used = (setting: "maxPerMinute" | "maxPerDay", windowSeconds: number) => ({
    usage: [{ setting, limit: 500, used: 500, windowSeconds, resetsAt: now + minute }],
  });
  const limited = config({}, used("maxPerDay", 86_400));
  const reason = "Relay has reached a limit: 500 of 500 emails in 24 hours.";

  it("is an issue, and no reason to worry while another one sends", () => {
    expect(configIssues([limited, other], { now, nodeFaults: [] })).toMatchObject([
      { code: "limit", reason },
    ]);
    expect(statusOf({ configs: [limited, other], lastSentAt: now }).code).toBe("working");
  });

  it("keeps mail queued if it is the only one that could send", () => {
    const expected = { level: "warn", code: "limit", sentence: `Emails stay queued. ${reason}` };
    expect(statusOf({ configs: [limited] })).toEqual(expected);
    const off = config({ id: "3", settings: { enabled: false } });
    expect(statusOf({ configs: [limited, off], oldestWaitingAt: now - 10 * minute })).toEqual(expected);
  });

  it("is not told of where the limit ends within the minute", () => {
    const paced = config({}, used("maxPerMinute", 60));
    expect(configIssues([paced], { now, nodeFaults: [] })).toEqual([]);
    expect(statusOf({ configs: [paced] }).code).toBe("working");
  });
});
