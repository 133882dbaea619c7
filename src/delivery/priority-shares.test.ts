import fc from "fast-check";
import { expect, it } from "vitest";
import { PriorityShares } from "./priority-shares.ts";

/** What the next claims give, that are for so many emails together. */
function shared(shares: PriorityShares, limit: number, emails: number) {
  const sum = { normal: 0, low: 0 };
  for (let claimed = 0; claimed < emails; claimed += limit) {
    const { normal, low } = shares.next(limit);
    sum.normal += normal;
    sum.low += low;
  }
  return sum;
}

it.each([1, 2, 7, 16, 64])(
  "gives one of sixteen claims to low emails and three to normal ones, with %i emails at once",
  (limit) => {
    const shares = new PriorityShares();
    // Of claims for one email, the third normal one falls on the low one: it comes with the next.
    const first = shared(shares, limit, 16 * limit);
    expect(first).toEqual({ normal: limit === 1 ? 2 : 3 * limit, low: limit });
    for (let round = 0; round < 10; round++) {
      expect(shared(shares, limit, 16 * limit)).toEqual({ normal: 3 * limit, low: limit });
    }
  },
);

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
