import type { AuthMethod, TlsMode } from "../../core/model.ts";
import { columns } from "../columns.ts";
import type { Db, Flag, SmtpConfigRow } from "../schema.ts";
import type { Step } from "../step.ts";
import { type Health, healthColumns, healthFromRow, type ReadConfig } from "./smtp-config-health.ts";

/**
 * How to reach one relay, as stored. `settings` are what admins edit and what versions are compared by;
 * `health` is what was found out with them.
 */
export interface SmtpConfig {
  readonly id: string;
  readonly settings: SmtpSettings;
  readonly secret: SealedPassword;
  readonly revision: Revision;
  readonly health: Health;
}

export interface SmtpSettings {
  readonly name: string;
  /** Lower is tried first. */
  readonly position: number;
  readonly enabled: boolean;
  readonly smtpServer: string;
  readonly smtpPort: number;
  readonly useTls: boolean;
  readonly tlsMode: TlsMode;
  readonly username: string | null;
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
  /** Emails in any minute, hour and 24 hours; null is unlimited. */
  readonly maxPerMinute: number | null;
  readonly maxPerHour: number | null;
  readonly maxPerDay: number | null;
  /** Recipients in any 24 hours; null is unlimited. */
  readonly maxRecipientsPerDay: number | null;
  /** Senders that it may use beside `fromEmail`: addresses, and `@domain` for all of a domain. In lower case. */
  readonly senders: readonly string[];
  /** Who gets a copy of each email that is sent through it. */
  readonly bcc: string | null;
}

/** The password as its Fernet token, if there is one. The seal covers it and the destination it is for. */
export type SealedPassword =
  | { readonly kind: "none"; readonly seal: string }
  | { readonly kind: "password"; readonly token: string; readonly seal: string };

/** Which version the settings are, and who saved it. Times are milliseconds since the epoch. */
export interface Revision {
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly updatedBy: string;
}

/** All configs in the order in which they are tried. */
export async function listSmtpConfigs(db: Db): Promise<SmtpConfig[]> {
  const rows = await inOrder(db).execute();
  return rows.map(fromRow);
}

/** As `listSmtpConfigs`, as part of a transaction. */
export function smtpConfigsStep(db: Db): Step<SmtpConfig[]> {
  return {
    queries: [inOrder(db).compile()],
    read: ([result]) => ((result?.rows ?? []) as SmtpConfigRow[]).map(fromRow),
  };
}

function inOrder(db: Db) {
  return db.selectFrom("smtp_config").select(columns.smtp_config).orderBy("position").orderBy("id");
}

export async function findSmtpConfig(db: Db, id: string): Promise<SmtpConfig | undefined> {
  const row = await db
    .selectFrom("smtp_config")
    .select(columns.smtp_config)
    .where("id", "=", id)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

export async function insertSmtpConfig(db: Db, config: SmtpConfig): Promise<void> {
  await db.insertInto("smtp_config").values(toRow(config)).execute();
}

/**
 * Writes the whole row if it still has the version that was read.
 * @returns false if another version was saved since.
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

/** Writes token and seal of a rotation, if the row is still the one that was read. */
export async function replaceSmtpConfigSecret(
  db: Db,
  read: ReadConfig & Pick<SmtpConfig, "secret">,
  next: SealedPassword,
): Promise<boolean> {
  const result = await db
    .updateTable("smtp_config")
    .set(secretColumns(next))
    .where("id", "=", read.id)
    .where("version", "=", read.revision.version)
    .where("seal", "=", read.secret.seal)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** A secret from its two columns, in this table and in that of the versions. */
export function secretFromRow({ password_enc, seal }: SecretColumns): SealedPassword {
  return password_enc === null ? { kind: "none", seal } : { kind: "password", token: password_enc, seal };
}

export function secretColumns(secret: SealedPassword): SecretColumns {
  return { password_enc: tokenOf(secret), seal: secret.seal };
}

type SecretColumns = Pick<SmtpConfigRow, "password_enc" | "seal">;

/** The Fernet token of the password; null without one. */
export function tokenOf(secret: SealedPassword): string | null {
  return secret.kind === "none" ? null : secret.token;
}

function fromRow(row: SmtpConfigRow): SmtpConfig {
  return {
    id: row.id,
    settings: {
      name: row.name,
      position: row.position,
      enabled: row.enabled === 1,
      smtpServer: row.smtp_server,
      smtpPort: row.smtp_port,
      useTls: row.use_tls === 1,
      tlsMode: row.tls_mode,
      username: row.username,
      authMethod: row.auth_method,
      allowCleartextAuth: row.allow_cleartext_auth === 1,
      fromEmail: row.from_email,
      fromName: row.from_name,
      replyTo: row.reply_to,
      ehloName: row.ehlo_name,
      caPem: row.ca_pem,
      maxConnections: row.max_connections,
      maxPerSecond: row.max_per_second,
      maxPerMinute: row.max_per_minute,
      maxPerHour: row.max_per_hour,
      maxPerDay: row.max_per_day,
      maxRecipientsPerDay: row.max_recipients_per_day,
      senders: row.senders_json === null ? [] : JSON.parse(row.senders_json),
      bcc: row.bcc,
    },
    secret: secretFromRow(row),
    revision: {
      version: row.version,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      updatedBy: row.updated_by,
    },
    health: healthFromRow(row),
  };
}

function toRow({ id, settings, secret, revision, health }: SmtpConfig): SmtpConfigRow {
  return {
    id,
    name: settings.name,
    position: settings.position,
    enabled: flag(settings.enabled),
    smtp_server: settings.smtpServer,
    smtp_port: settings.smtpPort,
    use_tls: flag(settings.useTls),
    tls_mode: settings.tlsMode,
    username: settings.username,
    auth_method: settings.authMethod,
    allow_cleartext_auth: flag(settings.allowCleartextAuth),
    from_email: settings.fromEmail,
    from_name: settings.fromName,
    reply_to: settings.replyTo,
    ehlo_name: settings.ehloName,
    ca_pem: settings.caPem,
    max_connections: settings.maxConnections,
    max_per_second: settings.maxPerSecond,
    senders_json: settings.senders.length === 0 ? null : JSON.stringify(settings.senders),
    max_per_minute: settings.maxPerMinute,
    max_per_hour: settings.maxPerHour,
    max_per_day: settings.maxPerDay,
    max_recipients_per_day: settings.maxRecipientsPerDay,
    bcc: settings.bcc,
    ...secretColumns(secret),
    version: revision.version,
    created_at: revision.createdAt,
    updated_at: revision.updatedAt,
    updated_by: revision.updatedBy,
    ...healthColumns(health),
  };
}

function flag(value: boolean): Flag {
  return value ? 1 : 0;
}
