import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxBackoffMs, nextAttemptAt, type Retried } from "./backoff.ts";

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const never = Number.MAX_SAFE_INTEGER;

const next = (given: Partial<Retried> = {}) =>
  nextAttemptAt({ failed: 1, now: 0, createdAt: 0, expiresAt: never, random: 0.5, ...given });

/** When an email is tried whose relay accepts nothing, in milliseconds since it was accepted. */
function attemptsOf(lifeMs: number, { random = () => 0.5, takesMs = second } = {}): number[] {
  const attempts = [0];
  for (let failed = 1; ; failed++) {
    const now = (attempts.at(-1) ?? 0) + takesMs;
    const at = nextAttemptAt({ failed, now, createdAt: 0, expiresAt: lifeMs, random: random() });
    if (at === null) return attempts;
    attempts.push(at);
  }
}

const minutes = (attempts: readonly number[]) => attempts.map((at) => at / minute);

describe("the schedule of retries", () => {
  it("waits 1, 5, 15, 30 minutes, then 1, 2 and 4 hours, and 4 hours from there on", () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 30].map((failed) => next({ failed }));
    expect(waits).toEqual([1, 5, 15, 30, 60, 120, 240, 240, 240].map((wait) => wait * minute));
  });

  it("spreads each wait over 20 % to either side", () => {
    expect(next({ random: 0 })).toBe(48 * second);
    expect(next({ random: 1 })).toBe(72 * second);
    expect(next({ failed: 100, random: 1 })).toBe(maxBackoffMs);
  });

  it.each([
    { life: "15 minutes", lifeMs: 15 * minute, marginMs: 45 * second },
    { life: "an hour", lifeMs: 60 * minute, marginMs: minute },
    { life: "a day", lifeMs: day, marginMs: minute },
  ])("ends with an attempt just before the expiry if an email lives for $life", ({ lifeMs, marginMs }) => {
    expect(attemptsOf(lifeMs).at(-1)).toBe(lifeMs - marginMs);
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })), (all) => {
        const random = () => all.next().value ?? 0;
        expect(attemptsOf(lifeMs, { random }).at(-1)).toBe(lifeMs - marginMs);
      }),
    );
  });

  it("has the attempts of the first hour at the same times, whether an email lives for an hour or a day", () => {
    expect(minutes(attemptsOf(60 * minute, { takesMs: 0 }))).toEqual([0, 1, 6, 21, 51, 59]);
    expect(minutes(attemptsOf(day, { takesMs: 0 })).slice(0, 5)).toEqual([0, 1, 6, 21, 51]);
  });

  it("leaves a short life 5 seconds for its last attempt, and a shorter one no second attempt", () => {
    expect(attemptsOf(30 * second)).toEqual([0, 25 * second]);
    expect(attemptsOf(5 * second)).toEqual([0]);
  });

  it("is over after the last attempt, and if an attempt has taken until then", () => {
    const expiresAt = 60 * minute;
    expect(next({ failed: 9, now: 59 * minute - 1, expiresAt })).toBe(59 * minute);
    expect(next({ failed: 10, now: 59 * minute, expiresAt })).toBeNull();
    expect(next({ failed: 10, now: 59 * minute + 1, expiresAt })).toBeNull();
    expect(next({ failed: 10, now: expiresAt + minute, expiresAt })).toBeNull();
  });

  it("lies in the future and before the expiry, and has one last attempt", () => {
    const times = fc.integer({ min: 0, max: 2 ** 42 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        times,
        times,
        times,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failed, createdAt, age, lifeMs, random) => {
          const given = { failed, now: createdAt + age, createdAt, expiresAt: createdAt + lifeMs, random };
          const at = nextAttemptAt(given);
          if (at === null) return;
          expect(at).toBeGreaterThan(given.now);
          expect(at).toBeLessThan(given.expiresAt);
          // One that was brought forward to the end of the life is the last one.
          const isLast = at < given.now + 0.8 * minute;
          if (isLast) expect(nextAttemptAt({ ...given, failed: failed + 1, now: at })).toBeNull();
        },
      ),
    );
  });
});
