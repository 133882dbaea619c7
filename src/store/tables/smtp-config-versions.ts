import { columns } from "../columns.ts";
import type { Db, SmtpConfigVersionRow } from "../schema.ts";
import type { LastTest } from "./smtp-config-health.ts";
import { type SealedPassword, type SmtpSettings, secretColumns, secretFromRow } from "./smtp-configs.ts";

/** `past`: what a later version replaced; `draft`: what may become the next version. */
export type VersionKind = SmtpConfigVersionRow["kind"];

/** The settings that have versions: all but the order and on/off. */
export type VersionedSettings = Omit<SmtpSettings, "position" | "enabled">;

/** Settings of a config that are not in use, with a password and a seal of their own. */
export interface SmtpConfigVersion {
  readonly configId: string;
  readonly kind: VersionKind;
  /** Of a draft, the version that it was made from. */
  readonly version: number;
  readonly settings: VersionedSettings;
  readonly secret: SealedPassword;
  readonly savedAt: number;
  readonly savedBy: string;
  readonly lastTest: LastTest | null;
}

/** The latest first. */
export async function listVersions(
  db: Db,
  configId: string,
  kind: VersionKind,
): Promise<SmtpConfigVersion[]> {
  const rows = await db
    .selectFrom("smtp_config_versions")
    .select(columns.smtp_config_versions)
    .where("config_id", "=", configId)
    .where("kind", "=", kind)
    .orderBy("version", "desc")
    .execute();
  return rows.map(fromRow);
}

/** Of all configs; for the rotation of keys. */
export async function listAllVersions(db: Db): Promise<SmtpConfigVersion[]> {
  const rows = await db
    .selectFrom("smtp_config_versions")
    .select(columns.smtp_config_versions)
    .orderBy("config_id")
    .orderBy("kind")
    .orderBy("version")
    .execute();
  return rows.map(fromRow);
}

/** The numbers of the earlier versions of each config, the latest first. */
export async function listPastNumbers(db: Db): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = await db
    .selectFrom("smtp_config_versions")
    .select(["config_id", "version"])
    .where("kind", "=", "past")
    .orderBy("version", "desc")
    .execute();
  const numbers = new Map<string, number[]>();
  for (const { config_id, version } of rows) {
    numbers.set(config_id, [...(numbers.get(config_id) ?? []), version]);
  }
  return numbers;
}

export async function insertVersion(db: Db, version: SmtpConfigVersion): Promise<void> {
  await db.insertInto("smtp_config_versions").values(toRow(version)).execute();
}

/**
 * Deletes the versions of a kind, or only those with a number below the given one.
 * @returns how many there were.
 */
export async function deleteVersions(
  db: Db,
  configId: string,
  kind: VersionKind,
  below?: number,
): Promise<number> {
  let query = db
    .deleteFrom("smtp_config_versions")
    .where("config_id", "=", configId)
    .where("kind", "=", kind);
  if (below !== undefined) query = query.where("version", "<", below);
  const result = await query.executeTakeFirst();
  return Number(result.numDeletedRows);
}

type Read = Pick<SmtpConfigVersion, "configId" | "kind" | "version" | "secret">;

/** Stores the result of a test, if the row is still the one that was tested. */
export async function recordVersionTest(db: Db, read: Read, lastTest: LastTest): Promise<void> {
  await updateRead(db, read)
    .set({ last_test_json: JSON.stringify(lastTest) })
    .execute();
}

/** Writes token and seal of a rotation, if the row is still the one that was read. */
export async function replaceVersionSecret(db: Db, read: Read, next: SealedPassword): Promise<boolean> {
  const result = await updateRead(db, read).set(secretColumns(next)).executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

function updateRead(db: Db, { configId, kind, version, secret }: Read) {
  return db
    .updateTable("smtp_config_versions")
    .where("config_id", "=", configId)
    .where("kind", "=", kind)
    .where("version", "=", version)
    .where("seal", "=", secret.seal);
}

/** What versions that were kept before these settings existed had. */
const laterSettings = {
  maxPerMinute: null,
  maxPerHour: null,
  maxPerDay: null,
  maxRecipientsPerDay: null,
  senders: [],
  bcc: null,
} as const satisfies Partial<VersionedSettings>;

function fromRow(row: SmtpConfigVersionRow): SmtpConfigVersion {
  return {
    configId: row.config_id,
    kind: row.kind,
    version: row.version,
    settings: { ...laterSettings, ...JSON.parse(row.settings_json) },
    secret: secretFromRow(row),
    savedAt: row.saved_at,
    savedBy: row.saved_by,
    lastTest: row.last_test_json === null ? null : JSON.parse(row.last_test_json),
  };
}

function toRow(version: SmtpConfigVersion): SmtpConfigVersionRow {
  return {
    config_id: version.configId,
    kind: version.kind,
    version: version.version,
    settings_json: JSON.stringify(version.settings),
    ...secretColumns(version.secret),
    saved_at: version.savedAt,
    saved_by: version.savedBy,
    last_test_json: version.lastTest === null ? null : JSON.stringify(version.lastTest),
  };
}
