import type { Db, SmtpConfigRow } from "../schema.ts";
import { type Step, write } from "../step.ts";

/**
 * What is known of an SMTP config from using it. It is no setting: writing it makes no new version, and new
 * settings begin with new health.
 */
export interface Health {
  readonly lastTest: LastTest | null;
  /** The version through which an email was accepted last; null before the first. */
  readonly knownGoodVersion: number | null;
  /** The version that failed, by its own fault, before any email was accepted through it. */
  readonly failingVersion: number | null;
  readonly breaker: Breaker;
}

export interface LastTest {
  readonly at: number;
  readonly ok: boolean;
  /** The failed stage and the title of its problem; null after success. */
  readonly stage: string | null;
  readonly title: string | null;
}

/**
 * Whether a config may be used. While it is open, the API and the pages call the config paused. One that is open
 * and whose time is over lets one email through: once that is a state of its own, it is the third one here.
 */
export type Breaker =
  | { readonly state: "closed"; readonly failures: number }
  | {
      readonly state: "open";
      /** Milliseconds since the epoch. */
      readonly until: number;
      readonly reason: string | null;
      /** Failures in a row, the latest included: the cooldown grows with them. */
      readonly failures: number;
    };

export type OpenBreaker = Extract<Breaker, { state: "open" }>;

export const closedBreaker: Breaker = { state: "closed", failures: 0 };

/** The health of settings of which nothing is known, but for what is given. */
export function newHealth(known: Partial<Pick<Health, "lastTest" | "knownGoodVersion">> = {}): Health {
  return { lastTest: null, knownGoodVersion: null, failingVersion: null, breaker: closedBreaker, ...known };
}

/** The breaker that keeps a config from being used now; null if nothing does. */
export function openBreakerAt({ breaker }: Pick<Health, "breaker">, now: number): OpenBreaker | null {
  return breaker.state === "open" && breaker.until > now ? breaker : null;
}

/** What a version showed with its emails. */
export type VersionHealth = "known-good" | "failing";

/** A config as it was read: what is found out about one version says nothing about another one. */
export interface ReadConfig {
  readonly id: string;
  readonly revision: { readonly version: number };
}

/** Stores the result of a test of the settings as they are. */
export async function recordSmtpConfigTest(db: Db, id: string, lastTest: LastTest): Promise<void> {
  await db
    .updateTable("smtp_config")
    .set({ last_test_json: JSON.stringify(lastTest) })
    .where("id", "=", id)
    .execute();
}

/** Ends every cooldown now. The breakers stay open until the next email shows whether the failure is over. */
export async function endCooldowns(db: Db, now: number): Promise<void> {
  await db.updateTable("smtp_config").set({ paused_until: now }).where("paused_until", ">", now).execute();
}

/** Closes the breaker of one config. @returns false if it was closed. */
export async function closeBreaker(db: Db, id: string): Promise<boolean> {
  const result = await db
    .updateTable("smtp_config")
    .set(breakerColumns(closedBreaker))
    .where("id", "=", id)
    .where("paused_until", "is not", null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Stores a breaker as part of a transaction. A config that was saved since it was read stays as it is. */
export function breakerStep(db: Db, read: ReadConfig, breaker: Breaker): Step<void> {
  return write(updateRead(db, read).set(breakerColumns(breaker)).compile());
}

/** Stores what the version that was read showed, as part of a transaction. */
export function versionHealthStep(db: Db, read: ReadConfig, health: VersionHealth): Step<void> {
  const { version } = read.revision;
  const columns =
    health === "known-good" ? { proven_version: version, faulty_version: null } : { faulty_version: version };
  return write(updateRead(db, read).set(columns).compile());
}

function updateRead(db: Db, { id, revision }: ReadConfig) {
  return db.updateTable("smtp_config").where("id", "=", id).where("version", "=", revision.version);
}

type BreakerColumns = Pick<SmtpConfigRow, "paused_until" | "paused_reason" | "failures">;
type HealthColumns = BreakerColumns &
  Pick<SmtpConfigRow, "last_test_json" | "proven_version" | "faulty_version">;

export function healthFromRow(row: HealthColumns): Health {
  const { paused_until: until, paused_reason: reason, failures } = row;
  return {
    lastTest: row.last_test_json === null ? null : JSON.parse(row.last_test_json),
    knownGoodVersion: row.proven_version,
    failingVersion: row.faulty_version,
    breaker: until === null ? { state: "closed", failures } : { state: "open", until, reason, failures },
  };
}

export function healthColumns(health: Health): HealthColumns {
  return {
    last_test_json: health.lastTest === null ? null : JSON.stringify(health.lastTest),
    proven_version: health.knownGoodVersion,
    faulty_version: health.failingVersion,
    ...breakerColumns(health.breaker),
  };
}

function breakerColumns(breaker: Breaker): BreakerColumns {
  const { failures } = breaker;
  return breaker.state === "closed"
    ? { paused_until: null, paused_reason: null, failures }
    : { paused_until: breaker.until, paused_reason: breaker.reason, failures };
}
