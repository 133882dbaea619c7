import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cooldownMs, shouldTrip } from "./circuit-breaker.ts";

const second = 1_000;
const hour = 3_600 * second;

describe("the cooldown of a config that fails", () => {
  it("takes 10 and 30 seconds, then 1, 2 and 5 minutes, and 5 minutes from there on", () => {
    const cooldowns = [1, 2, 3, 4, 5, 6, 100].map((failures) => cooldownMs(failures, false));
    expect(cooldowns).toEqual([10, 30, 60, 120, 300, 300, 300].map((seconds) => seconds * second));
  });

  it("takes an hour if the config needs an admin, however often it failed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), (failures) => {
        expect(cooldownMs(failures, true)).toBe(hour);
      }),
    );
  });
});

describe("a relay that answers but takes nothing", () => {
  const trips = (failures: number, isHalfOpen: boolean, hasFallback: boolean) =>
    shouldTrip(failures, { isHalfOpen, hasFallback });

  it("is not used from the second attempt in a row on, if another config can take over", () => {
    expect([0, 1, 2, 3].map((failures) => trips(failures, false, true))).toEqual([false, false, true, true]);
  });

  it("is not used again if the one email that tries it after a cooldown fails", () => {
    expect([0, 1].map((failures) => trips(failures, true, true))).toEqual([false, true]);
  });

  it("goes on being tried if there is no other config", () => {
    expect(trips(1_000, false, false)).toBe(false);
  });
});
