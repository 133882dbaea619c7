import { sql } from "kysely";
import { priorities } from "../model.ts";
import { isPostgres } from "./dialect.ts";
import { purgeSensitiveContent } from "./email-content.ts";
import { type Email, emailFromRow } from "./emails.ts";
import type { Db } from "./schema.ts";

/** An email that a courier has claimed: by its fencing token it shows that it still may settle it. */
export type Claimed = Pick<Email, "id" | "lease">;

/**
 * Takes emails that are due, the most urgent first, for `leaseUntil`. Each claim raises the email's
 * fencing token `lease`; only its holder may settle. Nodes that claim at once take different emails.
 */
export async function claimEmails(
  db: Db,
  claim: { now: number; leaseUntil: number; limit: number },
): Promise<Email[]> {
  const claimed: Email[] = [];
  // One priority at a time: each is a range of the index, whatever else waits for its time in it.
  for (const priority of priorities.keys()) {
    const limit = claim.limit - claimed.length;
    if (limit <= 0) break;
    const rows = await db
      .with("due", (cte) => {
        const query = cte
          .selectFrom("emails")
          .select("id")
          .where("state", "=", "queued")
          .where("priority", "=", priority)
          .where("next_attempt_at", "<=", claim.now)
          .where("expires_at", ">", claim.now)
          .orderBy("next_attempt_at")
          .limit(limit);
        return isPostgres(db) ? query.forUpdate().skipLocked() : query;
      })
      .updateTable("emails")
      .set((eb) => ({ state: "sending", lease: eb("lease", "+", 1), lease_until: claim.leaseUntil }))
      .where("id", "in", (eb) => eb.selectFrom("due").select("id"))
      .returningAll()
      .execute();
    claimed.push(...rows.map(emailFromRow).sort((a, b) => (a.nextAttemptAt ?? 0) - (b.nextAttemptAt ?? 0)));
  }
  return claimed;
}

/** When the next queued email is due, or null if none waits. */
export async function nextDueAt(db: Db): Promise<number | null> {
  const ofPriority = [...priorities.keys()].map(
    (priority) =>
      sql`(select min(next_attempt_at) from emails where state = 'queued' and priority = ${sql.lit(priority)})`,
  );
  const { rows } = await sql<Record<"high" | "normal" | "low", number | null>>`
    select ${sql.join(priorities.map((name, index) => sql`${ofPriority[index]} as ${sql.ref(name)}`))}
  `.execute(db);
  const times = Object.values(rows[0] ?? {}).filter((at) => at !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/**
 * Extends leases that are still held, also when their time was over but nobody has taken the email.
 * @returns the ids of those that are.
 */
export async function renewLeases(
  db: Db,
  claimed: readonly Claimed[],
  leaseUntil: number,
): Promise<ReadonlySet<string>> {
  if (claimed.length === 0) return new Set();
  const held = await sql<{ id: string }>`
    with held (email_id, token) as (values ${sql.join(claimed.map(tokenRow))})
    update emails set lease_until = ${leaseUntil} from held
    where emails.id = held.email_id and emails.lease = held.token and emails.state = 'sending'
    returning id
  `.execute(db);
  return new Set(held.rows.map(({ id }) => id));
}

function tokenRow({ id, lease }: Claimed) {
  return sql`(${id}, cast(${lease} as integer))`;
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
 * Frees emails whose sender is gone: leases that ran out before `now`, or all of them where this
 * process is the only one (`now` infinite). An email under `onUnknown: hold` whose body had begun
 * is not sent again: its outcome is unknown. Any other may be a duplicate when tried again.
 * @returns how many were freed.
 */
export async function releaseLeases(db: Db, now: number, finishedAt: number): Promise<number> {
  const lost = db
    .updateTable("emails")
    .where("state", "=", "sending")
    .where("lease_until", "<=", Math.min(now, Number.MAX_SAFE_INTEGER));
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
    await purgeSensitiveContent(db, ids);
  }
  const freed = await lost
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
