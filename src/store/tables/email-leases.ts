import { type RawBuilder, sql } from "kysely";
import { databaseNow } from "../dialect.ts";
import type { Db } from "../schema.ts";
import { valueRows } from "../value-rows.ts";
import { purgeSensitiveContent } from "./email-content.ts";
import type { Email } from "./emails.ts";

/** An email that a delivery worker has claimed: by its fencing token it shows that it still may settle it. */
export type Claimed = Pick<Email, "id" | "lease">;

/** How long a lease runs from now on, which is the database's time (`databaseNow`). */
export interface LeaseTime {
  /** By the caller's clock: what is due goes by it. */
  readonly now: number;
  readonly leaseMs: number;
}

export function leaseUntil(db: Db, { now, leaseMs }: LeaseTime): RawBuilder<number> {
  return sql<number>`${databaseNow(db, now)} + cast(${leaseMs} as bigint)`;
}

/**
 * Extends leases that are still held, also when their time was over but nobody has taken the email.
 * @returns the ids of those that are.
 */
export async function renewLeases(
  db: Db,
  claimed: readonly Claimed[],
  time: LeaseTime,
): Promise<ReadonlySet<string>> {
  if (claimed.length === 0) return new Set();
  const rows = claimed.map(({ id, lease }) => ({ of_email: id, token: lease }));
  const held = await sql<{ id: string }>`
    with held ${valueRows({ of_email: "text", token: "integer" }, rows)}
    update emails set lease_until = ${leaseUntil(db, time)} from held
    where emails.id = held.of_email and emails.lease = held.token and emails.state = 'sending'
    returning id
  `.execute(db);
  return new Set(held.rows.map(({ id }) => id));
}

/** Notes, before the first byte of the body, that from here on a lost answer leaves the outcome unknown. */
export async function markBodyStarted(db: Db, claimed: Claimed, at: number): Promise<boolean> {
  const result = await db
    .updateTable("emails")
    .set({ body_started_at: at })
    .where("id", "=", claimed.id)
    .where("lease", "=", claimed.lease)
    .where("state", "=", "sending")
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/**
 * Frees emails whose sender is gone: leases that ran out, or all of them where this process is the
 * only one (`now` infinite). An email under `onUnknown: hold` whose body had begun
 * is not sent again: its outcome is unknown. Any other may be a duplicate when tried again.
 * @returns how many were freed.
 */
export async function releaseLeases(db: Db, now: number, finishedAt: number): Promise<number> {
  const latest = Number.MAX_SAFE_INTEGER;
  const until = now < latest ? databaseNow(db, now) : sql.lit(latest);
  const lost = db.updateTable("emails").where("state", "=", "sending").where("lease_until", "<=", until);
  const held = await lost
    .set({ state: "unknown", next_attempt_at: null, lease_until: null, finished_at: finishedAt })
    .where("on_unknown", "=", "hold")
    .where("body_started_at", "is not", null)
    .returning("id")
    .execute();
  if (held.length > 0) {
    const ids = held.map((row) => row.id);
    await db
      .updateTable("recipients")
      .set({ state: "unknown" })
      .where("state", "=", "queued")
      .where("email_id", "in", ids)
      .execute();
    await db.executeQuery(purgeSensitiveContent(db, ids));
  }
  const freed = await lost
    // By each statement alone: what ran out between the two is left to the next time.
    .where((eb) => eb.or([eb("on_unknown", "!=", "hold"), eb("body_started_at", "is", null)]))
    .set((eb) => ({
      state: "queued" as const,
      lease_until: null,
      next_attempt_at: finishedAt,
      body_started_at: null,
      // Of emails that keep no mark before their body, any interrupted one may have got through.
      possible_duplicate: eb
        .case()
        .when("on_unknown", "=", "hold")
        .then(eb.ref("possible_duplicate"))
        .else(1 as const)
        .end(),
    }))
    .executeTakeFirst();
  return held.length + Number(freed.numUpdatedRows);
}
