import fc from "fast-check";
import { expect, it } from "vitest";
import { PriorityShares } from "./priority-shares.ts";

it("gives every sixteenth claim to low emails and three of sixteen to normal ones, however small the claims are", () => {
  for (const limit of [1, 2, 7, 16, 64]) {
    const shares = new PriorityShares();
    let normal = 0;
    let low = 0;
    for (let claimed = 0; claimed < 16 * limit; claimed += limit) {
      const next = shares.next(limit);
      normal += next.normal;
      low += next.low;
    }
    expect({ limit, normal, low }).toEqual({ limit, normal: 3 * limit, low: limit });
  }
});

it("never gives away more than the limit", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 100 }), (limits) => {
      const shares = new PriorityShares();
      for (const limit of limits) {
        const { normal, low } = shares.next(limit);
        expect(Math.min(normal, low)).toBeGreaterThanOrEqual(0);
        expect(normal + low).toBeLessThanOrEqual(limit);
      }
    }),
  );
});
