import type { AuthMethod, TlsMode } from "../../core/model.ts";
import type { Db, Flag, SmtpConfigRow } from "../schema.ts";
import { type Step, write } from "../step.ts";

/** How to reach one relay, as stored: the password as its token, the seal over both. */
export interface SmtpConfig {
  readonly id: string;
  readonly name: string;
  /** Lower is tried first. */
  readonly position: number;
  readonly enabled: boolean;
  readonly smtpServer: string;
  readonly smtpPort: number;
  readonly useTls: boolean;
  readonly tlsMode: TlsMode;
  readonly username: string | null;
  readonly passwordEnc: string | null;
  readonly authMethod: AuthMethod;
  readonly allowCleartextAuth: boolean;
  readonly fromEmail: string;
  readonly fromName: string | null;
  readonly replyTo: string | null;
  readonly ehloName: string | null;
  readonly caPem: string | null;
  readonly maxConnections: number;
  /** Messages per second; null is unlimited. */
  readonly maxPerSecond: number | null;
  readonly seal: string;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly updatedBy: string;
  readonly lastTest: LastTest | null;
  readonly pausedUntil: number | null;
  readonly pausedReason: string | null;
  /** Failures in a row: the config rests the longer. */
  readonly failures: number;
  /** The version through which an email was taken last; null before the first. */
  readonly provenVersion: number | null;
  /** The version that failed, by its own fault, before any email was taken through it. */
  readonly faultyVersion: number | null;
}

export interface LastTest {
  readonly at: number;
  readonly ok: boolean;
  /** The failed stage and the title of its problem; null after success. */
  readonly stage: string | null;
  readonly title: string | null;
}

/** All configs in the order in which they are tried. */
export async function listSmtpConfigs(db: Db): Promise<SmtpConfig[]> {
  const rows = await inOrder(db).execute();
  return rows.map(fromRow);
}

/** The same, as a part of a transaction. */
export function smtpConfigsStep(db: Db): Step<SmtpConfig[]> {
  return {
    queries: [inOrder(db).compile()],
    read: ([result]) => ((result?.rows ?? []) as SmtpConfigRow[]).map(fromRow),
  };
}

function inOrder(db: Db) {
  return db.selectFrom("smtp_config").selectAll().orderBy("position").orderBy("id");
}

