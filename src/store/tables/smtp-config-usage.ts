/**
 * How much configs with limits have sent. An email counts from its claim on, and no longer counts if the relay accepted
 * nothing. All nodes together never claim more than a limit allows, even while some of them fail.
 */
import { type RawBuilder, sql } from "kysely";
import { rowStatement } from "../row-statement.ts";
import type { Db } from "../schema.ts";
import type { Step } from "../step.ts";
import { namesOf, type ValueColumns, type ValueRow, valueRows } from "../value-rows.ts";
import type { Claimed } from "./email-leases.ts";
import type { SmtpSettings } from "./smtp-configs.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** What the limits of a config count over. */
export type UsageWindow = "minute" | "hour" | "day";

/**
 * The length of each window, and of the buckets that it counts in. A bucket counts for as long as a part of it is in
 * the window: claims never exceed a limit, and a window may be longer by one bucket.
 */
const usageWindows: Readonly<Record<UsageWindow, { readonly windowMs: number; readonly bucketMs: number }>> =
  {
    minute: { windowMs: minuteMs, bucketMs: 1_000 },
    hour: { windowMs: hourMs, bucketMs: minuteMs },
    day: { windowMs: dayMs, bucketMs: 15 * minuteMs },
  };
const windowNames = Object.keys(usageWindows) as readonly UsageWindow[];

/** The settings that limit what a config sends over more than a second. */
export type UsageLimits = Pick<
  SmtpSettings,
  "maxPerMinute" | "maxPerHour" | "maxPerDay" | "maxRecipientsPerDay" | "bcc"
>;

export interface UsageLimit {
  readonly window: UsageWindow;
  readonly counts: "emails" | "recipients";
  readonly max: number;
  /** Whether each email may have one recipient more, for the archive. */
  readonly hasCopy: boolean;
}

/** The limits that are set. */
export function usageLimits(settings: UsageLimits): readonly UsageLimit[] {
  const { maxPerMinute, maxPerHour, maxPerDay, maxRecipientsPerDay, bcc } = settings;
  const hasCopy = bcc !== null;
  const all = [
    { window: "minute", counts: "emails", max: maxPerMinute },
    { window: "hour", counts: "emails", max: maxPerHour },
    { window: "day", counts: "emails", max: maxPerDay },
    { window: "day", counts: "recipients", max: maxRecipientsPerDay },
  ] as const;
  return all.flatMap(({ max, ...limit }) => (max === null ? [] : [{ ...limit, max, hasCopy }]));
}

/** What a config has used in a window that ends now. */
export interface WindowUsage {
  readonly emails: number;
  readonly recipients: number;
  /** When some of it no longer counts, in milliseconds since the epoch; null if nothing counts. */
  readonly lessAt: number | null;
}

export type Usage = Readonly<Record<UsageWindow, WindowUsage>>;

export const noUsage: Usage = {
  minute: { emails: 0, recipients: 0, lessAt: null },
  hour: { emails: 0, recipients: 0, lessAt: null },
  day: { emails: 0, recipients: 0, lessAt: null },
};

/** What configs have used, by their ids; those that are not in it have used nothing. */
export async function readUsage(db: Db, now: number): Promise<ReadonlyMap<string, Usage>> {
  const { queries, read } = usageStep(db, now);
  const [query] = queries;
  return read(query === undefined ? [] : [await db.executeQuery(query)]);
}

/** As `readUsage`, as part of a transaction. */
export function usageStep(db: Db, now: number): Step<ReadonlyMap<string, Usage>> {
  const query = db
    .selectFrom("smtp_config_usage")
    .select(["config_id", "bucket_ms"])
    .select((eb) => [
      eb.fn.sum<number>("emails").as("emails"),
      eb.fn.sum<number>("recipients").as("recipients"),
      sql<number | null>`min(case when emails > 0 then starts_at end)`.as("oldest"),
    ])
    .where((eb) =>
      eb.or(
        windowNames.map((name) =>
          eb.and([
            eb("bucket_ms", "=", usageWindows[name].bucketMs),
            eb("starts_at", ">", countedAfter(name, now)),
            eb("starts_at", "<=", now),
          ]),
        ),
      ),
    )
    .groupBy(["config_id", "bucket_ms"])
    .compile();
  return {
    queries: [query],
    read([result]) {
      const usages = new Map<string, Usage>();
      for (const row of (result?.rows ?? []) as UsageRow[]) {
        const name = windowNames.find((each) => usageWindows[each].bucketMs === row.bucket_ms);
        if (name === undefined) continue;
        const usage = usages.get(row.config_id) ?? noUsage;
        usages.set(row.config_id, { ...usage, [name]: windowUsage(name, row) });
      }
      return usages;
    },
  };
}

interface UsageRow {
  readonly config_id: string;
  readonly bucket_ms: number;
  readonly emails: number | string;
  readonly recipients: number | string;
  readonly oldest: number | null;
}

