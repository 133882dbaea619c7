import type { Claim } from "../../src/store/tables/email-claims.ts";

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
