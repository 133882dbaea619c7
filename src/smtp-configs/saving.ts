import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Actor } from "../core/model.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { Db } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import { insertEncryptionKey } from "../store/tables/encryption-keys.ts";
import { type LastTest, newHealth } from "../store/tables/smtp-config-health.ts";
import {
  findSmtpConfig,
  type SmtpConfig,
  type SmtpSettings,
  updateSmtpConfig,
} from "../store/tables/smtp-configs.ts";
import { environmentConfigId } from "./environment-config.ts";
import { dropForeignTokens } from "./password-guard.ts";
import type { ConfigSource } from "./repository.ts";
import { encryptPassword } from "./sealed-password.ts";
import { keepVersion } from "./versions/versions.ts";

export interface SavingDependencies {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** Called after a config was written or removed: emails that wait for one may go on. */
  readonly onChanged?: () => void;
}

/** What takes the place of a config. */
export interface Replacement {
  readonly settings: SmtpSettings;
  /** In the clear; null without one. */
  readonly password: string | null;
  /** The test of these very settings, if there was one. */
  readonly lastTest: LastTest | null;
}

/** The one way to write configs, for whatever reason they are written. */
export class Saving {
  readonly #dependencies: SavingDependencies;

  constructor(dependencies: SavingDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * One transaction for a row and what belongs to it. The primary key's row comes first: nothing may be
   * stored that a restart could not read.
   */
  async write<T>(work: (db: Db) => Promise<T>): Promise<T> {
    const { store, secrets, onChanged } = this.#dependencies;
    const { newKey } = secrets;
    const result = await store.transaction(async (db) => {
      if (newKey !== null) await insertEncryptionKey(db, newKey);
      return work(db);
    });
    if (newKey !== null) secrets.newKeyStored();
    onChanged?.();
    return result;
  }

  /**
   * Puts other settings in the place of the current ones, which are kept as an earlier version. The breaker
   * closes: a change is what an open one waits for.
   * @throws SendwrightError `config.version_conflict`; `oauth.consent_required` if it is connected for another
   * destination
   */
  async replace(db: Db, current: SmtpConfig, next: Replacement, actor: Actor): Promise<SmtpConfig> {
    const { secrets } = this.#dependencies;
    const { settings, password, lastTest } = next;
    const { knownGoodVersion } = current.health;
    await dropForeignTokens(db, current, settings, secrets);
    await keepVersion(db, current, secrets);
    const config: SmtpConfig = {
      id: current.id,
      settings,
      secret: encryptPassword(secrets, current.id, settings, password),
      revision: this.#nextRevision(current, actor),
      health: newHealth({ lastTest, knownGoodVersion }),
    };
    await update(db, config, current);
    return config;
  }

  /**
   * Writes the order or on/off. No seal covers them and no test is about them, so the health of the config stays.
   * @throws SendwrightError `config.version_conflict`
   */
  async rewrite(
    db: Db,
    current: SmtpConfig,
    change: Partial<Pick<SmtpSettings, "position" | "enabled">>,
    actor: Actor,
  ): Promise<SmtpConfig> {
    const revision = this.#nextRevision(current, actor);
    const { knownGoodVersion } = current.health;
    const isKnownGood = knownGoodVersion === current.revision.version;
    const config: SmtpConfig = {
      ...current,
      settings: { ...current.settings, ...change },
      revision,
      health: { ...current.health, knownGoodVersion: isKnownGood ? revision.version : knownGoodVersion },
    };
    await update(db, config, current);
    return config;
  }

  #nextRevision({ revision: { version, createdAt } }: SmtpConfig, actor: Actor): SmtpConfig["revision"] {
    const updatedAt = this.#dependencies.clock.now();
    return { version: version + 1, createdAt, updatedAt, updatedBy: actor.name };
  }
}

async function update(db: Db, config: SmtpConfig, current: SmtpConfig): Promise<void> {
  if (!(await updateSmtpConfig(db, config, current.revision.version))) throw versionConflict(current);
}

/**
 * A stored config, to be changed.
 * @throws SendwrightError `config.not_found`, `config.managed`
 */
export async function findToChange(db: Db, id: string): Promise<SmtpConfig> {
  if (id === environmentConfigId) throw managed();
  const config = await findSmtpConfig(db, id);
  if (config === undefined) throw notFound(id);
  return config;
}

/**
 * A config to be read, be it stored or the environment's.
 * @throws SendwrightError `config.not_found`
 */
export async function findAny(source: ConfigSource, db: Db, id: string): Promise<SmtpConfig> {
  const config = await source.find(db, id);
  if (config === undefined) throw notFound(id);
  return config;
}

export function notFound(id: string): SendwrightError {
  return new SendwrightError("config.not_found", `SMTP config ${JSON.stringify(id)} not found.`);
}

export function managed(): SendwrightError {
  return new SendwrightError(
    "config.managed",
    "This config is set by the environment (SENDWRIGHT_SMTP_…). Change it there and restart Sendwright.",
  );
}

export function versionConflict({ settings, revision }: SmtpConfig): SendwrightError {
  return new SendwrightError(
    "config.version_conflict",
    `${revision.updatedBy} saved version ${revision.version} of ${JSON.stringify(settings.name)}. Reload it and repeat your changes.`,
  );
}
