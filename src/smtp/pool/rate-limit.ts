/** How many messages may begin in any one second, to the message. */
export class RateLimiter {
  readonly #perSecond: number | null;
  /** When each of the latest `perSecond` messages began, the oldest at `#oldest`; empty if there is no limit. */
  readonly #begun: number[];
  #oldest = 0;

  /** @param perSecond 1 or more; null for no limit. */
  constructor(perSecond: number | null) {
    this.#perSecond = perSecond;
    this.#begun = new Array<number>(perSecond ?? 0).fill(Number.NEGATIVE_INFINITY);
  }

  /** How many may begin now; infinite if there is no limit. */
  available(now: number): number {
    if (this.#perSecond === null) return Number.POSITIVE_INFINITY;
    const isPast = (at: number) => at <= now - 1_000;
    let count = 0;
    while (count < this.#perSecond && isPast(this.#begunAt(count))) count++;
    return count;
  }

  /** One begins. */
  acquire(now: number): void {
    if (this.#perSecond === null) return;
    this.#begun[this.#oldest] = now;
    this.#oldest = (this.#oldest + 1) % this.#perSecond;
  }

  /** When the next one may begin; `now` or earlier if it may at once. */
  nextAt(now: number): number {
    return this.#perSecond === null ? now : this.#begunAt(0) + 1_000;
  }

  #begunAt(index: number): number {
    return this.#begun[(this.#oldest + index) % this.#begun.length] ?? Number.NEGATIVE_INFINITY;
  }
}
