import { expect, test } from "vitest";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { createTurns } from "./rate-limit.ts";

const options = { name: "connection test", perMinute: 20 };
const busy = expect.objectContaining({ code: "test.busy" });

test("gives one turn at a time to each actor", () => {
  const turns = createTurns(createFixedClock(), options);
  const end = turns.begin("user:1");
  expect(() => turns.begin("user:1")).toThrow(busy);
  turns.begin("user:2");
  end();
  turns.begin("user:1");
});

test("gives twenty turns a minute, and the next when the first is a minute old", async () => {
  const clock = createFixedClock();
  const turns = createTurns(clock, options);
  for (let count = 0; count < 20; count++) {
    turns.begin("user:1")();
    await clock.advance(1_000);
  }
  expect(() => turns.begin("user:1")).toThrow(busy);
  turns.begin("user:2")();
  await clock.advance(40_000);
  turns.begin("user:1")();
  expect(() => turns.begin("user:1")).toThrow(busy);
});
