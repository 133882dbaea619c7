import type { Clock } from "../core/clock.ts";
import type { Store } from "../store/store.ts";
import { countQueued } from "../store/tables/queue-depth.ts";

export interface QueueLimitDependencies {
  readonly store: Store;
  readonly clock: Clock;
  /** Emails that may be queued. */
  readonly limit: number;
}

interface Count {
  /** By the monotonic clock. */
  readonly countedAt: number;
  readonly queued: Promise<number>;
  /** Emails that this node has accepted since. */
  added: number;
}

/** Far from the limit a count may be this old; near it or beyond it, this. */
const farMs = 10_000;
const nearMs = 1_000;
/** From this share of the limit on, it is near. */
const nearShare = 0.9;

/**
 * Whether the queue is full. Counting a long queue for each email would cost more than storing it: the queue is
 * counted now and then, and what is accepted in between is added. So the limit may be exceeded by what other nodes
 * accept within a second, and by what is being accepted at the moment.
 */
export class QueueLimit {
  readonly limit: number;
  readonly #store: Store;
  readonly #clock: Clock;
  #count: Count | null = null;

  constructor({ store, clock, limit }: QueueLimitDependencies) {
    this.limit = limit;
    this.#store = store;
    this.#clock = clock;
  }

  /** @throws SendwrightError `store.unavailable` */
  async isFull(): Promise<boolean> {
    const count = this.#count ?? this.#start();
    const queued = (await count.queued) + count.added;
    const livesMs = queued < this.limit * nearShare ? farMs : nearMs;
    if (this.#clock.monotonic() - count.countedAt < livesMs) return queued >= this.limit;
    // Another email may have had it counted since.
    if (this.#count === count) this.#count = null;
    return this.isFull();
  }

  /** An email is about to be stored. */
  add(): void {
    if (this.#count !== null) this.#count.added += 1;
  }

  #start(): Count {
    const queued = countQueued(this.#store.reader, this.limit);
    const count: Count = { countedAt: this.#clock.monotonic(), queued, added: 0 };
    this.#count = count;
    // The next email counts again after a failure.
    queued.catch(() => {
      if (this.#count === count) this.#count = null;
    });
    return count;
  }
}
