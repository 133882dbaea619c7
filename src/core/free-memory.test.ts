import { expect, test } from "vitest";
import { freeMemory } from "./free-memory.ts";

test("frees the memory of large bytes, and leaves alone what is a part of other memory", () => {
  const whole = Buffer.alloc(1_000_000, "a");
  freeMemory(whole.subarray(1));
  expect(whole.length).toBe(1_000_000);
  freeMemory(whole);
  expect(whole.length).toBe(0);
  const pooled = Buffer.from("a small text");
  freeMemory(pooled);
  expect(pooled.toString()).toBe("a small text");
});