export async function findSmtpConfig(db: Db, id: string): Promise<SmtpConfig | undefined> {
  const row = await db.selectFrom("smtp_config").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

export async function insertSmtpConfig(db: Db, config: SmtpConfig): Promise<void> {
  await db.insertInto("smtp_config").values(toRow(config)).execute();
}

/**
 * Writes the whole row if it still has the version that was read.
 * @returns false if somebody else wrote it first.
 */
export async function updateSmtpConfig(
  db: Db,
  config: SmtpConfig,
  expectedVersion: number,
): Promise<boolean> {
  const { id, ...columns } = toRow(config);
  const result = await db
    .updateTable("smtp_config")
    .set(columns)
    .where("id", "=", id)
    .where("version", "=", expectedVersion)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function deleteSmtpConfig(db: Db, id: string): Promise<boolean> {
  const result = await db.deleteFrom("smtp_config").where("id", "=", id).executeTakeFirst();
  return result.numDeletedRows === 1n;
}

/** Test results and pauses are not edits: they leave the version alone. */
export async function recordSmtpConfigTest(db: Db, id: string, lastTest: LastTest): Promise<void> {
  await db
    .updateTable("smtp_config")
    .set({ last_test_json: JSON.stringify(lastTest) })
    .where("id", "=", id)
    .execute();
}

/** Ends every pause now, but does not forget it: the next email tries whether the trouble is over. */
export async function endPauses(db: Db, now: number): Promise<void> {
  await db.updateTable("smtp_config").set({ paused_until: now }).where("paused_until", ">", now).execute();
}

/** Ends the pause of one config and forgets it. @returns false if it was not paused. */
export async function endPause(db: Db, id: string): Promise<boolean> {
  const result = await db
    .updateTable("smtp_config")
    .set({ paused_until: null, paused_reason: null, failures: 0 })
    .where("id", "=", id)
    .where("paused_until", "is not", null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export interface Pause {
  readonly until: number;
  readonly reason: string | null;
  /** Failures in a row, this one too. */
  readonly failures: number;
}

/**
 * Stops the use of a config for a time, or with null ends that. A config that was edited since it was
 * read is left alone: what is known speaks of the old settings.
 */
export async function pauseSmtpConfig(db: Db, read: ReadConfig, pause: Pause | null): Promise<void> {
  await pausing(db, read, pause).execute();
}

/** The same, as a part of a transaction. */
export function pauseStep(db: Db, read: ReadConfig, pause: Pause | null): Step<void> {
  return write(pausing(db, read, pause).compile());
}

type ReadConfig = Pick<SmtpConfig, "id" | "version">;

function pausing(db: Db, { id, version }: ReadConfig, pause: Pause | null) {
  const columns = {
    paused_until: pause?.until ?? null,
    paused_reason: pause?.reason ?? null,
    failures: pause?.failures ?? 0,
  };
  return db.updateTable("smtp_config").set(columns).where("id", "=", id).where("version", "=", version);
}

/**
 * Notes what the version that was read has shown: it takes emails, or it fails before it took any. As a part
 * of a transaction.
 */
export function verdictStep(db: Db, { id, version }: ReadConfig, verdict: "proven" | "faulty"): Step<void> {
  const columns =
    verdict === "proven" ? { proven_version: version, faulty_version: null } : { faulty_version: version };
  const query = db
    .updateTable("smtp_config")
    .set(columns)
    .where("id", "=", id)
    .where("version", "=", version);
  return write(query.compile());
}

/** Writes token and seal of a rotation, if the row is still the one that was read. */
export async function replaceSmtpConfigToken(
  db: Db,
  read: Pick<SmtpConfig, "id" | "version" | "seal">,
  next: Pick<SmtpConfig, "passwordEnc" | "seal">,
): Promise<boolean> {
  const result = await db
    .updateTable("smtp_config")
    .set({ password_enc: next.passwordEnc, seal: next.seal })
    .where("id", "=", read.id)
    .where("version", "=", read.version)
    .where("seal", "=", read.seal)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

function fromRow(row: SmtpConfigRow): SmtpConfig {
  return {
    id: row.id,
    name: row.name,
    position: row.position,
    enabled: row.enabled === 1,
    smtpServer: row.smtp_server,
    smtpPort: row.smtp_port,
    useTls: row.use_tls === 1,
    tlsMode: row.tls_mode,
    username: row.username,
    passwordEnc: row.password_enc,
    authMethod: row.auth_method,
    allowCleartextAuth: row.allow_cleartext_auth === 1,
    fromEmail: row.from_email,
    fromName: row.from_name,
    replyTo: row.reply_to,
    ehloName: row.ehlo_name,
    caPem: row.ca_pem,
    maxConnections: row.max_connections,
    maxPerSecond: row.max_per_second,
    seal: row.seal,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
    lastTest: row.last_test_json === null ? null : JSON.parse(row.last_test_json),
    pausedUntil: row.paused_until,
    pausedReason: row.paused_reason,
    failures: row.failures,
    provenVersion: row.proven_version,
    faultyVersion: row.faulty_version,
  };
}

function toRow(config: SmtpConfig): SmtpConfigRow {
  return {
    id: config.id,
    name: config.name,
    position: config.position,
    enabled: flag(config.enabled),
    smtp_server: config.smtpServer,
    smtp_port: config.smtpPort,
    use_tls: flag(config.useTls),
    tls_mode: config.tlsMode,
    username: config.username,
    password_enc: config.passwordEnc,
    auth_method: config.authMethod,
    allow_cleartext_auth: flag(config.allowCleartextAuth),
    from_email: config.fromEmail,
    from_name: config.fromName,
    reply_to: config.replyTo,
    ehlo_name: config.ehloName,
    ca_pem: config.caPem,
    max_connections: config.maxConnections,
    max_per_second: config.maxPerSecond,
    seal: config.seal,
    version: config.version,
    created_at: config.createdAt,
    updated_at: config.updatedAt,
    updated_by: config.updatedBy,
    last_test_json: config.lastTest === null ? null : JSON.stringify(config.lastTest),
    paused_until: config.pausedUntil,
    paused_reason: config.pausedReason,
    failures: config.failures,
    proven_version: config.provenVersion,
    faulty_version: config.faultyVersion,
  };
}

function flag(value: boolean): Flag {
  return value ? 1 : 0;
}
