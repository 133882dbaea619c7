import { expect, it } from "vitest";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { inTime } from "./time-limit.ts";

it("waits for work that is done in time, and leaves no timer", async () => {
  const clock = createFixedClock();
  expect(await inTime(clock, 1_000, Promise.resolve("done"))).toBe(true);
  await expect(inTime(clock, 1_000, Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  expect(clock.waiting).toBe(0);
});

it("waits no longer than the time for work that takes more", async () => {
  const clock = createFixedClock();
  const work = Promise.withResolvers<void>();
  const waiting = inTime(clock, 1_000, work.promise);
  await clock.advance(1_000);
  expect(await waiting).toBe(false);
  // What it comes to later is nobody's business.
  work.reject(new Error("late"));
});
