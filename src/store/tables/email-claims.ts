import { type CompiledQuery, type RawBuilder, sql } from "kysely";
import { priorities } from "../../core/model.ts";
import { columns } from "../columns.ts";
import { databaseNow, isPostgres } from "../dialect.ts";
import type { Db, EmailContentRow, EmailRow, RecipientRow } from "../schema.ts";
import type { Step } from "../step.ts";
import { valueRows } from "../value-rows.ts";
import { contentFromRow, purgeSensitiveContent, type StoredContent } from "./email-content.ts";
import { type Email, emailFromRow, type Recipient, recipientFromRow } from "./emails.ts";

/** An email that a delivery worker has claimed: by its fencing token it shows that it still may settle it. */
export type Claimed = Pick<Email, "id" | "lease">;

/** A claimed email with what is needed to send it. */
export interface ClaimedEmail {
  readonly email: Email;
  /** All of them, also those that have an outcome. */
  readonly recipients: readonly Recipient[];
  /** Undefined for contents that are purged, or so large that they are better read one at a time. */
  readonly content: StoredContent | undefined;
}

export interface Claim extends LeaseTime {
  readonly limit: number;
}

/** How long a lease runs from now on, which is the database's time (`databaseNow`). */
export interface LeaseTime {
  /** By the caller's clock: what is due and what has expired goes by it. */
  readonly now: number;
  readonly leaseMs: number;
}

/** Contents up to this size are read along with the claim. */
const maxContentBytes = 256 * 1024;

/**
 * Takes emails that are due, the most urgent first, for `leaseMs`. Each claim raises the email's
 * fencing token `lease`; only its holder may settle. Nodes that claim at once take different emails.
 */
export function claimEmails(db: Db, claim: Claim): Step<ClaimedEmail[]> {
  // On SQLite, leases of the same millisecond are read too: nobody asks for what was not claimed.
  const claimedHere = isPostgres(db)
    ? sql<boolean>`emails.xmin = pg_current_xact_id()::xid`
    : sql<boolean>`1`;
  const underLease = db
    .selectFrom("emails")
    .where("emails.state", "=", "sending")
    .where("emails.lease_until", "=", leaseUntil(db, claim))
    .where(claimedHere);
  const queries = [
    claimDue(db, claim),
    underLease
      .innerJoin("recipients", "recipients.email_id", "emails.id")
      .select(columns.recipients.map((name) => `recipients.${name}` as const))
      .orderBy("recipients.position")
      .compile(),
    underLease
      .innerJoin("email_content", "email_content.email_id", "emails.id")
      .select(columns.email_content.map((name) => `email_content.${name}` as const))
      .where(sql<number>`octet_length(email_content.content)`, "<=", maxContentBytes)
      .compile(),
  ];
  return {
    queries,
    read: ([claimed, recipientRows, contentRows]) => {
      const recipients = Map.groupBy((recipientRows?.rows ?? []) as RecipientRow[], (row) => row.email_id);
      const contents = new Map(
        ((contentRows?.rows ?? []) as EmailContentRow[]).map((row) => [row.email_id, contentFromRow(row)]),
      );
      return ((claimed?.rows ?? []) as EmailRow[])
        .sort((a, b) => a.priority - b.priority || (a.next_attempt_at ?? 0) - (b.next_attempt_at ?? 0))
        .map((row) => ({
          email: emailFromRow(row),
          recipients: (recipients.get(row.id) ?? []).map(recipientFromRow),
          content: contents.get(row.id),
        }));
    },
  };
}

function leaseUntil(db: Db, { now, leaseMs }: LeaseTime): RawBuilder<number> {
  return sql<number>`${databaseNow(db, now)} + cast(${leaseMs} as bigint)`;
}

function claimDue(db: Db, claim: Claim): CompiledQuery {
  const { now, limit } = claim;
  const lock = isPostgres(db) ? sql`for update skip locked` : sql``;
  // One priority at a time: each is a range of the index, whatever else waits for its time in it.
  const due = priorities.map(
    (_, priority) => sql`select id from (
      select id from emails
      where state = 'queued' and priority = ${sql.lit(priority)}
        and next_attempt_at <= cast(${now} as bigint) and expires_at > cast(${now} as bigint)
      order by next_attempt_at limit cast(${limit} as integer) ${lock}
    ) as ${sql.ref(`of_priority_${priority}`)}`,
  );
  return sql`
    with due (id) as (${sql.join(due, sql` union all `)} limit cast(${limit} as integer))
    update emails set state = 'sending', lease = lease + 1, lease_until = ${leaseUntil(db, claim)}
    where id in (select id from due)
    returning ${sql.join(columns.emails.map((name) => sql.ref(name)))}
  `.compile(db);
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
