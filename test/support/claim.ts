import type { Store } from "../../src/store/store.ts";
import {
  type Claim,
  type ClaimedEmail,
  claimEmails,
  refusalOf,
} from "../../src/store/tables/email-claims.ts";
import { insertEmails } from "../../src/store/tables/email-inserts.ts";
import type { RoutingConfig, RoutingRule } from "../../src/store/tables/email-routing.ts";
import type { ReadConfig } from "../../src/store/tables/smtp-config-health.ts";
import { type GivenEmail, newEmail } from "./new-email.ts";

/** A claim for a config that has refused nothing, with the most urgent first. */
export function claimOf(claim: Pick<Claim, "now" | "leaseMs" | "limit"> & Partial<Claim>): Claim {
  return {
    expiryNow: claim.now,
    shares: { normal: 0, low: 0 },
    limits: [],
    rule: ruleOf([{ id: "a-config", revision: { version: 1 } }]),
    ...claim,
  };
}

/** What a config takes: of its own or as the first, unless one before it can be used. */
export function ruleOf(
  configs: readonly ReadConfig[],
  taker = 0,
  usable: readonly boolean[] = configs.map(() => true),
): RoutingRule {
  const routing = configs.map((config): RoutingConfig => {
    const fromEmail = `${config.id}@example.com`;
    return { id: config.id, fromEmail, senders: [], isSandbox: false, refusal: refusalOf(config) };
  });
  return { configs: routing, taker, usable };
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
