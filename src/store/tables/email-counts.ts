import { sql } from "kysely";
import { firstIdAt } from "../../core/id.ts";
import { type EmailState, priorities } from "../../core/model.ts";
import type { Db } from "../schema.ts";
import { type ValueColumns, valueRows } from "../value-rows.ts";

/** A span of time with what became of emails in it. */
export interface EmailCounts {
  /** Milliseconds; from here, up to but without `to`. */
  readonly from: number;
  readonly to: number;
  /** Became `sent` in it. */
  readonly sent: number;
  /** Ended in it in another way than asked for: `failed`, `partial`, `expired` or `unknown`. */
  readonly failed: number;
  /** Were accepted in it, and are not final yet. */
  readonly waiting: number;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

const notDelivered: readonly EmailState[] = ["failed", "partial", "expired", "unknown"];
const open: readonly EmailState[] = ["queued", "sending"];

const spanColumns = {
  start: "bigint",
  stop: "bigint",
  first_id: "text",
  stop_id: "text",
} as const satisfies ValueColumns;

/**
 * Counts for each span, the earliest first. Each count is a range of an index and reads no row: finished
 * emails by state and time, waiting ones by state and id, since ids begin with their time.
 */
export async function countEmails(db: Db, spans: readonly Span[]): Promise<EmailCounts[]> {
  if (spans.length === 0) return [];
  const rows = spans.map(({ from, to }) => ({
    start: from,
    stop: to,
    first_id: firstIdAt(from),
    stop_id: firstIdAt(to),
  }));
  const counted = await sql<Record<"start" | "stop" | "sent" | "failed" | "waiting", number>>`
    with span ${valueRows(spanColumns, rows)}
    select
      start, stop,
      (${finishedIn(["sent"])}) as sent,
      (${finishedIn(notDelivered)}) as failed,
      (select count(*) from emails
        where state in (${sql.join(open)}) and id >= first_id and id < stop_id) as waiting
    from span order by start
  `.execute(db);
  return counted.rows.map(({ start, stop, sent, failed, waiting }) => ({
    from: Number(start),
    to: Number(stop),
    sent: Number(sent),
    failed: Number(failed),
    waiting: Number(waiting),
  }));
}

/**
 * The email that waits longest: the oldest of those that were tried, and of those that are due. Emails that are to be
 * sent later do not count, and are not read: each candidate is the first of an index.
 */
export async function findOldestWaiting(
  db: Db,
  now: number,
): Promise<{ id: string; subject: string; createdAt: number } | null> {
  const first = sql`id, subject, created_at from emails where state = 'queued'`;
  const tried = sql`select id, subject, created_at from (select ${first} and attempts > 0 order by id limit 1) as tried`;
  const due = priorities.map((name, priority) => {
    const ofPriority = sql`${first} and priority = ${sql.lit(priority)} and next_attempt_at <= ${now}`;
    return sql`select id, subject, created_at from (select ${ofPriority} order by next_attempt_at limit 1) as ${sql.ref(name)}`;
  });
  const { rows } = await sql<{ id: string; subject: string; created_at: number }>`
    select id, subject, created_at from (${sql.join([tried, ...due], sql` union all `)}) as candidate
    order by id limit 1
  `.execute(db);
  const [row] = rows;
  return row === undefined ? null : { id: row.id, subject: row.subject, createdAt: row.created_at };
}

/** When an email last became `sent`, or null if none ever did. */
export async function findLastSentAt(db: Db): Promise<number | null> {
  const row = await db
    .selectFrom("emails")
    .select("finished_at")
    .where("state", "=", "sent")
    .where("finished_at", "is not", null)
    .orderBy("finished_at", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.finished_at ?? null;
}

function finishedIn(states: readonly EmailState[]) {
  return sql`select count(*) from emails
    where state in (${sql.join(states)}) and finished_at >= start and finished_at < stop`;
}
