import type { AlertKind } from "../../core/model.ts";
import { columns } from "../columns.ts";
import type { ConfigCheckRow, Db } from "../schema.ts";

/** The last scheduled check of a config, and the next. */
export interface ConfigCheck {
  readonly configId: string;
  readonly dueAt: number;
  /** A node is at it; it is given up after this. */
  readonly claimedUntil: number | null;
  /** Null before the first. */
  readonly checkedAt: number | null;
  /** Of the config that was checked. */
  readonly version: number | null;
  readonly outcome: CheckOutcome | null;
}

export interface CheckOutcome {
  readonly ok: boolean;
  /** The failed stage and the title of its problem; null after success. */
  readonly stage: string | null;
  readonly title: string | null;
  /** Null where none was shown. */
  readonly certificateEndsAt: number | null;
  /** Seen once: they count if the next check sees them too. */
  readonly suspects: readonly AlertKind[];
  /** What was right in the DNS of the sender's domain, ever since it is watched. */
  readonly proven: { readonly domain: string; readonly dmarc: boolean; readonly spf: boolean } | null;
}

export async function listConfigChecks(db: Db): Promise<ConfigCheck[]> {
  return (await db.selectFrom("config_checks").select(columns.config_checks).execute()).map(fromRow);
}

export async function findConfigCheck(db: Db, configId: string): Promise<ConfigCheck | undefined> {
  const query = db
    .selectFrom("config_checks")
    .select(columns.config_checks)
    .where("config_id", "=", configId);
  const row = await query.executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** Plans the first check of a config. One that is planned already stays as it is. */
export async function planConfigCheck(db: Db, configId: string, dueAt: number): Promise<void> {
  await db
    .insertInto("config_checks")
    .values({
      config_id: configId,
      due_at: dueAt,
      claimed_until: null,
      checked_at: null,
      version: null,
      outcome_json: null,
    })
    .onConflict((conflict) => conflict.column("config_id").doNothing())
    .execute();
}

/**
 * Takes a check on, if nobody is at it and nobody has done it since it was read.
 * @returns false if somebody else was first.
 */
export async function claimConfigCheck(
  db: Db,
  { configId, checkedAt }: Pick<ConfigCheck, "configId" | "checkedAt">,
  { now, until }: { readonly now: number; readonly until: number },
): Promise<boolean> {
  const result = await db
    .updateTable("config_checks")
    .set({ claimed_until: until })
    .where("config_id", "=", configId)
    .where("checked_at", checkedAt === null ? "is" : "=", checkedAt)
    .where((is) => is.or([is("claimed_until", "is", null), is("claimed_until", "<=", now)]))
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Writes what a check found. @returns false if it was given up meanwhile: then its result is nobody's. */
export async function finishConfigCheck(
  db: Db,
  check: Omit<ConfigCheck, "claimedUntil">,
  claimedUntil: number,
): Promise<boolean> {
  const result = await db
    .updateTable("config_checks")
    .set({
      due_at: check.dueAt,
      claimed_until: null,
      checked_at: check.checkedAt,
      version: check.version,
      outcome_json: check.outcome === null ? null : JSON.stringify(check.outcome),
    })
    .where("config_id", "=", check.configId)
    .where("claimed_until", "=", claimedUntil)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Lets a check go that found nothing out. */
export async function releaseConfigCheck(
  db: Db,
  configId: string,
  claimedUntil: number,
  dueAt: number,
): Promise<void> {
  await db
    .updateTable("config_checks")
    .set({ claimed_until: null, due_at: dueAt })
    .where("config_id", "=", configId)
    .where("claimed_until", "=", claimedUntil)
    .execute();
}

export async function deleteConfigCheck(db: Db, configId: string): Promise<void> {
  await db.deleteFrom("config_checks").where("config_id", "=", configId).execute();
}

function fromRow(row: ConfigCheckRow): ConfigCheck {
  return {
    configId: row.config_id,
    dueAt: row.due_at,
    claimedUntil: row.claimed_until,
    checkedAt: row.checked_at,
    version: row.version,
    outcome: row.outcome_json === null ? null : JSON.parse(row.outcome_json),
  };
}
