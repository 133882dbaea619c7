import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Store } from "../store/store.ts";
import { releaseLeases, renewLeases } from "../store/tables/email-claims.ts";
import type { Email } from "../store/tables/emails.ts";

/**
 * An email belongs to the node that claimed it until its lease runs out: long enough that a busy node
 * keeps it, short enough that those of a dead node do not wait long.
 */
export const leaseMs = 30_000;
/** No body is begun in the last moments of a lease: the first bytes take time. */
const marginMs = 3_000;

interface Lease {
  readonly email: Email;
  until: number;
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

  /** When a lease that is acquired now runs out. */
  until(now: number): number {
    return now + leaseMs;
  }

  hold(email: Email, until: number): void {
    this.#held.set(email.id, { email, until });
  }

  release(email: Email): void {
    if (this.#leaseOf(email) !== undefined) this.#held.delete(email.id);
  }

  /** @throws SendwrightError `email.lease_lost` if the email may belong to another node by now. */
  assertHeld(email: Email): void {
    const lease = this.#leaseOf(email);
    if (lease !== undefined && this.#clock.now() < lease.until - marginMs) return;
    throw leaseLost();
  }

  /** Renews the leases that are held, then frees those that ran out, of every node. */
  async upkeep(now: number): Promise<void> {
    // Counted from before the database is asked, so no lease is held here for longer than there.
    const until = this.until(now);
    const leases = [...this.#held.values()];
    const emails = leases.map(({ email }) => email);
    const renewed = await renewLeases(this.#store.db, emails, { now, leaseMs });
    for (const lease of leases) {
      if (renewed.has(lease.email.id)) lease.until = until;
    }
    await this.#store.transaction((db) => releaseLeases(db, now, now));
  }

  /** An email that was lost may have been claimed again, by this node too: that is another lease. */
  #leaseOf({ id, lease: token }: Email): Lease | undefined {
    const lease = this.#held.get(id);
    return lease?.email.lease === token ? lease : undefined;
  }
}

export function leaseLost(): SendwrightError {
  return new SendwrightError("email.lease_lost", "Another node may have taken this email over.");
}
