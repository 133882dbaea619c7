import type { Store } from "../../src/store/store.ts";
import { type ClaimedEmail, claimEmails } from "../../src/store/tables/email-claims.ts";
import { insertEmails } from "../../src/store/tables/email-inserts.ts";
import { type Claimed, releaseLeases } from "../../src/store/tables/email-leases.ts";
import { type Settlement, settleEmails } from "../../src/store/tables/email-settlements.ts";
import type { Email } from "../../src/store/tables/emails.ts";
import { ageLeases } from "./age-leases.ts";
import { claimOf } from "./claim.ts";
import { type GivenEmail, newEmail } from "./new-email.ts";
import { sentAt } from "./settlement.ts";

/** The time at which tests of the queue begin. */
export const t0 = Date.parse("2026-06-01T12:00:00Z");

/** What tests of the queue do with a database, which each test opens anew. */
export function queueOn(store: () => Store) {
  /** Queues an email, due at `at` (now), and gives its id. */
  async function queue({ at = t0, ...given }: GivenEmail & { at?: number } = {}): Promise<string> {
    const email = newEmail(t0, { nextAttemptAt: at, ...given });
    await store().transact([insertEmails(store().db, [email])]);
    return email.email.id;
  }

  async function settle(claimed: Claimed & Pick<Email, "sensitive">, settlement: Settlement) {
    const [written] = await store().transact([settleEmails(store().db, [{ claimed, settlement }])]);
    return written.has(claimed.id);
  }

  async function claimAll(
    { limit = 10, now = t0 }: { limit?: number; now?: number } = {},
    by = store(),
  ): Promise<ClaimedEmail[]> {
    const [claimed] = await by.transact([claimEmails(by.db, claimOf({ now, leaseMs: 30_000, limit }))]);
    return claimed;
  }

  /** Frees the leases that have run out when some time has passed since another. */
  async function releaseAfter(ms: number, since = t0): Promise<number> {
    await ageLeases(store(), ms);
    return releaseLeases(store().db, since + ms, since + ms);
  }

  async function claim(limit = 10, now = t0): Promise<Email[]> {
    return (await claimAll({ limit, now })).map(({ email }) => email);
  }

  async function claimOne(): Promise<Email> {
    const [email] = await claim(1);
    if (email === undefined) throw new Error("nothing to claim");
    return email;
  }

  return { queue, settle, claimAll, claim, claimOne, releaseAfter };
}

/** The end of a claim whose email was sent to its first recipient; a test names what is different. */
export const sent = (overrides: Partial<Settlement> = {}) => sentAt(t0 + 5, overrides);
