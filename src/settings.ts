import { z } from "zod";
import type { Clock } from "./core/clock.ts";
import { SendwrightError } from "./core/errors.ts";
import type { Actor } from "./core/model.ts";
import {
  changeRetention,
  type RetentionSettings,
  readRetention,
  retentionFields,
} from "./maintenance/retention-settings.ts";
import {
  changeFailureSettings,
  type FailureSettings,
  failureFields,
  readFailureSettings,
} from "./monitoring/failure-settings.ts";
import {
  changeMonitoring,
  type MonitoringSettings,
  monitoringFields,
  readMonitoring,
} from "./monitoring/monitoring-settings.ts";
import type { Secrets } from "./secret/secrets.ts";
import {
  changeRollbackSetting,
  readRollbackSetting,
  rollbackFields,
} from "./smtp-configs/versions/rollback-setting.ts";
import type { Db } from "./store/schema.ts";
import type { Store } from "./store/store.ts";
import { writeAudit } from "./store/tables/audit-log.ts";
import { readSetting, writeSetting } from "./store/tables/settings.ts";
import type { Brand } from "./templates/engine/brand.ts";
import { brandChange, changeBrand, readBrand } from "./templates/library/brand.ts";
import { changeWebhook, readStoredWebhook, webhookFields } from "./webhooks/endpoint.ts";

/**
 * The settings of the installation. Each belongs to the room that acts on it. Here they are read and changed together,
 * under one version: a change that is based on an older version is refused, because it would undo another one.
 */
export interface Settings extends RetentionSettings, MonitoringSettings, FailureSettings {
  /** Grows with every change, from 1 on. */
  readonly version: number;
  readonly returnFailedChanges: boolean;
  readonly webhookUrl: string | null;
  readonly brand: Brand;
}

/** The fields that change; the others stay as they are. `version` is that of the settings that were read. */
export const settingsChange = z
  .strictObject(
    {
      ...retentionFields,
      ...rollbackFields,
      brand: brandChange,
      ...monitoringFields,
      ...failureFields,
      ...webhookFields,
    },
    "must be an object",
  )
  .partial()
  .extend({ version: z.int("must be the version of the settings that you read").min(1) });
export type SettingsChange = z.output<typeof settingsChange>;

export interface SettingsDependencies {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** Loads the templates again, on every node: the brand, which every template shows, has changed. */
  readonly templatesChanged: () => Promise<void>;
}

const versionKey = "settings_version";
const storedVersion = z.strictObject({ version: z.int(), updatedBy: z.string() });

export async function readSettings(db: Db): Promise<Settings> {
  // The version is read first: if the settings are saved in between, it is too old for the rest, never too new.
  const { version } = await readVersion(db);
  return {
    version,
    ...(await readRetention(db)),
    returnFailedChanges: await readRollbackSetting(db),
    brand: await readBrand(db),
    ...(await readMonitoring(db)),
    ...(await readFailureSettings(db)),
    webhookUrl: (await readStoredWebhook(db))?.url ?? null,
  };
}

/**
 * Changes the fields that are given, all or none, and logs who did it.
 * @returns the settings as they are now, and the webhook's secret if one was created: it is shown only this once.
 * @throws SendwrightError `config.version_conflict` if the settings were saved since `version`; `input.invalid` for
 *   values that contradict each other; `secret.mismatch` for a new webhook secret while the key does not match
 */
export async function changeSettings(
  { store, secrets, clock, templatesChanged }: SettingsDependencies,
  change: SettingsChange,
  actor: Actor,
): Promise<{ readonly settings: Settings; readonly webhookSecret: string | null }> {
  const { changed, ...result } = await store.exclusively(async (db) => {
    const current = await readVersion(db);
    if (change.version !== current.version) throw versionConflict(current);
    const webhook = await changeWebhook(db, secrets, change);
    const changed = [
      ...(await changeRetention(db, change)),
      ...(await changeRollbackSetting(db, change.returnFailedChanges)),
      ...(await changeBrand(db, change.brand ?? {})),
      ...(await changeMonitoring(db, change)),
      ...(await changeFailureSettings(db, change)),
      ...webhook.changed,
    ];
    if (changed.length > 0) {
      await writeSetting(db, versionKey, { version: current.version + 1, updatedBy: actor.name });
      const entry = { at: clock.now(), actor, action: "settings.updated", target: null };
      await writeAudit(db, { ...entry, detail: { changed } });
    }
    return { changed, settings: await readSettings(db), webhookSecret: webhook.secret };
  });
  if (changed.some((name) => name.startsWith("brand."))) await templatesChanged();
  return result;
}

async function readVersion(db: Db): Promise<z.output<typeof storedVersion>> {
  const saved = await readSetting(db, versionKey);
  return saved === undefined ? { version: 1, updatedBy: "Sendwright" } : storedVersion.parse(saved);
}

function versionConflict({ version, updatedBy }: z.output<typeof storedVersion>): SendwrightError {
  return new SendwrightError(
    "config.version_conflict",
    `${updatedBy} saved version ${version} of the settings. Reload them and repeat your changes.`,
  );
}
