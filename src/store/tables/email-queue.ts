import { sql } from "kysely";
import { priorities } from "../../core/model.ts";
import type { Db } from "../schema.ts";
import { purgeSensitiveContent } from "./email-content.ts";

/** Ends queued emails whose time is over; none is due later than that. @returns their ids. */
export async function expireEmails(db: Db, now: number, limit: number): Promise<string[]> {
  const due = await db
    .selectFrom("emails")
    .select("id")
    .where("state", "=", "queued")
    .where("priority", "in", [...priorities.keys()])
    .where("next_attempt_at", "<=", now)
    .where("expires_at", "<=", now)
    .limit(limit)
    .execute();
  for (const { id } of due) await endQueued(db, id, "expired", now);
  return due.map((row) => row.id);
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
  const result = await db
    .updateTable("emails")
    .set((eb) => ({
      state: eb
        .case()
        .when(
          eb.exists(
            eb
              .selectFrom("recipients")
              .select("position")
              .where("email_id", "=", id)
              .where("state", "=", "sent"),
          ),
        )
        .then(sql.lit("partial" as const))
        .else(sql.lit(state))
        .end(),
      next_attempt_at: null,
      finished_at: now,
    }))
    .where("id", "=", id)
    .where("state", "=", "queued")
    .executeTakeFirst();
  if (result.numUpdatedRows !== 1n) return false;
  await db
    .updateTable("recipients")
    .set({ state })
    .where("email_id", "=", id)
    .where("state", "=", "queued")
    .execute();
  await db.executeQuery(purgeSensitiveContent(db, [id]));
  return true;
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
      possible_duplicate: eb
        .case()
        .when("state", "=", "unknown")
        .then(1 as const)
        .else(eb.ref("possible_duplicate"))
        .end(),
    }))
    .where("id", "=", id)
    .where("state", "in", ["queued", "failed", "partial", "expired", "cancelled", "unknown"])
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
