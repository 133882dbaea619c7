import fc from "fast-check";
import { expect, it } from "vitest";
import { inChunks } from "./chunks.ts";

it("cuts a list of any length into few pieces of few lengths, nothing lost and in order", () => {
  fc.assert(
    fc.property(fc.nat(1_000), (length) => {
      const items = Array.from({ length }, (_, index) => index);
      const chunks = inChunks(items);
      expect(chunks.flat()).toEqual(items);
      const lengths = chunks.map((chunk) => chunk.length);
      for (const one of lengths) expect([1, 2, 4, 8, 16, 32, 64]).toContain(one);
      // Each length below the largest comes once at the most.
      expect(lengths.length).toBeLessThanOrEqual(Math.floor(length / 64) + 6);
      expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
    }),
  );
});

it("makes nothing of nothing", () => {
  expect(inChunks([])).toEqual([]);
});
