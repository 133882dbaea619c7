import { type CompiledQuery, sql } from "kysely";
import { priorities } from "../../core/model.ts";
import { columns } from "../columns.ts";
import { isPostgres } from "../dialect.ts";
import { statement } from "../row-statement.ts";
import type { Db, EmailContentRow, EmailRow, RecipientRow } from "../schema.ts";
import type { Step } from "../step.ts";
import { claimStatement, isDue } from "./email-claim-statement.ts";
import { contentFromRow, type StoredContent } from "./email-content.ts";
import { type LeaseTime, leaseUntil } from "./email-leases.ts";
import { type RoutingRule, routingCondition } from "./email-routing.ts";
import { type Email, emailFromRow, type Recipient, recipientFromRow } from "./emails.ts";
import type { ReadConfig } from "./smtp-config-health.ts";
import { bucketsOf, type CountedUsage, copiesOf, limitValues, type UsageLimit } from "./smtp-config-usage.ts";

/** A claimed email with what is needed to send it. */
export interface ClaimedEmail {
  readonly email: Email;
  /** All of them, also those that have an outcome. */
  readonly recipients: readonly Recipient[];
  /** Undefined for contents that are purged, or so large that they are better read one at a time. */
  readonly content: StoredContent | undefined;
  /** Octets of the contents as they are stored, which is more than they have if they are encrypted; 0 if purged. */
  readonly contentBytes: number;
  /** What it counts towards the limits of its config; null if that has none. */
  readonly counted: CountedUsage | null;
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
  /** Within which limits of the config that claims; what is claimed counts towards them. None: no limit. */
  readonly limits: readonly UsageLimit[];
  /** Of the limit, what is for these priorities first, so that more urgent emails are not all that is ever sent. */
  readonly shares: { readonly normal: number; readonly low: number };
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
  const time = { now, leaseMs };
  const values = { ...time, expiryNow, limit, normal: shares.normal, low: shares.low };
  const condition = routingCondition(claim.rule);
  const counting = countingOf(claim);
  const before = counting === null ? [] : lockUsage(db, counting);
  const after = counting === null ? [] : countClaimed(db, counting, time);
  const queries = [
    ...before,
    claimStatement(condition, claim.limits)(db, {
      ...condition.values,
      ...(counting === null ? {} : limitValues(counting.configId, counting.limits, now)),
      ...values,
    }),
    claimedRecipients(db, time),
    claimedContents(db, time),
    ...after,
  ];
  return {
    queries,
    read: (results) => {
      const [claimed, recipientRows, contentRows] = results.slice(before.length);
      const recipients = Map.groupBy((recipientRows?.rows ?? []) as RecipientRow[], (row) => row.email_id);
      const contents = new Map(
        ((contentRows?.rows ?? []) as ClaimedContentRow[]).map((row) => [row.email_id, row]),
      );
      return ((claimed?.rows ?? []) as EmailRow[])
        .sort((a, b) => a.priority - b.priority || (a.next_attempt_at ?? 0) - (b.next_attempt_at ?? 0))
        .map((row) => {
          const all = (recipients.get(row.id) ?? []).map(recipientFromRow);
          const open = all.filter(({ state }) => state === "queued").length;
          return {
            email: emailFromRow(row),
            recipients: all,
            ...claimedContent(contents.get(row.id)),
            counted: counting === null ? null : { ...counting, recipients: open + copiesOf(counting.limits) },
          };
        });
    },
  };
}

type Counting = Omit<CountedUsage, "recipients">;

function countingOf({ rule, limits, now }: Claim): Counting | null {
  const taker = rule.configs[rule.taker];
  return limits.length === 0 || taker === undefined ? null : { configId: taker.id, limits, claimedAt: now };
}

/** Nodes claim for a limited config one after the other: each sees what the others have claimed. */
function lockUsage(db: Db, { configId }: Counting): CompiledQuery[] {
  if (!isPostgres(db)) return [];
  const key = `sendwright usage ${configId}`;
  return [sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`.compile(db)];
}

/** Counts what was claimed in this transaction. */
function countClaimed(
  db: Db,
  { configId, limits, claimedAt }: Counting,
  time: LeaseTime,
): readonly CompiledQuery[] {
  return bucketsOf(limits, claimedAt).map(({ bucketMs, startsAt }) => {
    const claimed = underLease(db, time)
      .leftJoin("recipients", (join) =>
        join
          .onRef("recipients.email_id", "=", "emails.id")
          .on("recipients.state", "=", sql.lit("queued" as const)),
      )
      .select((eb) => [
        sql<string>`cast(${configId} as text)`.as("config_id"),
        sql<number>`cast(${bucketMs} as integer)`.as("bucket_ms"),
        sql<number>`cast(${startsAt} as bigint)`.as("starts_at"),
        eb.fn.count<number>("emails.id").distinct().as("emails"),
        sql<number>`count(recipients.email_id) + ${sql.lit(copiesOf(limits))} * count(distinct emails.id)`.as(
          "recipients",
        ),
      ])
      .having((eb) => eb.fn.countAll(), ">", 0);
    return db
      .insertInto("smtp_config_usage")
      .columns(["config_id", "bucket_ms", "starts_at", "emails", "recipients"])
      .expression(claimed)
      .onConflict((conflict) =>
        conflict.columns(["config_id", "bucket_ms", "starts_at"]).doUpdateSet((eb) => ({
          emails: eb("smtp_config_usage.emails", "+", eb.ref("excluded.emails")),
          recipients: eb("smtp_config_usage.recipients", "+", eb.ref("excluded.recipients")),
        })),
      )
      .compile();
  });
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
