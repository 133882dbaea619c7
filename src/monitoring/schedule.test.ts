import { describe, expect, test } from "vitest";
import { smtpConfig } from "../../test/support/smtp-config.ts";
import type { ConfigCheck } from "../store/tables/config-checks.ts";
import { firstCheckAt, isDue, nextCheckAt } from "./schedule.ts";

const hourMs = 3_600_000;
const outcome = { ok: true, stage: null, title: null, certificateEndsAt: null, suspects: [], proven: null };
const checked: ConfigCheck = {
  configId: "config-1",
  dueAt: 24 * hourMs,
  claimedUntil: null,
  checkedAt: 0,
  version: 1,
  outcome,
};
const given = { everyHours: 24, hasAlerts: false, now: hourMs };

describe("a check", () => {
  test("comes first within eleven minutes, and then a little before the interval is over", () => {
    expect([firstCheckAt(0, 0), firstCheckAt(0, 0.999_999)]).toEqual([60_000, 659_999]);
    const next = (random: number, isSuspect = false) => nextCheckAt(0, { everyHours: 24, isSuspect, random });
    expect([next(0), next(0.5)]).toEqual([24 * hourMs, 22.8 * hourMs]);
    expect(next(0.5, true)).toBe(600_000);
  });

  test("is due by the interval of today", () => {
    expect(isDue(smtpConfig(), checked, given)).toBe(false);
    expect(isDue(smtpConfig(), checked, { ...given, everyHours: 1 })).toBe(true);
    expect(isDue(smtpConfig(), checked, { ...given, everyHours: 0, now: 99 * hourMs })).toBe(false);
  });

  test("is not due while somebody is at it", () => {
    const claimed = { ...checked, claimedUntil: hourMs + 1 };
    expect(isDue(smtpConfig({ revision: { version: 2 } }), claimed, given)).toBe(false);
  });

  test("is due at once after a change, and after a test that passed while there was trouble", () => {
    expect(isDue(smtpConfig({ revision: { version: 2 } }), checked, given)).toBe(true);
    const lastTest = { at: 1, ok: true, stage: null, title: null };
    expect(isDue(smtpConfig({ health: { lastTest } }), checked, given)).toBe(false);
    expect(isDue(smtpConfig({ health: { lastTest } }), checked, { ...given, hasAlerts: true })).toBe(true);
  });

  test("is due when sending has paused what was well, but not again and again", () => {
    const breaker = {
      state: "open",
      until: 2 * hourMs,
      reason: null,
      failures: 1,
      needsAdmin: false,
    } as const;
    const paused = smtpConfig({ health: { breaker } });
    expect(isDue(paused, checked, given)).toBe(true);
    expect(isDue(paused, checked, { ...given, now: 599_999 })).toBe(false);
    expect(isDue(paused, { ...checked, outcome: { ...outcome, ok: false } }, given)).toBe(false);
  });
});
