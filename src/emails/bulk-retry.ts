import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { type Actor, retryableStates } from "../core/model.ts";
import type { Store } from "../store/store.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import { listForRetry, requeueEmails } from "../store/tables/email-retry.ts";
import { defaultExpiryMs } from "./compose.ts";
import { emailCriteria } from "./criteria.ts";

/** What `POST /api/emails/retry` takes. */
export const bulkRetryRequest = z.strictObject({
  filter: z.strictObject({
    ...emailCriteria,
    state: z.enum(retryableStates),
    createdBefore: z.iso
      .datetime({ offset: true })
      .transform((time) => Date.parse(time))
      .optional()
      .describe("Only what was accepted before: what fails meanwhile is not tried over and over"),
  }),
  limit: z.int().min(1).max(500).default(200).describe("Most emails of this request"),
  after: z.string().min(1).optional().describe("The `next` of the answer before"),
});

export type BulkRetryRequest = z.output<typeof bulkRetryRequest>;

export interface BulkRetried {
  readonly retried: number;
  /** Left out: without contents, of another state by now, or a test email. */
  readonly skipped: number;
  /** The `after` of the next request; null when all are through. */
  readonly next: string | null;
}

/**
 * Tries many emails again, the oldest first, by the rules that hold for one (`Outbox.retry`): a part of
 * them with each call, so that no transaction is long and whoever asked may stop or go on later. The
 * caller tells the delivery workers.
 */
export async function retryEmails(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { filter, limit, after = "" }: BulkRetryRequest,
  actor: Actor,
): Promise<BulkRetried> {
  // One more than asked for shows whether there is a next part. A search must keep nobody waiting.
  const found = await listForRetry(store.reader, filter, { after, limit: limit + 1 });
  const ids = found.slice(0, limit);
  const { state } = filter;
  const now = clock.now();
  const retried = await store.transaction(async (db) => {
    const count = await requeueEmails(db, ids, { state, now, expiresAt: now + defaultExpiryMs });
    if (count > 0) {
      const entry = { at: now, actor, action: "email.retried", target: null };
      await writeAudit(db, { ...entry, detail: { count, state } });
    }
    return count;
  });
  return {
    retried,
    skipped: ids.length - retried,
    next: found.length > limit ? (ids.at(-1) ?? null) : null,
  };
}
