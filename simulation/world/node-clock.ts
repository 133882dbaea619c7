import type { Clock } from "../../src/core/clock.ts";
import type { Owner, Scheduler } from "./scheduler.ts";

/** The time of day at which each simulation begins. */
export const startsAt = Date.UTC(2026, 5, 1, 12);

/** The clock of one machine: its time of day may be wrong, be set or stand still; its intervals are right. */
export class NodeClock implements Clock {
  readonly #scheduler: Scheduler;
  readonly #owner: Owner;
  #offsetMs: number;
  #frozenAt: number | null = null;

  constructor(scheduler: Scheduler, owner: Owner, offsetMs: number) {
    this.#scheduler = scheduler;
    this.#owner = owner;
    this.#offsetMs = offsetMs;
  }

  now(): number {
    return this.#frozenAt ?? startsAt + this.#scheduler.now + this.#offsetMs;
  }

  monotonic(): number {
    return this.#scheduler.now;
  }

  /** As `setTimeout`, which never fires in the same millisecond. */
  after(delayMs: number, callback: () => void): () => void {
    return this.#scheduler.after(Math.max(1, delayMs), callback, this.#owner);
  }

  /** How far it is ahead of the right time. */
  get offsetMs(): number {
    return this.now() - startsAt - this.#scheduler.now;
  }

  step(byMs: number): void {
    this.#offsetMs += byMs;
    if (this.#frozenAt !== null) this.#frozenAt += byMs;
  }

  freeze(): void {
    this.#frozenAt = this.now();
  }

  /** Goes on from where it stood, as a machine does that was asleep, or at the right time. */
  thaw(): void {
    this.#frozenAt = null;
  }
}
