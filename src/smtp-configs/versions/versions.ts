import type { Secrets } from "../../secret/secrets.ts";
import type { Db } from "../../store/schema.ts";
import {
  deleteVersions,
  insertVersion,
  listVersions,
  type SmtpConfigVersion,
  type VersionedSettings,
  type VersionKind,
} from "../../store/tables/smtp-config-versions.ts";
import type { SmtpConfig } from "../../store/tables/smtp-configs.ts";
import { sealedPartsOf } from "../open.ts";

/** Earlier versions that are kept of each config; older ones go, with their passwords. */
const maxPastVersions = 20;

const settingNames = [
  "name",
  "smtpServer",
  "smtpPort",
  "useTls",
  "tlsMode",
  "username",
  "authMethod",
  "allowCleartextAuth",
  "fromEmail",
  "fromName",
  "replyTo",
  "ehloName",
  "caPem",
  "maxConnections",
  "maxPerSecond",
] as const satisfies readonly (keyof VersionedSettings)[];

function settingsOf(config: VersionedSettings): VersionedSettings {
  return Object.fromEntries(settingNames.map((name) => [name, config[name]])) as unknown as VersionedSettings;
}

/** The names of the settings that differ. */
export function changedSettings(
  before: VersionedSettings,
  after: VersionedSettings,
): (keyof VersionedSettings)[] {
  return settingNames.filter((name) => before[name] !== after[name]);
}

/**
 * A version as if it were the config: so it is opened, guarded and shown by the same code. Its id is its
 * own, so that its seal cannot be that of the config or of another version.
 */
export function asConfig(version: SmtpConfigVersion, current: SmtpConfig): SmtpConfig {
  const { settings, passwordEnc, seal, savedAt, savedBy, lastTest } = version;
  const test = { lastTest, pausedUntil: null, pausedReason: null, failures: 0 };
  return {
    ...current,
    ...settings,
    ...test,
    id: sealIdOf(version),
    version: version.version,
    passwordEnc,
    seal,
    updatedAt: savedAt,
    updatedBy: savedBy,
  };
}

function sealIdOf({
  configId,
  kind,
  version,
}: Pick<SmtpConfigVersion, "configId" | "kind" | "version">): string {
  return `${configId}/${kind}/${version}`;
}

/** Seals settings and token as a version of this config. */
export function makeVersion(config: SmtpConfig, kind: VersionKind, secrets: Secrets): SmtpConfigVersion {
  const { id: configId, version, passwordEnc, updatedAt, updatedBy, lastTest } = config;
  const id = sealIdOf({ configId, kind, version });
  return {
    configId,
    kind,
    version,
    settings: settingsOf(config),
    passwordEnc,
    seal: secrets.seal(sealedPartsOf({ ...config, id })),
    savedAt: updatedAt,
    savedBy: updatedBy,
    lastTest,
  };
}

/**
 * Where a config returns to: the version through which an email was taken last, since the one before a failing
 * one may have failed too; else the latest of the earlier ones.
 */
export function returnTarget(
  { provenVersion }: Pick<SmtpConfig, "provenVersion">,
  past: readonly number[],
): number | null {
  return past.find((version) => version === provenVersion) ?? past[0] ?? null;
}

/**
 * Keeps what is about to be replaced. A row that other hands have changed is not kept: sealing it anew would
 * vouch for it.
 */
export async function keepVersion(db: Db, config: SmtpConfig, secrets: Secrets): Promise<void> {
  if (secrets.checkSeal(sealedPartsOf(config), config.seal) !== "intact") return;
  await insertVersion(db, makeVersion(config, "past", secrets));
  const oldest = (await listVersions(db, config.id, "past"))[maxPastVersions - 1];
  if (oldest !== undefined) await deleteVersions(db, config.id, "past", oldest.version);
}