function windowUsage(name: UsageWindow, { emails, recipients, oldest }: UsageRow): WindowUsage {
  const { windowMs, bucketMs } = usageWindows[name];
  // PostgreSQL gives a sum as text.
  return {
    emails: Math.max(0, Number(emails)),
    recipients: Math.max(0, Number(recipients)),
    lessAt: oldest === null ? null : oldest + windowMs + bucketMs,
  };
}

/** Buckets that begin at this time or earlier do not count any more. */
function countedAfter(name: UsageWindow, now: number): number {
  const { windowMs, bucketMs } = usageWindows[name];
  return now - windowMs - bucketMs;
}

/** The start of the bucket of a window that a time is in. */
function bucketOf(name: UsageWindow, at: number): number {
  const { bucketMs } = usageWindows[name];
  return Math.floor(at / bucketMs) * bucketMs;
}

/** Deletes what no limit counts any more. */
export async function deleteOldUsage(db: Db, now: number): Promise<void> {
  await db
    .deleteFrom("smtp_config_usage")
    .where((eb) =>
      eb.or(
        windowNames.map((name) =>
          eb.and([
            eb("bucket_ms", "=", usageWindows[name].bucketMs),
            eb("starts_at", "<=", countedAfter(name, now)),
          ]),
        ),
      ),
    )
    .execute();
}

/** The values of a claim within limits: they go with those of the claim. */
export function limitValues(configId: string, limits: readonly UsageLimit[], now: number) {
  return Object.assign(
    { limited: configId },
    ...limits.map(({ window, max }, index) => ({
      [`max${index}`]: max,
      [`after${index}`]: countedAfter(window, now),
    })),
  ) as Record<string, string | number>;
}

/** How many more a limit allows; below zero if it was lowered. @param value as of `limitValues`. */
export function leftOf(
  { window, counts }: UsageLimit,
  index: number,
  value: (name: string) => unknown,
): RawBuilder<number> {
  const used = sql`select sum(${sql.ref(counts)}) from smtp_config_usage
    where config_id = ${value("limited")} and bucket_ms = ${sql.lit(usageWindows[window].bucketMs)}
      and starts_at > cast(${value(`after${index}`)} as bigint)
      and starts_at <= cast(${value("now")} as bigint)`;
  return sql<number>`(cast(${value(`max${index}`)} as integer) - coalesce((${used}), 0))`;
}

/** How many recipients each email has beside its own. */
export function copiesOf(limits: readonly UsageLimit[]): number {
  return limits.some(({ hasCopy }) => hasCopy) ? 1 : 0;
}

/** The windows that limits count over, each once. */
function windowsOf(limits: readonly UsageLimit[]): readonly UsageWindow[] {
  return windowNames.filter((name) => limits.some(({ window }) => window === name));
}

/** Where what is claimed at a time counts: the buckets of the windows. */
export function bucketsOf(limits: readonly UsageLimit[], at: number) {
  return windowsOf(limits).map((name) => {
    return { bucketMs: usageWindows[name].bucketMs, startsAt: bucketOf(name, at) };
  });
}

/** What a claim has counted, to be taken back if the relay has accepted nothing. */
export interface CountedUsage {
  readonly configId: string;
  readonly limits: readonly UsageLimit[];
  /** When it was claimed, in milliseconds since the epoch. */
  readonly claimedAt: number;
  readonly recipients: number;
}

const releaseColumns = {
  of_email: "text",
  token: "integer",
  of_config: "text",
  of_bucket: "integer",
  begins_at: "bigint",
  many: "integer",
} as const satisfies ValueColumns;

/** Takes back what claims have counted, if they still hold: written again, it takes back nothing more. */
export function releaseUsage(
  db: Db,
  released: readonly { readonly claimed: Claimed; readonly counted: CountedUsage }[],
) {
  const rows = released.flatMap(({ claimed, counted }) =>
    bucketsOf(counted.limits, counted.claimedAt).map(
      ({ bucketMs, startsAt }): ValueRow<typeof releaseColumns> => ({
        of_email: claimed.id,
        token: claimed.lease,
        of_config: counted.configId,
        of_bucket: bucketMs,
        begins_at: startsAt,
        many: counted.recipients,
      }),
    ),
  );
  return rows.length === 0 ? [] : updateUsage(db, rows);
}

const updateUsage = rowStatement(namesOf(releaseColumns), (db, rows) => {
  const released = sql`from released join emails
      on emails.id = released.of_email and emails.lease = released.token and emails.state = 'sending'
    where released.of_config = smtp_config_usage.config_id
      and released.of_bucket = smtp_config_usage.bucket_ms
      and released.begins_at = smtp_config_usage.starts_at`;
  return sql`
    with released ${valueRows(releaseColumns, rows)}
    update smtp_config_usage set
      emails = smtp_config_usage.emails - (select count(*) ${released}),
      recipients = smtp_config_usage.recipients - (select coalesce(sum(released.many), 0) ${released})
    where exists (select 1 ${released})
  `.compile(db);
});
