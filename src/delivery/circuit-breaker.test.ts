import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isStruckOut, restMs } from "./circuit-breaker.ts";

const second = 1_000;
const hour = 3_600 * second;

describe("the rest of a config that fails", () => {
  it("takes 10 and 30 seconds, then 1, 2 and 5 minutes, and 5 minutes from there on", () => {
    const rests = [1, 2, 3, 4, 5, 6, 100].map((failures) => restMs(failures, false));
    expect(rests).toEqual([10, 30, 60, 120, 300, 300, 300].map((seconds) => seconds * second));
  });

  it("takes an hour where an admin must mend the config, however often it failed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), (failures) => {
        expect(restMs(failures, true)).toBe(hour);
      }),
    );
  });
});

describe("a relay that answers but takes nothing", () => {
  const isOut = (strikes: number, isTrial: boolean, hasOther: boolean) =>
    isStruckOut(strikes, { isTrial, hasOther });

  it("rests from the second attempt in a row on, where another config can take over", () => {
    expect([0, 1, 2, 3].map((strikes) => isOut(strikes, false, true))).toEqual([false, false, true, true]);
  });

  it("rests again if the one email that tries it after a rest fails", () => {
    expect([0, 1].map((strikes) => isOut(strikes, true, true))).toEqual([false, true]);
  });

  it("goes on being tried where there is no other config", () => {
    expect(isOut(1_000, false, false)).toBe(false);
  });
});
