/**
 * Sessions with one relay, kept open between messages (RFC 5321 §3.3, RFC 2920), within the limits of its config.
 * The pool does not retry, choose between relays, or know what an email is.
 */
import type { Clock } from "../../core/clock.ts";
import { PoolSessions } from "./pool-sessions.ts";
import { RateLimiter } from "./rate-limit.ts";
import { Slot } from "./slot.ts";

/** How much one relay may be asked to bear. With a limit of 0 there is never capacity. */
export interface PoolLimits {
  readonly maxConnections: number;
  /** Messages that begin in any one second; null is unlimited. */
  readonly maxPerSecond: number | null;
}

export interface PoolDependencies {
  readonly clock: Clock;
  readonly limits: PoolLimits;
  /** Called when there may be more capacity than before. */
  readonly onCapacity: () => void;
}

export class Pool {
  readonly #clock: Clock;
  readonly #limits: PoolLimits;
  readonly #rateLimiter: RateLimiter;
  readonly #sessions: PoolSessions;
  /** Slots that were acquired and have no session yet. */
  #reserved = 0;

  constructor({ clock, limits, onCapacity }: PoolDependencies) {
    this.#clock = clock;
    this.#limits = limits;
    this.#rateLimiter = new RateLimiter(limits.maxPerSecond);
    this.#sessions = new PoolSessions({ clock, maxConnections: limits.maxConnections, onCapacity });
  }

  /** How many slots may be acquired now. */
  capacity(): number {
    return Math.max(0, Math.min(this.#freeSlots(), this.#rateLimiter.available(this.#clock.monotonic())));
  }

  /** In how many milliseconds there will be capacity, if time alone is in the way; else null. */
  capacityInMs(): number | null {
    const now = this.#clock.monotonic();
    const waitsForTime = this.#freeSlots() > 0 && this.#rateLimiter.available(now) === 0;
    return waitsForTime ? Math.max(0, this.#rateLimiter.nextAt(now) - now) : null;
  }

  /** @param bytes of the content; a large one has a session to itself, as far as there are others. */
  acquire(bytes = 0): Slot {
    this.#rateLimiter.acquire(this.#clock.monotonic());
    this.#reserved++;
    return new Slot(this.#sessions, bytes, () => {
      this.#reserved--;
    });
  }

  /** Connections that are open or being opened, also those that are saying goodbye. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Hands back every message that has not begun: its `send` throws `smtp.withdrawn`. */
  withdraw(): void {
    this.#sessions.withdraw();
  }

  /**
   * Hands back every message that has not begun, and says goodbye on each
   * session as soon as what has begun is done.
   */
  close(): Promise<void> {
    return this.#sessions.close();
  }

  #freeSlots(): number {
    return this.#limits.maxPerSecond === 0 ? 0 : this.#sessions.capacity - this.#reserved;
  }
}
