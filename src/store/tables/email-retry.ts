import { type RetryableState, testEmailTemplate } from "../../core/model.ts";
import { inChunks } from "../chunks.ts";
import type { Db } from "../schema.ts";
import { type EmailCriteria, idsMeeting } from "./email-criteria.ts";

export interface RetryCriteria extends EmailCriteria {
  readonly state: RetryableState;
}

/** Ids of emails that may be tried again, the oldest first, after the given id. */
export async function listForRetry(
  db: Db,
  criteria: RetryCriteria,
  page: { readonly after: string; readonly limit: number },
): Promise<string[]> {
  return (await idsMeeting(db, criteria, page).execute()).map((row) => row.id);
}

/**
 * Queues emails again for the recipients that have not got them, as `requeueEmail` does one. Left out is
 * what has another state by now, what has no contents any more, and test emails, which are of one config.
 * @returns how many were queued.
 */
export async function requeueEmails(
  db: Db,
  ids: readonly string[],
  change: { readonly state: RetryableState; readonly now: number; readonly expiresAt: number },
): Promise<number> {
  let count = 0;
  for (const some of inChunks(ids)) {
    const rows = await db
      .updateTable("emails")
      .set((eb) => ({
        state: "queued" as const,
        next_attempt_at: change.now,
        attempts: 0,
        finished_at: null,
        expires_at: change.expiresAt,
        ...(change.state === "unknown" ? { possible_duplicate: eb.lit(1) } : {}),
      }))
      .where("id", "in", (eb) =>
        eb.selectFrom("email_content").select("email_id").where("email_id", "in", some),
      )
      .where("state", "=", change.state)
      .where((eb) => eb.or([eb("template", "is", null), eb("template", "!=", testEmailTemplate)]))
      .returning("id")
      .execute();
    count += rows.length;
    for (const queued of inChunks(rows.map((row) => row.id))) {
      await db
        .updateTable("recipients")
        .set({ state: "queued" })
        .where("email_id", "in", queued)
        .where("state", "!=", "sent")
        .execute();
    }
  }
  return count;
}
