import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import { type Actor, systemActor } from "../../core/model.ts";
import { writeAudit } from "../../store/tables/audit-log.ts";
import type { LastTest } from "../../store/tables/smtp-config-health.ts";
import { listVersions, type VersionedSettings } from "../../store/tables/smtp-config-versions.ts";
import type { SmtpConfig } from "../../store/tables/smtp-configs.ts";
import { problemOf } from "../open.ts";
import { findToChange, Saving, type SavingDependencies, versionConflict } from "../saving.ts";
import { readPassword } from "../sealed-password.ts";
import { readRollbackSetting } from "./rollback-setting.ts";
import { asConfig, changedSettings, rollbackTarget, versionedSettings } from "./versions.ts";

/** A version of a config, the current one included. */
export interface VersionSummary {
  readonly version: number;
  readonly isCurrent: boolean;
  readonly savedAt: number;
  readonly savedBy: string;
  readonly changes: readonly SettingChange[];
  /** Null if it was not tested. */
  readonly lastTest: LastTest | null;
  /** Whether its password can be read, so that it can be restored without one. */
  readonly isUsable: boolean;
}

/** What a version changed of the one before it; never a password or a certificate. */
export interface SettingChange {
  readonly setting: keyof VersionedSettings | "password";
  /** Null if there was none, and for values that are not shown. */
  readonly before: VersionedSettings[keyof VersionedSettings];
  readonly after: VersionedSettings[keyof VersionedSettings];
}

/** The earlier versions of configs, and the ways back to them: an admin's, and the rollback of a failing change. */
export class VersionHistory {
  readonly #dependencies: SavingDependencies;
  readonly #saving: Saving;

  constructor(dependencies: SavingDependencies) {
    this.#dependencies = dependencies;
    this.#saving = new Saving(dependencies);
  }

  /** The latest first, the current one in front. @throws SendwrightError `config.not_found` */
  async list(id: string): Promise<VersionSummary[]> {
    const { db } = this.#dependencies.store;
    const current = await findToChange(db, id);
    const past = (await listVersions(db, id, "past")).map((each) => asConfig(each, current));
    const all = [current, ...past];
    return all.map((config, index) => ({
      ...this.#summary(config, all[index + 1]),
      isCurrent: index === 0,
    }));
  }

  /**
   * Puts an earlier version in the place of the current one, which is kept in its turn.
   * @param seen the current version, as the caller saw it
   * @throws SendwrightError `config.not_found`, `config.no_version`, `config.version_conflict`, `seal.broken`,
   * `secret.mismatch`
   */
  restore(id: string, version: number, seen: number, actor: Actor): Promise<void> {
    return this.#restore(id, version, seen, actor, "restored");
  }

  /**
   * Restores the earlier version of a config that is failing by its own fault since it was changed, if that is
   * the setting.
   * @returns whether it did
   */
  async rollBack({ id, revision, health }: SmtpConfig): Promise<boolean> {
    const { db } = this.#dependencies.store;
    // One rollback for each change: two failing versions would otherwise take turns at the relay for ever.
    if (revision.updatedBy === systemActor.name || !(await readRollbackSetting(db))) return false;
    const past = (await listVersions(db, id, "past")).map((each) => each.version);
    const target = rollbackTarget(health, past);
    if (target === null) return false;
    try {
      await this.#restore(id, target, revision.version, systemActor, "returned");
      return true;
    } catch (error) {
      // It was saved meanwhile, or the earlier version cannot be read: the page says so.
      if (isSendwrightError(error)) return false;
      throw error;
    }
  }

  async #restore(id: string, version: number, seen: number, actor: Actor, deed: string): Promise<void> {
    const { secrets, clock } = this.#dependencies;
    await this.#saving.write(async (db) => {
      const current = await findToChange(db, id);
      if (current.revision.version !== seen) throw versionConflict(current);
      const past = (await listVersions(db, id, "past")).find((each) => each.version === version);
      if (past === undefined) {
        throw new SendwrightError("config.no_version", `Version ${version} of this config not found.`);
      }
      const config = asConfig(past, current);
      const { settings } = config;
      const password = readPassword(config, secrets);
      await this.#saving.replace(db, current, { settings, password, lastTest: past.lastTest }, actor);
      const detail = {
        name: current.settings.name,
        version,
        changed: changedSettings(current.settings, settings),
      };
      const action = `smtp_config.${deed}`;
      await writeAudit(db, { at: clock.now(), actor, action, target: id, detail });
    });
  }

  #summary(config: SmtpConfig, before: SmtpConfig | undefined): Omit<VersionSummary, "isCurrent"> {
    const { version, updatedAt, updatedBy } = config.revision;
    return {
      version,
      savedAt: updatedAt,
      savedBy: updatedBy,
      changes: before === undefined ? [] : this.#changesBetween(before, config),
      lastTest: config.health.lastTest,
      isUsable: problemOf(config, this.#dependencies.secrets) === null,
    };
  }

  #changesBetween(before: SmtpConfig, after: SmtpConfig): SettingChange[] {
    const [old, settings] = [versionedSettings(before.settings), versionedSettings(after.settings)];
    const changes = changedSettings(old, settings).map((setting): SettingChange => {
      if (setting === "caPem") return { setting, before: null, after: null };
      return { setting, before: old[setting], after: settings[setting] };
    });
    return this.#isSamePassword(before, after)
      ? changes
      : [...changes, { setting: "password", before: null, after: null }];
  }

  /** Tokens of one password differ: the passwords are compared, and only the answer leaves this function. */
  #isSamePassword(one: SmtpConfig, other: SmtpConfig): boolean {
    const { secrets } = this.#dependencies;
    try {
      return readPassword(one, secrets) === readPassword(other, secrets);
    } catch {
      return false;
    }
  }
}
