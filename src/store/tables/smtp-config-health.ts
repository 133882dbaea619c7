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
 * The circuit breaker of a config: whether it may be used. `delivery/circuit-breaker.ts` says how it goes from one
 * state to the next. While it is open, the API and the pages call the config paused.
 */
export type Breaker = ClosedBreaker | OpenBreaker | HalfOpenBreaker;

export interface ClosedBreaker {
  readonly state: "closed";
  /** Emails in a row of which the relay, though it answers, has accepted nothing. */
  readonly failures: number;
}

/** Nothing is sent through the config. */
export interface OpenBreaker {
  readonly state: "open";
  /** The end of the cooldown, in milliseconds since the epoch. Then one email tries the config. */
  readonly until: number;
  readonly reason: string | null;
  /** How often it opened in a row: the cooldown grows with it. */
  readonly failures: number;
  /** An admin has to change something; that the config is tried again all the same is only for the exception. */
  readonly needsAdmin: boolean;
}

/** One node tries the config with one email at a time. */
export interface HalfOpenBreaker extends Omit<OpenBreaker, "state" | "until"> {
  readonly state: "half-open";
  /** From then on any node may try it, in milliseconds since the epoch. */
  readonly until: number;
}

/** One that waits for a trial, or for the result of one. */
export type TriedBreaker = OpenBreaker | HalfOpenBreaker;

export const closedBreaker: ClosedBreaker = { state: "closed", failures: 0 };

/** The health of settings of which nothing is known, but for what is given. */
export function newHealth(known: Partial<Pick<Health, "lastTest" | "knownGoodVersion">> = {}): Health {
  return { lastTest: null, knownGoodVersion: null, failingVersion: null, breaker: closedBreaker, ...known };
}

/** The breaker that keeps a config from being used now; null if nothing does. */
export function openBreakerAt({ breaker }: Pick<Health, "breaker">, now: number): OpenBreaker | null {
  return breaker.state === "open" && breaker.until > now ? breaker : null;
}

/** The breaker of a config that is to be tried with one email, or is being tried; null if it is not. */
export function triedBreakerAt({ breaker }: Pick<Health, "breaker">, now: number): TriedBreaker | null {
  return breaker.state === "closed" || openBreakerAt({ breaker }, now) !== null ? null : breaker;
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

/** Ends every cooldown and trial. The breakers stay open until the next email shows whether the failure is over. */
export async function endCooldowns(db: Db, now: number): Promise<void> {
  await db
    .updateTable("smtp_config")
    .set({ paused_until: now, trial_until: null })
    .where("paused_until", "is not", null)
    .execute();
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

/**
 * Makes a breaker half-open, unless it has changed since it was read. That its time is over is for the caller to
 * know, by a clock that nobody sets.
 * @param until the end of the trial, in milliseconds since the epoch.
 * @returns whether it was made so: of several nodes, for one.
 */
export async function beginTrial(
  db: Db,
  config: ReadConfig,
  read: TriedBreaker,
  until: number,
): Promise<boolean> {
  const unchanged = updateRead(db, config);
  const result = await (read.state === "open"
    ? unchanged.where("paused_until", "=", read.until).where("trial_until", "is", null)
    : unchanged.where("trial_until", "=", read.until)
  )
    .set({ paused_until: until - 1, trial_until: until })
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

type BreakerColumns = Pick<
  SmtpConfigRow,
  "paused_until" | "paused_reason" | "failures" | "needs_admin" | "trial_until"
>;
type HealthColumns = BreakerColumns &
  Pick<SmtpConfigRow, "last_test_json" | "proven_version" | "faulty_version">;

export function healthFromRow(row: HealthColumns): Health {
  return {
    lastTest: row.last_test_json === null ? null : JSON.parse(row.last_test_json),
    knownGoodVersion: row.proven_version,
    failingVersion: row.faulty_version,
    breaker: breakerFromRow(row),
  };
}

/** A version before 0010 opens and closes a breaker without a word of trials: those that it leaves are over. */
function breakerFromRow(row: BreakerColumns): Breaker {
  const { paused_until: until, trial_until: trialUntil, failures } = row;
  if (until === null) return { state: "closed", failures };
  const open = { reason: row.paused_reason, failures, needsAdmin: row.needs_admin === 1 };
  return trialUntil !== null && trialUntil > until
    ? { state: "half-open", until: trialUntil, ...open }
    : { state: "open", until, ...open };
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
  if (breaker.state === "closed") {
    const { failures } = breaker;
    return { paused_until: null, paused_reason: null, failures, needs_admin: 0, trial_until: null };
  }
  const { state, until, reason, failures, needsAdmin } = breaker;
  return {
    // A trial ends later than the cooldown before it: by this the two are told apart.
    paused_until: state === "open" ? until : until - 1,
    paused_reason: reason,
    failures,
    needs_admin: needsAdmin ? 1 : 0,
    trial_until: state === "open" ? null : until,
  };
}
