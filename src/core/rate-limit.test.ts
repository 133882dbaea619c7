import { expect, test } from "vitest";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { UserRateLimit } from "./rate-limit.ts";

const options = { name: "connection test", perMinute: 20 };
const busy = expect.objectContaining({ code: "test.busy" });

test("gives each user one slot at a time", () => {
  const limit = new UserRateLimit(createFixedClock(), options);
  const release = limit.acquire("user:1");
  expect(() => limit.acquire("user:1")).toThrow(busy);
  limit.acquire("user:2");
  release();
  limit.acquire("user:1");
});

test("gives twenty slots a minute, and the next when the first is a minute old", async () => {
  const clock = createFixedClock();
  const limit = new UserRateLimit(clock, options);
  for (let count = 0; count < 20; count++) {
    limit.acquire("user:1")();
    await clock.advance(1_000);
  }
  expect(() => limit.acquire("user:1")).toThrow(busy);
  limit.acquire("user:2")();
  await clock.advance(40_000);
  limit.acquire("user:1")();
  expect(() => limit.acquire("user:1")).toThrow(busy);
});
