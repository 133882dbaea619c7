import { firstIdAt } from "../../core/id.ts";
import type { EmailState } from "../../core/model.ts";
import { inChunks } from "../chunks.ts";
import type { Db } from "../schema.ts";

/**
 * Deletes in batches what was kept long enough. Each call walks a bounded range of ids, which begin with
 * the time of their making, and writes one statement: the log behind it may be as long as it likes, and
 * whoever waits for the database waits for one batch at most. Several nodes may walk at once: each row is
 * deleted by one of them.
 */

export interface Batch {
  /** The last id of the batch before; "" at the beginning. */
  readonly after: string;
  /** Most rows to look at. */
  readonly limit: number;
}

export interface BatchDone {
  /** How many were deleted, or let go. */
  readonly count: number;
  /** The `after` of the next batch; null when the walk is over. */
  readonly next: string | null;
}

/** Emails in these states are never touched, however old they are. */
const open: readonly EmailState[] = ["queued", "sending"];

/** Deletes the contents of emails that were final by `finalBy`; the emails and their log stay. */
export async function purgeContents(
  db: Db,
  batch: Batch & {
    /** Milliseconds since the epoch. */
    readonly finalBy: number;
    /** Most bytes of one batch, but for its first contents: databases free large ones page by page. */
    readonly maxBytes: number;
  },
): Promise<BatchDone> {
  const rows = await db
    .selectFrom("email_content")
    .select("email_id")
    // Both databases know the length without reading the contents.
    .select((eb) => eb.fn<number>("length", ["content"]).as("bytes"))
    .where("email_id", ">", batch.after)
    .where("email_id", "<", firstIdAt(batch.finalBy))
    .orderBy("email_id")
    .limit(batch.limit)
    .execute();
  let bytes = 0;
  const taken = rows.filter((row, index) => {
    bytes += row.bytes;
    return index === 0 || bytes <= batch.maxBytes;
  });
  const last = taken.at(-1)?.email_id;
  if (last === undefined) return { count: 0, next: null };
  const deleted = await db
    .deleteFrom("email_content")
    .where("email_id", ">", batch.after)
    .where("email_id", "<=", last)
    .where("email_id", "in", (eb) =>
      eb
        .selectFrom("emails")
        .select("id")
        .where("id", ">", batch.after)
        .where("id", "<=", last)
        .where("state", "not in", open)
        .where("finished_at", "<=", batch.finalBy),
    )
    .executeTakeFirst();
  const isEnd = rows.length < batch.limit && taken.length === rows.length;
  return { count: Number(deleted.numDeletedRows), next: isEnd ? null : last };
}

/** Deletes emails that were final by `finalBy`, with their recipients, attempts and contents. */
export async function deleteEmails(
  db: Db,
  batch: Batch & {
    /** Milliseconds since the epoch. */
    readonly finalBy: number;
  },
): Promise<BatchDone> {
  const rows = await db
    .selectFrom("emails")
    .select("id")
    .where("id", ">", batch.after)
    .where("id", "<", firstIdAt(batch.finalBy))
    .orderBy("id")
    .limit(batch.limit)
    .execute();
  const last = rows.at(-1)?.id;
  if (last === undefined) return { count: 0, next: null };
  const deleted = await db
    .deleteFrom("emails")
    .where("id", ">", batch.after)
    .where("id", "<=", last)
    .where("state", "not in", open)
    .where("finished_at", "<=", batch.finalBy)
    .executeTakeFirst();
  return { count: Number(deleted.numDeletedRows), next: rows.length < batch.limit ? null : last };
}

/** Lets go the idempotency keys of emails that were accepted before `acceptedBefore`. */
export async function releaseIdempotencyKeys(
  db: Db,
  batch: Batch & {
    /** Milliseconds since the epoch. */
    readonly acceptedBefore: number;
  },
): Promise<BatchDone> {
  const rows = await db
    .selectFrom("emails")
    .select(["id", "idempotency_key"])
    .where("id", ">", batch.after)
    .where("id", "<", firstIdAt(batch.acceptedBefore))
    .orderBy("id")
    .limit(batch.limit)
    .execute();
  const last = rows.at(-1);
  if (last === undefined) return { count: 0, next: null };
  const keyed = rows.filter((row) => row.idempotency_key !== null).map((row) => row.id);
  for (const ids of inChunks(keyed)) {
    await db
      .updateTable("emails")
      .set({ idempotency_key: null, request_hash: null })
      .where("id", "in", ids)
      .execute();
  }
  return { count: keyed.length, next: rows.length < batch.limit ? null : last.id };
}
