import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { ClockSteps } from "./clock-steps.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

function begin() {
  const clock = createFixedClock();
  return { clock, steps: new ClockSteps(clock) };
}

describe("a step of the time of day", () => {
  it.each([hour, -hour, 3 * second, -3 * second])("of %i ms is noticed once", async (stepMs) => {
    const { clock, steps } = begin();
    await clock.advance(5 * minute);
    expect(steps.look()).toBe(0);
    clock.step(stepMs);
    await clock.advance(7 * second);
    expect(steps.look()).toBe(stepMs);
    expect(steps.look()).toBe(0);
    await clock.advance(hour);
    expect(steps.look()).toBe(0);
  });

  it("is not taken for one if the clock only drifts, however far it gets with time", async () => {
    const { clock, steps } = begin();
    for (let look = 0; look < 20; look++) {
      await clock.advance(minute);
      clock.step(second);
      expect(steps.look()).toBe(0);
    }
    expect(steps.expiryNow()).toBe(clock.now());
  });

  it("forward leaves the time by which emails expire as it was, for ten minutes", async () => {
    const { clock, steps } = begin();
    const before = clock.now();
    clock.step(2 * hour);
    steps.look();
    expect(steps.expiryNow()).toBe(before);
    await clock.advance(10 * minute - 1);
    expect(steps.expiryNow()).toBe(before + 10 * minute - 1);
    await clock.advance(1);
    expect(steps.expiryNow()).toBe(clock.now());
  });

  it("forward adds to one before it, and each has its own ten minutes", async () => {
    const { clock, steps } = begin();
    clock.step(hour);
    steps.look();
    await clock.advance(4 * minute);
    clock.step(3 * hour);
    steps.look();
    expect(clock.now() - steps.expiryNow()).toBe(4 * hour);
    await clock.advance(6 * minute);
    expect(clock.now() - steps.expiryNow()).toBe(3 * hour);
    await clock.advance(4 * minute);
    expect(clock.now() - steps.expiryNow()).toBe(0);
  });

  it("forward that is taken back leaves the right time, for the part that is taken back", async () => {
    const { clock, steps } = begin();
    const behind = (stepMs: number) => {
      clock.step(stepMs);
      steps.look();
      return clock.now() - steps.expiryNow();
    };
    expect(behind(hour)).toBe(hour);
    expect(behind(3 * hour)).toBe(4 * hour);
    await clock.advance(minute);
    expect(behind(-3.5 * hour)).toBe(0.5 * hour);
    expect(behind(-2 * hour)).toBe(0);
    expect(behind(hour)).toBe(hour);
  });

  it("back needs no such time: nothing has expired by it", () => {
    const { clock, steps } = begin();
    clock.step(-hour);
    steps.look();
    expect(steps.expiryNow()).toBe(clock.now());
  });

  it("never lets emails expire by a time that is later than now, and ten minutes after the last one it is now", async () => {
    const moves = fc.array(
      fc.record({
        stepMs: fc.integer({ min: -48 * hour, max: 48 * hour }),
        passedMs: fc.integer({ min: 0, max: 20 * minute }),
      }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(moves, async (given) => {
        const { clock, steps } = begin();
        for (const { stepMs, passedMs } of given) {
          clock.step(stepMs);
          await clock.advance(passedMs);
          steps.look();
          expect(steps.expiryNow()).toBeLessThanOrEqual(clock.now());
        }
        await clock.advance(10 * minute);
        expect(steps.expiryNow()).toBe(clock.now());
      }),
    );
  });
});
