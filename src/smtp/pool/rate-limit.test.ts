import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createQuota } from "./rate-limit.ts";

const second = 1_000;
const t0 = Date.parse("2026-06-01T12:00:00Z");

describe("a quota of messages per second", () => {
  it("lets all of them begin at once, then none for a second", () => {
    const quota = createQuota(3);
    expect(quota.left(t0)).toBe(3);
    for (let index = 0; index < 3; index++) quota.take(t0);
    expect(quota.left(t0)).toBe(0);
    expect(quota.nextAt(t0)).toBe(t0 + second);
    expect(quota.left(t0 + second - 1)).toBe(0);
    expect(quota.left(t0 + second)).toBe(3);
  });

  it("gives each place back a second after it was taken", () => {
    const quota = createQuota(2);
    quota.take(t0);
    quota.take(t0 + 400);
    expect(quota.nextAt(t0 + 400)).toBe(t0 + second);
    expect(quota.left(t0 + second)).toBe(1);
    quota.take(t0 + second);
    expect(quota.nextAt(t0 + second)).toBe(t0 + 400 + second);
    expect(quota.left(t0 + 400 + second)).toBe(1);
  });

  it("is not in the way where there is no limit", () => {
    const quota = createQuota(null);
    for (let index = 0; index < 1_000; index++) quota.take(t0);
    expect(quota.left(t0)).toBe(Number.POSITIVE_INFINITY);
    expect(quota.nextAt(t0)).toBe(t0);
  });

  it("does not keep anybody waiting whose clock was set back", () => {
    const quota = createQuota(2);
    quota.take(t0);
    quota.take(t0);
    const earlier = t0 - 3_600 * second;
    expect(quota.left(earlier)).toBe(2);
    quota.take(earlier);
    quota.take(earlier);
    expect(quota.left(earlier)).toBe(0);
    expect(quota.nextAt(earlier)).toBe(earlier + second);
    expect(quota.left(earlier + second)).toBe(2);
  });

  const pauses = fc.array(fc.record({ afterMs: fc.nat(700), wanted: fc.nat(12) }), { maxLength: 60 });
  const perSecond = fc.integer({ min: 1, max: 8 });

  it("never lets more begin in any one second, wherever that second begins", () => {
    fc.assert(
      fc.property(perSecond, pauses, (limit, steps) => {
        const quota = createQuota(limit);
        const begun: number[] = [];
        let now = t0;
        for (const { afterMs, wanted } of steps) {
          now += afterMs;
          for (let index = 0; index < wanted && quota.left(now) > 0; index++) {
            quota.take(now);
            begun.push(now);
          }
        }
        for (const from of begun) {
          const within = begun.filter((at) => at >= from && at < from + second);
          expect(within.length).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it("is used up by whoever waits for it: as soon as it says, one may begin, and not a moment earlier", () => {
    fc.assert(
      fc.property(perSecond, fc.array(fc.nat(900), { maxLength: 60 }), (limit, delays) => {
        const quota = createQuota(limit);
        let now = t0;
        for (const delay of delays) {
          const next = quota.nextAt(now);
          if (next > now) {
            expect(quota.left(now)).toBe(0);
            expect(quota.left(next - 1)).toBe(0);
            now = next;
          }
          expect(quota.left(now)).toBeGreaterThan(0);
          quota.take(now);
          now += Math.max(0, delay - 600);
        }
      }),
    );
  });
});
