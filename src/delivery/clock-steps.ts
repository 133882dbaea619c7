import type { Clock } from "../core/clock.ts";

/** What a clock shows beyond this without any time having passed was set. Milliseconds. */
const toleranceMs = 2_000;
/** For so long after a step forward nothing expires by the new time that had time left by the old one. */
const graceMs = 10 * 60_000;

interface Grace {
  readonly stepMs: number;
  /** By the monotonic clock. */
  readonly endsAt: number;
}

/**
 * Notices that the time of day was set: it moved, and the monotonic clock did not. Which of the two times is the
 * right one nobody knows, so emails get their attempts by both.
 */
export class ClockSteps {
  readonly #clock: Clock;
  /** The time of day at the zero of the monotonic clock. */
  #offset: number;
  #graces: readonly Grace[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offset = clock.now() - clock.monotonic();
  }

  /** By how many milliseconds the time of day was set since the last look: forward, or back if less than 0. */
  look(): number {
    const offset = this.#clock.now() - this.#clock.monotonic();
    const stepMs = offset - this.#offset;
    this.#offset = offset;
    if (Math.abs(stepMs) < toleranceMs) return 0;
    const now = this.#clock.monotonic();
    this.#graces = this.#graces.filter(({ endsAt }) => endsAt > now);
    if (stepMs > 0) this.#graces = [...this.#graces, { stepMs, endsAt: now + graceMs }];
    else this.#graces = takenBack(this.#graces, -stepMs);
    return stepMs;
  }

  /** The time by which emails expire, in milliseconds since the epoch: for a while, the one before a step forward. */
  expiryNow(): number {
    const now = this.#clock.monotonic();
    const running = this.#graces.filter(({ endsAt }) => endsAt > now);
    return this.#clock.now() - running.reduce((sum, { stepMs }) => sum + stepMs, 0);
  }
}

/** What a step back leaves of steps forward, the latest first: what is taken back needs no grace. */
function takenBack(graces: readonly Grace[], backMs: number): readonly Grace[] {
  let leftMs = backMs;
  const left = graces.toReversed().map(({ stepMs, endsAt }) => {
    const takenMs = Math.min(stepMs, leftMs);
    leftMs -= takenMs;
    return { stepMs: stepMs - takenMs, endsAt };
  });
  return left.filter(({ stepMs }) => stepMs > 0).reverse();
}
