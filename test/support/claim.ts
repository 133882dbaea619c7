import type { Store } from "../../src/store/store.ts";
import { type Claim, type ClaimedEmail, claimEmails } from "../../src/store/tables/email-claims.ts";
import { insertEmails } from "../../src/store/tables/email-inserts.ts";
import { type GivenEmail, newEmail } from "./new-email.ts";

/** A claim for a config that has refused nothing, with the most urgent first. */
export function claimOf(claim: Pick<Claim, "now" | "leaseMs" | "limit"> & Partial<Claim>): Claim {
  return {
    expiryNow: claim.now,
    shares: { normal: 0, low: 0 },
    config: { id: "a-config", revision: { version: 1 } },
    isStandIn: false,
    ...claim,
  };
}

/** Queues so many emails and claims as many. */
export async function claimNew(
  store: Store,
  now: number,
  count: number,
  given: GivenEmail = {},
): Promise<ClaimedEmail[]> {
  const emails = Array.from({ length: count }, () => newEmail(now, given));
  const [, claimed] = await store.transact([
    insertEmails(store.db, emails),
    claimEmails(store.db, claimOf({ now, leaseMs: 30_000, limit: count })),
  ]);
  return claimed;
}
