import { sql } from "kysely";
import { priorities } from "../../core/model.ts";
import type { Db } from "../schema.ts";

/** How much there is to do now, and later. */
export interface QueueDepth {
  /** Could be sent now. */
  readonly due: number;
  /** Have a time that is still to come: the sender's, or that of the next try. */
  readonly scheduled: number;
  /** Are being handed to a relay. */
  readonly sending: number;
  /** Since when the one that is due longest is due; null when none is. */
  readonly oldestDueAt: number | null;
}

/**
 * Reads indexes and no row: of what is due in the queue's own, which needs each priority by its number to
 * be searched and not scanned. The log does not count, however long it is.
 */
export async function readQueueDepth(db: Db, now: number): Promise<QueueDepth> {
  const levels = sql.join(priorities.map((_name, level) => sql.lit(level)));
  const { rows } = await sql<{ due: number; oldest: number | null; queued: number; sending: number }>`
    select
      count(*) as due,
      min(next_attempt_at) as oldest,
      (select count(*) from emails where state = 'queued') as queued,
      (select count(*) from emails where state = 'sending') as sending
    from emails
    where state = 'queued' and priority in (${levels}) and next_attempt_at <= ${now}
  `.execute(db);
  const [row] = rows;
  const due = Number(row?.due ?? 0);
  const oldest = row?.oldest ?? null;
  return {
    due,
    scheduled: Number(row?.queued ?? 0) - due,
    sending: Number(row?.sending ?? 0),
    oldestDueAt: oldest === null ? null : Number(oldest),
  };
}

/** How many emails are queued. Counting ends at `limit`: what lies beyond makes no difference to whoever asks. */
export async function countQueued(db: Db, limit: number): Promise<number> {
  const queued = db.selectFrom("emails").select("id").where("state", "=", "queued").limit(limit);
  const { count } = await db
    .selectFrom(queued.as("queued"))
    .select(({ fn }) => fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}
