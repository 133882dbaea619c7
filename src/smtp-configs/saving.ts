import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Actor } from "../core/model.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { Db } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import { insertEncryptionKey } from "../store/tables/encryption-keys.ts";
import {
  findSmtpConfig,
  type LastTest,
  type SmtpConfig,
  updateSmtpConfig,
} from "../store/tables/smtp-configs.ts";
import { environmentConfigId } from "./environment-config.ts";
import { sealedPartsOf } from "./open.ts";
import { guardTokens } from "./password-guard.ts";
import { keepVersion } from "./versions/versions.ts";

export interface SavingParts {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** Called after a config was written or removed: what waits for one may go on. */
  readonly onChanged?: () => void;
}

/** How configs are written, whoever does it. */
export interface Saving {
  /**
   * One transaction for a row and what belongs to it. The primary key's row comes first: nothing may be
   * stored that a restart could not read.
   */
  write<T>(work: (db: Db) => Promise<T>): Promise<T>;
  sealed(config: SmtpConfig): SmtpConfig;
  encrypted(password: string | null): string | null;
  /**
   * Puts other settings in the place of the current ones, which are kept as an earlier version.
   * @throws SendwrightError `config.version_conflict`; `oauth.consent_required` if it is connected for another
   * destination
   */
  replace(db: Db, current: SmtpConfig, next: Replacement, actor: Actor): Promise<SmtpConfig>;
}

/** The config as it is to be; version, seal and times are made here. */
export interface Replacement {
  readonly config: SmtpConfig;
  /** What is known of these settings: a test speaks of the settings that it tried. */
  readonly lastTest: LastTest | null;
}

export function createSaving({ store, secrets, clock, onChanged }: SavingParts): Saving {
  const sealed = (config: SmtpConfig) => ({ ...config, seal: secrets.seal(sealedPartsOf(config)) });
  return {
    sealed,
    encrypted: (password) => (password === null ? null : secrets.encrypt(password)),

    async write(work) {
      const { newKey } = secrets;
      const result = await store.transaction(async (db) => {
        if (newKey !== null) await insertEncryptionKey(db, newKey);
        return work(db);
      });
      if (newKey !== null) secrets.newKeyStored();
      onChanged?.();
      return result;
    },

    async replace(db, current, { config, lastTest }, actor) {
      await guardTokens(db, current, config, secrets);
      await keepVersion(db, current, secrets);
      const next = sealed({
        ...config,
        id: current.id,
        version: current.version + 1,
        createdAt: current.createdAt,
        updatedAt: clock.now(),
        updatedBy: actor.name,
        lastTest,
        // A change is the mending that a pause waits for.
        pausedUntil: null,
        pausedReason: null,
        failures: 0,
        provenVersion: current.provenVersion,
        faultyVersion: null,
      });
      if (!(await updateSmtpConfig(db, next, current.version))) throw versionConflict(current);
      return next;
    },
  };
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

export function notFound(id: string): SendwrightError {
  return new SendwrightError("config.not_found", `There is no SMTP config ${JSON.stringify(id)}.`);
}

export function managed(): SendwrightError {
  return new SendwrightError(
    "config.managed",
    "This config is set outside of Sendwright, by the environment (SENDWRIGHT_SMTP_…): change it there and restart.",
  );
}

export function versionConflict({ name, version, updatedBy }: SmtpConfig): SendwrightError {
  return new SendwrightError(
    "config.version_conflict",
    `${JSON.stringify(name)} was saved by ${updatedBy} in the meantime (version ${version}). Load it again and repeat your changes.`,
  );
}
