import { type CompiledQuery, type RawBuilder, sql } from "kysely";
import { type Priority, priorities } from "../../core/model.ts";
import { columns } from "../columns.ts";
import { isPostgres } from "../dialect.ts";
import { statement } from "../row-statement.ts";
import type { Db } from "../schema.ts";
import { leaseUntil } from "./email-leases.ts";
import { openRecipients, type RoutingCondition } from "./email-routing.ts";
import { copiesOf, leftOf, limitValues, type UsageLimit } from "./smtp-config-usage.ts";

interface DueValues {
  readonly now: number;
  readonly expiryNow: number;
}

/** An email that is due for a config, and has time left. */
export function isDue({ now, expiryNow }: DueValues, routing: RawBuilder<boolean>): RawBuilder<boolean> {
  return sql`next_attempt_at <= cast(${now} as bigint) and expires_at > cast(${expiryNow} as bigint)
      and ${routing}`;
}

const claimValues = ["now", "expiryNow", "limit", "normal", "low", "leaseMs"] as const;
type ClaimValue = (typeof claimValues)[number];
type ClaimStatement = ReturnType<typeof statement<string[]>>;

/** The statements of the rules that were asked for last. */
const statements = new Map<string, ClaimStatement>();
/** Rules change with the configs and with which of them can be used; few of these are in use at a time. */
const maxStatements = 256;

/**
 * The statement that claims the emails of a condition, within the limits of the config that claims. Its text is compiled
 * once for all conditions of a shape.
 */
export function claimStatement(condition: RoutingCondition, limits: readonly UsageLimit[]): ClaimStatement {
  const limited = limits.map(({ window, counts, hasCopy }) => `${window} ${counts} ${hasCopy}`);
  const key = [condition.key, ...limited].join(" | ");
  const known = statements.get(key);
  if (known !== undefined) return known;
  if (statements.size >= maxStatements) statements.clear();
  const names = Object.keys({ ...condition.values, ...limitValues("", limits, 0) });
  const made = statement([...claimValues, ...names], (db, values) => {
    const value = (name: string) => values[name];
    const room = roomOf(db, limits, value);
    return claimQuery(db, values as Record<ClaimValue, never>, { routing: condition.build(value), room });
  });
  statements.set(key, made);
  return made;
}

/** What a claim may take at most. */
interface Room {
  /** Tables that the others are made with. */
  readonly tables: RawBuilder<unknown>;
  /** How many emails. */
  readonly emails: RawBuilder<number>;
  /** A condition for each email. */
  readonly fits: RawBuilder<unknown>;
  /** A part of the room, of which so many are left. */
  share(value: RawBuilder<number>, left: RawBuilder<number>): RawBuilder<number>;
}

/** Most recipients of an email. */
export const maxRecipients = 50;

function roomOf(db: Db, limits: readonly UsageLimit[], value: (name: string) => unknown): Room {
  const wanted = sql<number>`cast(${value("limit")} as integer)`;
  if (limits.length === 0) return { tables: sql``, emails: wanted, fits: sql``, share: (part) => part };
  const copies = copiesOf(limits);
  const lefts = limits.map((limit, index) => ({ ...limit, left: leftOf(limit, index, value) }));
  const [least, greatest] = isPostgres(db) ? [sql`least`, sql`greatest`] : [sql`min`, sql`max`];
  const atMost = lefts.map(({ counts, left }) => (counts === "emails" ? left : emailsFor(left, copies)));
  const fits = lefts.map(({ counts, left }) =>
    counts === "emails" ? sql`` : sql`and ${openRecipients} + ${sql.lit(copies)} <= ${left}`,
  );
  return {
    tables: sql`room (emails) as (select ${greatest}(0, ${least}(${wanted}, ${sql.join(atMost)}))),`,
    emails: sql<number>`(select emails from room)`,
    fits: sql.join(fits, sql` `),
    share: (part, left) => sql<number>`${least}(${part}, ${left})`,
  };
}

/** Each email may have as many recipients as an email may have; near the end they are claimed one by one. */
function emailsFor(recipients: RawBuilder<number>, copies: number): RawBuilder<number> {
  const most = sql.lit(maxRecipients + copies);
  return sql<number>`(case when ${recipients} >= ${most} then ${recipients} / ${most} when ${recipients} > 0 then 1 else 0 end)`;
}

function claimQuery(
  db: Db,
  values: Readonly<Record<ClaimValue, never>>,
  { routing, room }: { readonly routing: RawBuilder<boolean>; readonly room: Room },
): CompiledQuery {
  const lock = isPostgres(db) ? sql`for update skip locked` : sql``;

  // One priority at a time: each is a range of the index, whatever else waits for its time in it.
  const ids = (priority: Priority, atMost: RawBuilder<number>, except: RawBuilder<unknown> = sql``) => sql`(
    select id from emails
    where state = 'queued' and priority = ${sql.lit(priorities.indexOf(priority))}
      and ${isDue(values, routing)} ${room.fits} ${except}
    order by next_attempt_at limit ${atMost} ${lock}
  )`;
  const left = (...taken: string[]) =>
    sql<number>`${room.emails}${sql.join(
      taken.map((name) => sql` - (select count(*) from ${sql.ref(name)})`),
      sql``,
    )}`;
  const lowShare = room.share(sql`cast(${values.low} as integer)`, room.emails);
  const normalShare = room.share(sql`cast(${values.normal} as integer)`, left("low_share"));
  return sql`
    with ${room.tables} low_share as ${ids("low", lowShare)},
    normal_share as ${ids("normal", normalShare)},
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
    update emails set state = 'sending', lease = lease + 1, lease_until = ${leaseUntil(db, values)}
    where id in (select id from due)
    returning ${sql.join(columns.emails.map((name) => sql.ref(name)))}
  `.compile(db);
}
