/** How many messages may begin in any one second, to the message. */
export interface Quota {
  /** How many may begin now. */
  left(now: number): number;
  /** One begins. */
  take(now: number): void;
  /** When the next one may begin; `now` or earlier where it may at once. */
  nextAt(now: number): number;
}

/** @param perSecond 1 or more; null for no limit. */
export function createQuota(perSecond: number | null): Quota {
  if (perSecond === null) return { left: () => Number.POSITIVE_INFINITY, take() {}, nextAt: (now) => now };
  /** When each of the latest `perSecond` messages began, the oldest at `oldest`. */
  const begun = new Array<number>(perSecond).fill(Number.NEGATIVE_INFINITY);
  let oldest = 0;
  const begunAt = (index: number) => begun[(oldest + index) % perSecond] ?? Number.NEGATIVE_INFINITY;
  return {
    left(now) {
      // What began later than now did so before the clock was set back: it is forgotten, or all would stop.
      const isPast = (at: number) => at <= now - 1_000 || at > now;
      let count = 0;
      while (count < perSecond && isPast(begunAt(count))) count++;
      return count;
    },
    take(now) {
      begun[oldest] = now;
      oldest = (oldest + 1) % perSecond;
    },
    nextAt: () => begunAt(0) + 1_000,
  };
}
