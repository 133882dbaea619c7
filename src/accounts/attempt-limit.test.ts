import { expect, it } from "vitest";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { AttemptLimit } from "./attempt-limit.ts";

const options = { windowMs: 60_000, tooMany: "Too many." };

it("refuses after too many failures from one place, until the window has passed", async () => {
  const clock = createFixedClock();
  const limit = new AttemptLimit(clock, { ...options, max: 2 });
  limit.begin("a");
  limit.begin("a");
  expect(() => limit.begin("a")).toThrow("Too many. Try again in 1 minute.");
  limit.begin("b");
  await clock.advance(60_000);
  limit.begin("a");
});

it("does not count what succeeded", () => {
  const limit = new AttemptLimit(createFixedClock(), { ...options, max: 1 });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    limit.begin("a");
    limit.forgive("a");
  }
  limit.begin("a");
  expect(() => limit.begin("a")).toThrow();
});

it("forgets the oldest of very many places, and not the others", () => {
  const limit = new AttemptLimit(createFixedClock(), { ...options, max: 1 });
  for (let place = 0; place <= 10_000; place += 1) limit.begin(String(place));
  expect(() => limit.begin("1")).toThrow();
  expect(() => limit.begin("10000")).toThrow();
  limit.begin("0");
});
