import { type CompiledQuery, type RawBuilder, sql } from "kysely";
import { type Priority, priorities } from "../../core/model.ts";
import { columns } from "../columns.ts";
import { databaseNow, isPostgres } from "../dialect.ts";
import { statement } from "../row-statement.ts";
import type { Db, EmailContentRow, EmailRow, RecipientRow } from "../schema.ts";
import type { Step } from "../step.ts";
import { valueRows } from "../value-rows.ts";
import { contentFromRow, purgeSensitiveContent, type StoredContent } from "./email-content.ts";
import { type RoutingCondition, type RoutingRule, routingCondition } from "./email-routing.ts";
import { type Email, emailFromRow, type Recipient, recipientFromRow } from "./emails.ts";
import type { ReadConfig } from "./smtp-config-health.ts";

/** An email that a delivery worker has claimed: by its fencing token it shows that it still may settle it. */
export type Claimed = Pick<Email, "id" | "lease">;

/** A claimed email with what is needed to send it. */
export interface ClaimedEmail {
  readonly email: Email;
  /** All of them, also those that have an outcome. */
  readonly recipients: readonly Recipient[];
  /** Undefined for contents that are purged, or so large that they are better read one at a time. */
  readonly content: StoredContent | undefined;
  /** Octets of the contents as they are stored, which is more than they have if they are encrypted; 0 if purged. */
  readonly contentBytes: number;
}

/** What is due for a config. */
export interface Due {
  readonly now: number;
  /** The time by which emails have expired. */
  readonly expiryNow: number;
  /** Which emails are meant. */
  readonly rule: RoutingRule;
}

export interface Claim extends LeaseTime, Due {
  readonly limit: number;
  /** Of the limit, what is for these priorities first, so that more urgent emails are not all that is ever sent. */
  readonly shares: { readonly normal: number; readonly low: number };
}

/** How long a lease runs from now on, which is the database's time (`databaseNow`). */
export interface LeaseTime {
  /** By the caller's clock: what is due goes by it. */
  readonly now: number;
  readonly leaseMs: number;
}

/** Contents up to this size are read along with the claim. */
const maxContentBytes = 256 * 1024;

type ClaimedContentRow = Omit<EmailContentRow, "content"> & {
  /** Null if it is better read by itself. */
  readonly content: Uint8Array | null;
  readonly bytes: number;
};

/**
 * Takes emails that are due, the most urgent first, for `leaseMs`. Each claim raises the email's
 * fencing token `lease`; only its holder may settle. Nodes that claim at once take different emails.
 */
export function claimEmails(db: Db, claim: Claim): Step<ClaimedEmail[]> {
  const { now, expiryNow, limit, shares, leaseMs } = claim;
  const condition = routingCondition(claim.rule);
  const time = { now, leaseMs };
  const queries = [
    claimDueFor(condition)(db, {
      ...condition.values,
      ...{ ...time, expiryNow, limit, normal: shares.normal, low: shares.low },
    }),
    claimedRecipients(db, time),
    claimedContents(db, time),
  ];
  return {
    queries,
    read: ([claimed, recipientRows, contentRows]) => {
      const recipients = Map.groupBy((recipientRows?.rows ?? []) as RecipientRow[], (row) => row.email_id);
      const contents = new Map(
        ((contentRows?.rows ?? []) as ClaimedContentRow[]).map((row) => [row.email_id, row]),
      );
      return ((claimed?.rows ?? []) as EmailRow[])
        .sort((a, b) => a.priority - b.priority || (a.next_attempt_at ?? 0) - (b.next_attempt_at ?? 0))
        .map((row) => ({
          email: emailFromRow(row),
          recipients: (recipients.get(row.id) ?? []).map(recipientFromRow),
          ...claimedContent(contents.get(row.id)),
        }));
    },
  };
}

/** Neither database reads the bytes for this. */
const contentBytes = sql<number>`octet_length(email_content.content)`;

function claimedContent(row: ClaimedContentRow | undefined): Pick<ClaimedEmail, "content" | "contentBytes"> {
  if (row === undefined) return { content: undefined, contentBytes: 0 };
  const { content, bytes } = row;
  return { content: content === null ? undefined : contentFromRow({ ...row, content }), contentBytes: bytes };
}

/** How an email notes that a config has refused it: saved anew, a config may accept it. */
export function refusalOf({ id, revision }: ReadConfig): string {
  return `${id}:${revision.version}`;
}

function leaseUntil(db: Db, { now, leaseMs }: LeaseTime): RawBuilder<number> {
  return sql<number>`${databaseNow(db, now)} + cast(${leaseMs} as bigint)`;
}

interface DueValues {
  readonly now: number;
  readonly expiryNow: number;
}

/** An email that is due for a config, and has time left. */
function isDue({ now, expiryNow }: DueValues, routing: RawBuilder<boolean>): RawBuilder<boolean> {
  return sql`next_attempt_at <= cast(${now} as bigint) and expires_at > cast(${expiryNow} as bigint)
      and ${routing}`;
}

