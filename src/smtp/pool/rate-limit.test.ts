import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateLimiter } from "./rate-limit.ts";

const second = 1_000;
const t0 = Date.parse("2026-06-01T12:00:00Z");

describe("a rate limiter of messages per second", () => {
  it("lets all of them begin at once, then none for a second", () => {
    const limiter = new RateLimiter(3);
    expect(limiter.available(t0)).toBe(3);
    for (let index = 0; index < 3; index++) limiter.acquire(t0);
    expect(limiter.available(t0)).toBe(0);
    expect(limiter.nextAt(t0)).toBe(t0 + second);
    expect(limiter.available(t0 + second - 1)).toBe(0);
    expect(limiter.available(t0 + second)).toBe(3);
  });

  it("gives each slot back a second after it was acquired", () => {
    const limiter = new RateLimiter(2);
    limiter.acquire(t0);
    limiter.acquire(t0 + 400);
    expect(limiter.nextAt(t0 + 400)).toBe(t0 + second);
    expect(limiter.available(t0 + second)).toBe(1);
    limiter.acquire(t0 + second);
    expect(limiter.nextAt(t0 + second)).toBe(t0 + 400 + second);
    expect(limiter.available(t0 + 400 + second)).toBe(1);
  });

  it("is not in the way where there is no limit", () => {
    const limiter = new RateLimiter(null);
    for (let index = 0; index < 1_000; index++) limiter.acquire(t0);
    expect(limiter.available(t0)).toBe(Number.POSITIVE_INFINITY);
    expect(limiter.nextAt(t0)).toBe(t0);
  });

  const pauses = fc.array(fc.record({ afterMs: fc.nat(700), wanted: fc.nat(12) }), { maxLength: 60 });
  const perSecond = fc.integer({ min: 1, max: 8 });

  it("never lets more begin in any one second, wherever that second begins", () => {
    fc.assert(
      fc.property(perSecond, pauses, (limit, steps) => {
        const limiter = new RateLimiter(limit);
        const begun: number[] = [];
        let now = t0;
        for (const { afterMs, wanted } of steps) {
          now += afterMs;
          for (let index = 0; index < wanted && limiter.available(now) > 0; index++) {
            limiter.acquire(now);
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

  it("can be used up by waiting for it: as soon as it says, one may begin, and not a moment earlier", () => {
    fc.assert(
      fc.property(perSecond, fc.array(fc.nat(900), { maxLength: 60 }), (limit, delays) => {
        const limiter = new RateLimiter(limit);
        let now = t0;
        for (const delay of delays) {
          const next = limiter.nextAt(now);
          if (next > now) {
            expect(limiter.available(now)).toBe(0);
            expect(limiter.available(next - 1)).toBe(0);
            now = next;
          }
          expect(limiter.available(now)).toBeGreaterThan(0);
          limiter.acquire(now);
          now += Math.max(0, delay - 600);
        }
      }),
    );
  });
});
