import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";

/** A clock for tests: its time stands still until `advance` is called. */
export interface FixedClock extends Clock {
  /**
   * Moves the time forward and fires the timers that become due, in order, each at its own time.
   * After each one the event loop turns once, so that what it set in motion may set timers in turn.
   */
  advance(ms: number): Promise<void>;
  /** Sets `now` forward, or back by less than nothing, as an admin or NTP does: no time passes, and no timer fires. */
  step(ms: number): void;
  /** How many timers are waiting: 0 once everything has been tidied up. */
  readonly waiting: number;
}

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/** @param startMs the time it begins with, in milliseconds since the epoch; 2026-01-01T00:00:00Z by default. */
export function createFixedClock(startMs = Date.UTC(2026, 0, 1)): FixedClock {
  let now = startMs;
  /** How much of `now` was set. */
  let stepped = 0;
  const timers = new Set<Timer>();

  /** The earliest timer due by `limit`; of equals, the one set first. */
  function nextDue(limit: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.dueAt <= limit && (next === undefined || timer.dueAt < next.dueAt)) next = timer;
    }
    return next;
  }

  return {
    now: () => now + stepped,
    monotonic: () => now - startMs,
    after(delayMs, callback) {
      const timer = { dueAt: now + Math.max(0, delayMs), callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const target = now + ms;
      await turn();
      for (let timer = nextDue(target); timer !== undefined; timer = nextDue(target)) {
        timers.delete(timer);
        now = Math.max(now, timer.dueAt);
        timer.callback();
        await turn();
      }
      now = Math.max(now, target);
    },
    step(ms) {
      stepped += ms;
    },
    get waiting() {
      return timers.size;
    },
  };
}