/** Whether a claim would find anything. */
export async function isAnythingDue(db: Db, due: Due): Promise<boolean> {
  const { values, build } = routingCondition(due.rule);
  const found = await db
    .selectFrom("emails")
    .select("id")
    .where("state", "=", "queued")
    .where("priority", "in", [...priorities.keys()])
    .where(
      isDue(
        due,
        build((name) => values[name]),
      ),
    )
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

const claimValues = ["now", "expiryNow", "limit", "normal", "low", "leaseMs"] as const;
type ClaimStatement = ReturnType<typeof statement<string[]>>;

/** The statements of the rules that were asked for last. */
const claimStatements = new Map<string, ClaimStatement>();
/** Rules change with the configs and with which of them can be used; few of these are in use at a time. */
const maxStatements = 256;

/** The statement that claims what a rule gives, whose text is compiled once. */
function claimDueFor({ key, values, build }: RoutingCondition): ClaimStatement {
  const known = claimStatements.get(key);
  if (known !== undefined) return known;
  if (claimStatements.size >= maxStatements) claimStatements.clear();
  const made = statement([...claimValues, ...Object.keys(values)], (db, given) =>
    claimDueQuery(
      db,
      given,
      build((name) => given[name]),
    ),
  );
  claimStatements.set(key, made);
  return made;
}

function claimDueQuery(
  db: Db,
  values: Readonly<Record<string, never>>,
  routing: RawBuilder<boolean>,
): CompiledQuery {
  const lock = isPostgres(db) ? sql`for update skip locked` : sql``;
  const times = values as Record<(typeof claimValues)[number], never>;

  // One priority at a time: each is a range of the index, whatever else waits for its time in it.
  const ids = (priority: Priority, atMost: RawBuilder<number>, except: RawBuilder<unknown> = sql``) => sql`(
    select id from emails
    where state = 'queued' and priority = ${sql.lit(priorities.indexOf(priority))}
      and ${isDue(times, routing)} ${except}
    order by next_attempt_at limit ${atMost} ${lock}
  )`;
  const left = (...taken: string[]) =>
    sql<number>`cast(${values.limit} as integer)${sql.join(
      taken.map((name) => sql` - (select count(*) from ${sql.ref(name)})`),
      sql``,
    )}`;
  return sql`
    with low_share as ${ids("low", sql`cast(${times.low} as integer)`)},
    normal_share as ${ids("normal", sql`cast(${times.normal} as integer)`)},
    high as ${ids("high", left("low_share", "normal_share"))},
    normal as ${ids(
      "normal",
      left("low_share", "normal_share", "high"),
      sql`and id not in (select id from normal_share)`,
    )},
    low as ${ids(
      "low",
      left("low_share", "normal_share", "high", "normal"),
      sql`and id not in (select id from low_share)`,
    )},
    due (id) as (
      select id from low_share union all select id from normal_share
      union all select id from high union all select id from normal union all select id from low
    )
    update emails set state = 'sending', lease = lease + 1, lease_until = ${leaseUntil(db, times)}
    where id in (select id from due)
    returning ${sql.join(columns.emails.map((name) => sql.ref(name)))}
  `.compile(db);
}

/** What was claimed in this transaction. */
function underLease(db: Db, time: LeaseTime) {
  // On SQLite, leases of the same millisecond are read too: nobody asks for what was not claimed.
  const claimedHere = isPostgres(db)
    ? sql<boolean>`emails.xmin = pg_current_xact_id()::xid`
    : sql<boolean>`1`;
  return db
    .selectFrom("emails")
    .where("emails.state", "=", sql.lit("sending" as const))
    .where("emails.lease_until", "=", leaseUntil(db, time))
    .where(claimedHere);
}

const claimedRecipients = statement(["now", "leaseMs"], (db, time) =>
  underLease(db, time)
    .innerJoin("recipients", "recipients.email_id", "emails.id")
    .select(columns.recipients.map((name) => `recipients.${name}` as const))
    .orderBy("recipients.position")
    .compile(),
);

const claimedContents = statement(["now", "leaseMs"], (db, time) =>
  underLease(db, time)
    .innerJoin("email_content", "email_content.email_id", "emails.id")
    .select(["email_content.email_id", "email_content.encrypted", contentBytes.as("bytes")])
    .select((eb) =>
      eb
        .case()
        .when(contentBytes, "<=", sql.lit(maxContentBytes))
        .then(eb.ref("email_content.content"))
        .end()
        .as("content"),
    )
    .compile(),
);

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
 * After the time of day was set back: emails that were due by the time before are due now, and so are those that wait
 * for longer than any backoff although nobody has scheduled them.
 * @param before the time before the step, in milliseconds since the epoch; null if it is not known.
 */
export async function queueAgainAfterStep(
  db: Db,
  {
    now,
    before,
    longestMs,
  }: { readonly now: number; readonly before: number | null; readonly longestMs: number },
): Promise<void> {
  await db
    .updateTable("emails")
    .set({ next_attempt_at: now })
    .where("state", "=", "queued")
    .where("priority", "in", [...priorities.keys()])
    .where("next_attempt_at", ">", now)
    .where((eb) =>
      eb.or([
        eb("next_attempt_at", "<=", before ?? now),
        eb.and([
          // What waits after an attempt may wait so long; nothing else waits at all.
          eb.or([eb("attempts", "=", 0), eb("next_attempt_at", ">", now + longestMs)]),
          // What was claimed before, or was to be sent at once, has no schedule of its own.
          eb.or([eb("lease", ">", 0), eb("next_attempt_at", "=", eb.ref("created_at"))]),
        ]),
      ]),
    )
    .execute();
}

/**
 * Lets configs try again what all of them have refused: the one that was to send it is gone. Without
 * this, an email would wait for a config that is not there.
 */
export async function forgetRefusals(db: Db, refusals: readonly string[]): Promise<void> {
  if (refusals.length === 0) return;
  await db
    .updateTable("emails")
    .set({ refused_by: null })
    .where("state", "=", "queued")
    .where("refused_by", "is not", null)
    .where((eb) => eb.and(refusals.map((refusal) => eb("refused_by", "like", `% ${refusal} %`))))
    .execute();
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
