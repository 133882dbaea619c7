import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { type Actor, retryableStates } from "../core/model.ts";
import type { Store } from "../store/store.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import { listForRetry, requeueEmails } from "../store/tables/email-retry.ts";
import { defaultExpiryMs } from "./compose.ts";
import { criteriaOf, emailCriteria } from "./criteria.ts";

/** What `POST /api/emails/retry` takes. */
export const bulkRetryRequest = z.strictObject({
  filter: z.strictObject({
    ...emailCriteria,
    state: z.enum(retryableStates),
    createdBefore: z.iso
      .datetime({ offset: true })
      .transform((time) => Date.parse(time))
      .optional()
      .describe(
        "Retries only emails accepted before this time, so emails that fail again are not retried twice",
      ),
  }),
  limit: z.int().min(1).max(500).default(200).describe("Maximum emails of this request"),
  after: z.string().min(1).optional().describe("`next` of the previous response"),
});

export type BulkRetryRequest = z.output<typeof bulkRetryRequest>;

export interface BulkRetried {
  readonly retried: number;
  /** Emails left out: without content, no longer of this state, or a test email. */
  readonly skipped: number;
  /** The `after` of the next request; null after the last part. */
  readonly next: string | null;
}

export interface BulkRetryDependencies {
  readonly store: Store;
  readonly clock: Clock;
  /** Called after a commit that leaves something to deliver. */
  readonly onQueued: () => void;
}

/** Retries all emails that a filter matches. */
export class BulkRetry {
  readonly #dependencies: BulkRetryDependencies;

  constructor(dependencies: BulkRetryDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Retries a part of the emails, the oldest first, by the rules of `Outbox.retry`. Parts keep transactions short, and
   * the caller may stop after each.
   */
  async retry({ filter, limit, after = "" }: BulkRetryRequest, actor: Actor): Promise<BulkRetried> {
    const { store, clock, onQueued } = this.#dependencies;
    // One more than asked for shows whether there is a next part. The reader keeps a slow search from blocking writes.
    const found = await listForRetry(store.reader, criteriaOf(filter), { after, limit: limit + 1 });
    const ids = found.slice(0, limit);
    const { state } = filter;
    const now = clock.now();
    const retried = await store.transaction(async (db) => {
      const count = await requeueEmails(db, ids, { state, now, expiresAt: now + defaultExpiryMs });
      if (count > 0) {
        const detail = { count, state };
        await writeAudit(db, { at: now, actor, action: "email.retried", target: null, detail });
      }
      return count;
    });
    if (retried > 0) onQueued();
    return {
      retried,
      skipped: ids.length - retried,
      next: found.length > limit ? (ids.at(-1) ?? null) : null,
    };
  }
}
