import { sql } from "kysely";
import { priorities } from "../../core/model.ts";
import { inChunks } from "../chunks.ts";
import { isPostgres } from "../dialect.ts";
import type { Db } from "../schema.ts";
import { purgeSensitiveContent } from "./email-content.ts";

/**
 * Ends queued emails whose time is over; none is due later than that.
 * @param expiryNow the time by which emails have expired, in milliseconds since the epoch.
 * @returns their ids.
 */
export async function expireEmails(
  db: Db,
  { now, expiryNow }: { readonly now: number; readonly expiryNow: number },
  limit: number,
): Promise<string[]> {
  let due = db
    .selectFrom("emails")
    .select("id")
    .where("state", "=", "queued")
    .where("priority", "in", [...priorities.keys()])
    .where("next_attempt_at", "<=", now)
    .where("expires_at", "<=", expiryNow)
    .limit(limit);
  // What another node is about to end or to claim is left to it.
  if (isPostgres(db)) due = due.forUpdate().skipLocked();
  const ids = (await due.execute()).map(({ id }) => id);
  return endAll(db, ids, "expired", now);
}

/**
 * Ends a queued email: its open recipients get the state, and the email too, or `partial` where a
 * recipient has the message already.
 * @returns false if the email was not queued.
 */
export async function endQueued(
  db: Db,
  id: string,
  state: "expired" | "cancelled",
  now: number,
): Promise<boolean> {
  return (await endAll(db, [id], state, now)).length === 1;
}

async function endAll(
  db: Db,
  ids: readonly string[],
  state: "expired" | "cancelled",
  now: number,
): Promise<string[]> {
  const ended: string[] = [];
  for (const some of inChunks(ids)) ended.push(...(await endSome(db, some, state, now)));
  return ended;
}

/** @returns the ids of those that were queued. */
async function endSome(
  db: Db,
  ids: readonly string[],
  state: "expired" | "cancelled",
  now: number,
): Promise<readonly string[]> {
  const rows = await db
    .updateTable("emails")
    .set((eb) => ({
      state: eb
        .case()
        .when(
          eb.exists(
            eb
              .selectFrom("recipients")
              .select("position")
              .whereRef("recipients.email_id", "=", "emails.id")
              .where("recipients.state", "=", "sent"),
          ),
        )
        .then(sql.lit("partial" as const))
        .else(sql.lit(state))
        .end(),
      next_attempt_at: null,
      finished_at: now,
    }))
    .where("id", "in", ids)
    .where("state", "=", "queued")
    .returning("id")
    .execute();
  const ended = rows.map(({ id }) => id);
  for (const some of inChunks(ended)) {
    await db
      .updateTable("recipients")
      .set({ state })
      .where("email_id", "in", some)
      .where("state", "=", "queued")
      .execute();
    await db.executeQuery(purgeSensitiveContent(db, some));
  }
  return ended;
}

/**
 * Queues an email again whose recipients ended otherwise than `sent`.
 * @returns false if it is not in a state to be tried again.
 */
export async function requeueEmail(db: Db, id: string, now: number, expiresAt: number): Promise<boolean> {
  const result = await db
    .updateTable("emails")
    .set((eb) => ({
      state: "queued" as const,
      next_attempt_at: now,
      attempts: 0,
      finished_at: null,
      expires_at: expiresAt,
      refused_by: null,
      possible_duplicate: eb
        .case()
        .when("state", "=", "unknown")
        .then(1 as const)
        .else(eb.ref("possible_duplicate"))
        .end(),
    }))
    .where("id", "=", id)
    .where("state", "in", ["queued", "failed", "partial", "expired", "cancelled", "unknown", "withheld"])
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) return false;
  await db
    .updateTable("recipients")
    .set({ state: "queued" })
    .where("email_id", "=", id)
    .where("state", "!=", "sent")
    .execute();
  return true;
}
