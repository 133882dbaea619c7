/**
 * Versions of a config's settings: how they are kept, compared and read as configs. Which version is used is
 * decided in `drafts.ts` and `history.ts`.
 */
import { isDeepStrictEqual } from "node:util";
import type { Secrets } from "../../secret/secrets.ts";
import type { Db } from "../../store/schema.ts";
import { type Health, newHealth } from "../../store/tables/smtp-config-health.ts";
import {
  deleteVersions,
  insertVersion,
  listVersions,
  type SmtpConfigVersion,
  type VersionedSettings,
  type VersionKind,
} from "../../store/tables/smtp-config-versions.ts";
import { type SmtpConfig, type SmtpSettings, tokenOf } from "../../store/tables/smtp-configs.ts";
import { sealOf, sealToken } from "../sealed-password.ts";

/** Earlier versions that are kept of each config; older ones go, with their passwords. */
const maxPastVersions = 20;

/** The settings without order and on/off. */
export function versionedSettings(settings: SmtpSettings): VersionedSettings {
  const { position: _position, enabled: _enabled, ...versioned } = settings;
  return versioned;
}

/** The names of the settings that differ; the values stay out of the audit log. */
export function changedSettings<Settings extends VersionedSettings>(
  before: Settings,
  after: Settings,
): (keyof Settings)[] {
  return (Object.keys(after) as (keyof Settings)[]).filter(
    (name) => !isDeepStrictEqual(before[name], after[name]),
  );
}

/**
 * A version as if it were the config, to be resolved, guarded and shown by the same code. Its id is its
 * own: its seal cannot be that of the config or of another version.
 */
export function asConfig(version: SmtpConfigVersion, current: SmtpConfig): SmtpConfig {
  const { settings, secret, savedAt, savedBy, lastTest } = version;
  const { position, enabled } = current.settings;
  const { createdAt } = current.revision;
  return {
    id: sealIdOf(version),
    settings: { position, enabled, ...settings },
    secret,
    revision: { version: version.version, createdAt, updatedAt: savedAt, updatedBy: savedBy },
    health: newHealth({ lastTest }),
  };
}

type VersionId = Pick<SmtpConfigVersion, "configId" | "kind" | "version">;

function sealIdOf({ configId, kind, version }: VersionId): string {
  return `${configId}/${kind}/${version}`;
}

/** Seals settings and an encrypted password as a version of a config. */
export function makeVersion(
  secrets: Secrets,
  made: Omit<SmtpConfigVersion, "secret"> & { readonly token: string | null },
): SmtpConfigVersion {
  const { token, ...version } = made;
  return { ...version, secret: sealToken(secrets, sealIdOf(version), version.settings, token) };
}

/** A config as a version of itself. */
function versionOf(config: SmtpConfig, kind: VersionKind, secrets: Secrets): SmtpConfigVersion {
  const { id, settings, secret, revision, health } = config;
  return makeVersion(secrets, {
    configId: id,
    kind,
    version: revision.version,
    settings: versionedSettings(settings),
    token: tokenOf(secret),
    savedAt: revision.updatedAt,
    savedBy: revision.updatedBy,
    lastTest: health.lastTest,
  });
}

/** Whether the current version failed, by its own fault, before any email was accepted through it. */
export function isFailing({ revision, health }: SmtpConfig): boolean {
  return health.failingVersion === revision.version;
}

/**
 * The version that a rollback restores: the one through which an email was accepted last, since the version
 * before the failing one may have failed too; else the latest of the earlier ones.
 * @param past the numbers of the earlier versions, the latest first
 */
export function rollbackTarget(
  { knownGoodVersion }: Pick<Health, "knownGoodVersion">,
  past: readonly number[],
): number | null {
  return past.find((version) => version === knownGoodVersion) ?? past[0] ?? null;
}

/**
 * Keeps what is about to be replaced. A row that was edited in the database is not kept: sealing it again would
 * vouch for the edit.
 */
export async function keepVersion(db: Db, config: SmtpConfig, secrets: Secrets): Promise<void> {
  if (sealOf(config, secrets) !== "intact") return;
  await insertVersion(db, versionOf(config, "past", secrets));
  const oldest = (await listVersions(db, config.id, "past"))[maxPastVersions - 1];
  if (oldest !== undefined) await deleteVersions(db, config.id, "past", oldest.version);
}
