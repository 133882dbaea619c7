import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Store } from "../store/store.ts";
import { releaseLeases, renewLeases } from "../store/tables/email-leases.ts";
import type { Email } from "../store/tables/emails.ts";

/**
 * An email belongs to the node that claimed it until its lease runs out: long enough that a busy node
 * keeps it, short enough that those of a dead node do not wait long.
 */
export const leaseMs = 30_000;
/** No body is begun in the last moments of a lease: the first bytes take time. */
const marginMs = 3_000;

/** The time of a lease, counted from before the database was asked: it is no longer here than it is there. */
export interface LeaseTime {
  /** By the monotonic clock, which nobody sets back. Both must hold. */
  readonly until: number;
  /** By the time of day, which goes on while a machine sleeps. */
  readonly untilByDay: number;
}

interface Lease {
  readonly email: Email;
  time: LeaseTime;
}

/** The leases that this node holds. */
export class Leases {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #held = new Map<string, Lease>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** How many are held. */
  get size(): number {
    return this.#held.size;
  }

  /** The time of leases that the database is asked for now. */
  begin(): LeaseTime {
    return { until: this.#clock.monotonic() + leaseMs, untilByDay: this.#clock.now() + leaseMs };
  }

  hold(email: Email, time: LeaseTime): void {
    this.#held.set(email.id, { email, time });
  }

  release(email: Email): void {
    if (this.#leaseOf(email) !== undefined) this.#held.delete(email.id);
  }

  /** @throws SendwrightError `email.lease_lost` if the email may belong to another node by now. */
  assertHeld(email: Email): void {
    const lease = this.#leaseOf(email);
    if (lease === undefined || !this.#isRunning(lease.time)) throw leaseLost();
  }

  /** Renews the leases that are held, then frees those that ran out, of every node. */
  async upkeep(): Promise<void> {
    const now = this.#clock.now();
    const time = this.begin();
    const leases = [...this.#held.values()];
    const emails = leases.map(({ email }) => email);
    const renewed = await renewLeases(this.#store.db, emails, { now, leaseMs });
    for (const lease of leases) {
      if (renewed.has(lease.email.id)) lease.time = time;
    }
    await this.#store.transaction((db) => releaseLeases(db, now, now));
  }

  #isRunning({ until, untilByDay }: LeaseTime): boolean {
    return this.#clock.monotonic() < until - marginMs && this.#clock.now() < untilByDay - marginMs;
  }

  /** An email that was lost may have been claimed again, by this node too: that is another lease. */
  #leaseOf({ id, lease: token }: Email): Lease | undefined {
    const lease = this.#held.get(id);
    return lease?.email.lease === token ? lease : undefined;
  }
}

export function leaseLost(): SendwrightError {
  return new SendwrightError("email.lease_lost", "Another node may be sending this email.");
}
