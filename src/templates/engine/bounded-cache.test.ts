import { describe, expect, it } from "vitest";
import { boundedCache } from "./bounded-cache.ts";

describe("boundedCache", () => {
  it("makes a value once, and forgets the one unused for longest", () => {
    const made: string[] = [];
    const cached = boundedCache(2, (key: string) => {
      made.push(key);
      return key.toUpperCase();
    });
    expect([cached("a"), cached("b"), cached("a")]).toEqual(["A", "B", "A"]);
    expect(made).toEqual(["a", "b"]);
    cached("c");
    cached("a");
    cached("b");
    expect(made).toEqual(["a", "b", "c", "b"]);
  });

  it("remembers nothing of a failure", () => {
    let calls = 0;
    const cached = boundedCache(2, () => {
      calls += 1;
      throw new Error("no");
    });
    expect(() => cached("a")).toThrow("no");
    expect(() => cached("a")).toThrow("no");
    expect(calls).toBe(2);
  });
});
