import { expect, it } from "vitest";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { createAttemptLimit } from "./attempt-limit.ts";

it("refuses after too many failures from one place, until the window has passed", async () => {
  const clock = createFixedClock();
  const limit = createAttemptLimit(clock, 2, 60_000);
  limit.failed("a");
  limit.check("a");
  limit.failed("a");
  expect(() => limit.check("a")).toThrow("Try again in 1 minute.");
  limit.check("b");
  await clock.advance(60_000);
  limit.check("a");
});

it("forgets the oldest of very many places, and not the others", () => {
  const limit = createAttemptLimit(createFixedClock(), 1, 60_000);
  for (let place = 0; place <= 10_000; place += 1) limit.failed(String(place));
  limit.check("0");
  expect(() => limit.check("1")).toThrow();
  expect(() => limit.check("10000")).toThrow();
});
