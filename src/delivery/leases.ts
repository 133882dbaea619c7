import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Store } from "../store/store.ts";
import { releaseLeases, renewLeases } from "../store/tables/email-claims.ts";
import type { Email } from "../store/tables/emails.ts";

/**
 * An email belongs to the node that claimed it until its lease runs out: long enough that a busy node
 * keeps it, short enough that those of a dead node do not wait long.
 */
const leaseMs = 30_000;
/** No body is begun in the last moments of a lease: the clocks of nodes may differ. */
const marginMs = 3_000;

/** The leases that this node holds. */
export interface Leases {
  /** When a lease that is taken now runs out. */
  until(now: number): number;
  hold(email: Email, until: number): void;
  release(email: Email): void;
  /** @throws SendwrightError `email.lease_lost` where the email may belong to another node by now. */
  assertHeld(email: Email): void;
  /** Renews those that are held, then frees those that ran out, whosever they were. */
  upkeep(now: number): Promise<void>;
  /** How many are held. */
  readonly size: number;
}

export function createLeases(store: Store, clock: Clock): Leases {
  const held = new Map<string, { readonly email: Email; until: number }>();

  /** An email that was lost may have been claimed again, by this node too: that is another lease. */
  function leaseOf({ id, lease: token }: Email) {
    const lease = held.get(id);
    return lease?.email.lease === token ? lease : undefined;
  }

  return {
    until: (now) => now + leaseMs,
    hold: (email, until) => void held.set(email.id, { email, until }),
    release(email) {
      if (leaseOf(email) !== undefined) held.delete(email.id);
    },

    assertHeld(email) {
      const lease = leaseOf(email);
      if (lease !== undefined && clock.now() < lease.until - marginMs) return;
      throw leaseLost();
    },

    async upkeep(now) {
      const until = now + leaseMs;
      const leases = [...held.values()];
      const renewed = await renewLeases(
        store.db,
        leases.map(({ email }) => email),
        until,
      );
      for (const lease of leases) {
        if (renewed.has(lease.email.id)) lease.until = until;
      }
      await store.transaction((db) => releaseLeases(db, now, now));
    },

    get size() {
      return held.size;
    },
  };
}

export function leaseLost(): SendwrightError {
  return new SendwrightError("email.lease_lost", "Another node may have taken this email over.");
}
