import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextAttemptAt } from "./backoff.ts";

const minute = 60_000;
const never = Number.MAX_SAFE_INTEGER;

describe("the schedule of retries", () => {
  it("waits 1, 5, 15, 30 minutes, then 1, 2 and 4 hours, and 4 hours from there on", () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 30].map((failed) => nextAttemptAt(failed, 0, never, 0.5));
    expect(waits).toEqual([1, 5, 15, 30, 60, 120, 240, 240, 240].map((minutes) => minutes * minute));
  });

  it("spreads each wait over 20 % to either side", () => {
    expect(nextAttemptAt(1, 0, never, 0)).toBe(48_000);
    expect(nextAttemptAt(1, 0, never, 1)).toBe(72_000);
  });

  it("gives up where the next attempt would come too late", () => {
    expect(nextAttemptAt(1, 0, minute, 0.5)).toBeNull();
    expect(nextAttemptAt(1, 0, minute + 1, 0.5)).toBe(minute);
  });

  it("always lies in the future and before the expiry", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 0, max: 2 ** 42 }),
        fc.integer({ min: 0, max: 2 ** 42 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failed, now, expiresAt, random) => {
          const at = nextAttemptAt(failed, now, expiresAt, random);
          if (at === null) return;
          expect(at).toBeGreaterThan(now);
          expect(at).toBeLessThan(expiresAt);
        },
      ),
    );
  });
});
