import type { AlertKind } from "../../core/model.ts";
import { columns } from "../columns.ts";
import type { AlertRow, Db } from "../schema.ts";

/** Trouble that was told of. */
export interface Alert {
  readonly id: string;
  /** Null for trouble of all configs together. */
  readonly configId: string | null;
  readonly configName: string;
  readonly kind: AlertKind;
  /** Grows as it becomes more urgent: then it is told again. */
  readonly level: number;
  readonly title: string;
  readonly explanation: string;
  readonly remedy: string;
  readonly raisedAt: number;
  /** Null while it lasts. */
  readonly clearedAt: number | null;
  readonly acknowledgedAt: number | null;
  readonly acknowledgedBy: string | null;
  /** The email that is still to be accepted. */
  readonly emailDue: "raised" | "cleared" | null;
}

/** Those that last, the oldest first. */
export async function listOpenAlerts(db: Db): Promise<Alert[]> {
  const query = db.selectFrom("alerts").select(columns.alerts).where("cleared_at", "is", null).orderBy("id");
  return (await query.execute()).map(fromRow);
}

/** Those of which an email is to be sent. */
export async function listAlertsToTell(db: Db): Promise<Alert[]> {
  const query = db
    .selectFrom("alerts")
    .select(columns.alerts)
    .where("email_due", "is not", null)
    .orderBy("id");
  return (await query.execute()).map(fromRow);
}

export async function findAlert(db: Db, id: string): Promise<Alert | undefined> {
  const row = await db.selectFrom("alerts").select(columns.alerts).where("id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** A second one of the same kind and config is left out while the first lasts. @returns whether it was new. */
export async function insertAlert(db: Db, alert: Alert): Promise<boolean> {
  const result = await db
    .insertInto("alerts")
    .values(toRow(alert))
    .onConflict((conflict) =>
      conflict.columns(["config_id", "kind"]).where("cleared_at", "is", null).doNothing(),
    )
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** @returns false if it was over already. */
export async function updateOpenAlert(db: Db, alert: Alert): Promise<boolean> {
  const { id, ...columns } = toRow(alert);
  const result = await db
    .updateTable("alerts")
    .set(columns)
    .where("id", "=", id)
    .where("cleared_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Its email was accepted, or cannot be. What became due since stays due. */
export async function alertTold(db: Db, { id, level, emailDue }: Alert): Promise<void> {
  await db
    .updateTable("alerts")
    .set({ email_due: null })
    .where("id", "=", id)
    .where("level", "=", level)
    .where("email_due", "=", emailDue)
    .execute();
}

export async function deleteClearedAlerts(db: Db, clearedBy: number): Promise<void> {
  await db.deleteFrom("alerts").where("cleared_at", "<", clearedBy).execute();
}

function fromRow(row: AlertRow): Alert {
  return {
    id: row.id,
    configId: row.config_id === "" ? null : row.config_id,
    configName: row.config_name,
    kind: row.kind,
    level: row.level,
    title: row.title,
    explanation: row.explanation,
    remedy: row.remedy,
    raisedAt: row.raised_at,
    clearedAt: row.cleared_at,
    acknowledgedAt: row.acknowledged_at,
    acknowledgedBy: row.acknowledged_by,
    emailDue: row.email_due,
  };
}

function toRow(alert: Alert): AlertRow {
  return {
    id: alert.id,
    config_id: alert.configId ?? "",
    config_name: alert.configName,
    kind: alert.kind,
    level: alert.level,
    title: alert.title,
    explanation: alert.explanation,
    remedy: alert.remedy,
    raised_at: alert.raisedAt,
    cleared_at: alert.clearedAt,
    acknowledged_at: alert.acknowledgedAt,
    acknowledged_by: alert.acknowledgedBy,
    email_due: alert.emailDue,
  };
}
