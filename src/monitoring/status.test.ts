import { describe, expect, it } from "vitest";
import type { SmtpConfigView } from "../smtp-configs/summary.ts";
import { concernsOf, judgeMail, type MailFacts } from "./status.ts";

const now = Date.parse("2026-06-01T12:00:00Z");
const minute = 60_000;
const at = (ms: number) => new Date(now + ms).toISOString();

function config(given: Partial<SmtpConfigView> = {}): SmtpConfigView {
  return {
    id: "1",
    name: "Relay",
    position: 0,
    enabled: true,
    smtpServer: "smtp.example.com",
    smtpPort: 587,
    useTls: true,
    tlsMode: "auto",
    username: null,
    password: null,
    authMethod: "auto",
    allowCleartextAuth: false,
    fromEmail: "shop@example.com",
    fromName: null,
    replyTo: null,
    ehloName: null,
    caPem: null,
    maxConnections: 5,
    maxPerSecond: null,
    version: 1,
    createdAt: at(0),
    updatedAt: at(0),
    updatedBy: "Ada",
    lastTest: { at: at(-minute), ok: true, stage: null, title: null },
    pausedUntil: null,
    pausedReason: null,
    problem: null,
    managedBy: null,
    returnTo: null,
    oauth: null,
    lastCheck: null,
    ...given,
  };
}

const judge = (given: Partial<MailFacts> = {}) =>
  judgeMail({
    keyFits: true,
    configs: [config()],
    oldestWaitingAt: null,
    lastSentAt: null,
    sandbox: { host: "127.0.0.1", port: 4651 },
    now,
    ...given,
  });

const paused = { pausedUntil: at(minute), pausedReason: "The sign-in was refused" };
const broken = { problem: { code: "seal.broken", detail: "Enter its password again." } } as const;
const failedTest = { at: at(-minute), ok: false, stage: "auth", title: "The sign-in was refused" };
const other = config({ id: "2", name: "Spare" });

describe("whether mail works", () => {
  it("does not hang on the database's secret where the environment sets a config", () => {
    expect(judge({ keyFits: false }).code).toBe("key_mismatch");
    const managed = config({ id: "environment", managedBy: "environment" });
    expect(judge({ keyFits: false, configs: [managed, { ...config(), ...broken }] })).toMatchObject({
      level: "warn",
      code: "partly",
    });
  });

  it("is said in one sentence with the reason", () => {
    expect(judge()).toEqual({ level: "good", code: "working", sentence: "Mail is working." });
    expect(judge({ configs: [] })).toEqual({
      level: "none",
      code: "no_config",
      sentence: "Mail is not set up yet: there is no SMTP config.",
    });
    expect(judge({ configs: [config(paused)] })).toEqual({
      level: "bad",
      code: "paused",
      sentence: "No mail is sent: Relay is paused: The sign-in was refused.",
    });
    expect(judge({ configs: [config(broken)] }).sentence).toBe(
      "No mail is sent: Relay cannot be used: Enter its password again.",
    );
  });

  it.each([
    ["key_mismatch", "bad", { keyFits: false, configs: [] }],
    ["all_off", "bad", { configs: [config({ enabled: false })] }],
    ["broken", "bad", { configs: [config(broken), config({ enabled: false })] }],
    ["partly", "warn", { configs: [config(paused), other] }],
    ["test_failed", "warn", { configs: [config({ lastTest: failedTest })] }],
    ["change_failed", "warn", { configs: [config({ returnTo: 1 })], lastSentAt: now }],
    ["sandbox", "warn", { configs: [config({ smtpServer: "127.0.0.1", smtpPort: 4651 })] }],
    ["working", "good", { configs: [config({ smtpServer: "127.0.0.1", smtpPort: 25 })] }],
    ["untested", "warn", { configs: [config({ lastTest: null })] }],
    ["working", "good", { configs: [config({ lastTest: null })], lastSentAt: now }],
  ] as const)("is %s", (code, level, given) => {
    expect(judge(given)).toMatchObject({ code, level });
  });

  it("is known to be over when a pause has ended", () => {
    expect(judge({ configs: [config({ ...paused, pausedUntil: at(0) })] }).code).toBe("working");
  });

  it("counts an email that was sent after a failed test as the later word", () => {
    const configs = [config({ lastTest: failedTest })];
    expect(judge({ configs, lastSentAt: now - 2 * minute }).code).toBe("test_failed");
    expect(judge({ configs, lastSentAt: now }).code).toBe("working");
  });

  it("is doubtful once an email waits for five minutes", () => {
    expect(judge({ oldestWaitingAt: now - 5 * minute + 1 }).code).toBe("working");
    expect(judge({ oldestWaitingAt: now - 5 * minute })).toMatchObject({
      level: "warn",
      code: "waiting",
      sentence: "Mail is late: an email has been waiting for 5 minutes.",
    });
    expect(judge({ oldestWaitingAt: now - 130 * minute }).sentence).toMatch(/for 2 hours\.$/);
    expect(judge({ oldestWaitingAt: now - 3 * 1440 * minute }).sentence).toMatch(/for 3 days\.$/);
  });
});

describe("the configs to look at", () => {
  it("are those in use that are broken, paused, or failed their last test", () => {
    const configs = [
      config({ id: "a", ...broken }),
      config({ id: "b", ...paused }),
      config({ id: "c", lastTest: failedTest }),
      config({ id: "d" }),
      config({ id: "e", enabled: false, ...paused }),
    ];
    expect(concernsOf(configs, now).map(({ configId, code }) => [configId, code])).toEqual([
      ["a", "problem"],
      ["b", "paused"],
      ["c", "test_failed"],
    ]);
  });

  it("tell whose change fails, and when it was made", () => {
    const changed = config({ returnTo: 1, updatedBy: "Ada", ...paused });
    const wordsAt = (ms: number) => concernsOf([changed], now + ms).map(({ code, reason }) => [code, reason]);
    expect(wordsAt(0)).toEqual([
      ["change_failed", "Relay: sending fails since the change by Ada just now."],
      ["paused", "Relay is paused: The sign-in was refused."],
    ]);
    expect(wordsAt(130 * minute)[0]).toEqual([
      "change_failed",
      "Relay: sending fails since the change by Ada 2 hours ago.",
    ]);
  });
});
