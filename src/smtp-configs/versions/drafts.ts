import { SendwrightError } from "../../core/errors.ts";
import type { Actor } from "../../core/model.ts";
import type { Db } from "../../store/schema.ts";
import { writeAudit } from "../../store/tables/audit-log.ts";
import { findOauthGrant } from "../../store/tables/oauth-grants.ts";
import {
  deleteVersions,
  insertVersion,
  listVersions,
  recordVersionTest,
  type SmtpConfigVersion,
  type VersionedSettings,
} from "../../store/tables/smtp-config-versions.ts";
import type { LastTest, SmtpConfig } from "../../store/tables/smtp-configs.ts";
import { destinationOf, sameDestination } from "../destination.ts";
import { type OpenedConfig, openSettings, problemOf, readPassword } from "../open.ts";
import { keptPassword, refuseElsewhere } from "../password-guard.ts";
import { createSaving, findToChange, type SavingParts, versionConflict } from "../saving.ts";
import type { SmtpConfigUpdate } from "../settings.ts";
import { type SmtpConfigView, viewOf } from "../summary.ts";
import { readReturnSetting } from "./rollback-setting.ts";
import { asConfig, changedSettings, makeVersion, returnTarget } from "./versions.ts";

/** What may become the next version of a config, while the current one goes on. */
export type DraftView = Omit<
  SmtpConfigView,
  "position" | "enabled" | "returnTo" | "managedBy" | "oauth" | "lastCheck"
>;

/** A version of a config, for its history. */
export interface VersionView {
  readonly version: number;
  readonly isCurrent: boolean;
  readonly savedAt: string;
  readonly savedBy: string;
  readonly changes: readonly SettingChange[];
  /** Null where it was not tested. */
  readonly lastTest: SmtpConfigView["lastTest"];
  /** Whether its password can be read, so that it can be restored without one. */
  readonly isUsable: boolean;
}

/** What a version changed of the one before it; never a password or a certificate. */
export interface SettingChange {
  readonly setting: keyof VersionedSettings | "password";
  /** Null where there was none, and where values are not shown. */
  readonly before: string | null;
  readonly after: string | null;
}

/** A change of a config that works: made beside it, tested, put in its place, and taken back. */
export interface StagedChanges {
  /** @throws SendwrightError `config.not_found` */
  draft(id: string): Promise<DraftView | null>;
  /**
   * Keeps the form as a draft, in the place of an earlier one. A password is kept as in `update`, from the
   * config or from the earlier draft, whichever is for the same destination.
   * @throws SendwrightError as `SmtpConfigs.update`
   */
  saveDraft(id: string, input: SmtpConfigUpdate, actor: Actor): Promise<DraftView>;
  discardDraft(id: string, actor: Actor): Promise<void>;
  /** For a test. @throws SendwrightError as `openConfig`, `config.no_draft`, `oauth.consent_required` */
  openDraft(id: string): Promise<{ readonly config: OpenedConfig; readonly draft: SmtpConfigVersion }>;
  recordDraftTest(draft: SmtpConfigVersion, lastTest: LastTest): Promise<void>;
  /**
   * Puts the draft in the place of the config, tested or not.
   * @throws SendwrightError `config.no_draft`; `config.version_conflict` if the config was saved since the draft
   * was made; `seal.broken`, `secret.mismatch`
   */
  activateDraft(id: string, actor: Actor): Promise<void>;
  /** The latest first, the current one in front. @throws SendwrightError `config.not_found` */
  versions(id: string): Promise<VersionView[]>;
  /**
   * Puts an earlier version in the place of the current one, which is kept in its turn.
   * @param current the version that the caller saw
   * @throws SendwrightError `config.not_found`, `config.no_version`, `config.version_conflict`, `seal.broken`,
   * `secret.mismatch`
   */
  restore(id: string, version: number, current: number, actor: Actor): Promise<void>;
  /**
   * Sending fails by the fault of this version, before any email was taken through it. Returns to the earlier
   * one if that is the setting. @returns whether it did.
   */
  failed(config: SmtpConfig): Promise<boolean>;
}

const system: Actor = { id: "system", name: "Sendwright" };

export function createStagedChanges(parts: SavingParts): StagedChanges {
  const { store, secrets, clock } = parts;
  const { write, encrypted, replace } = createSaving(parts);

  async function findDraft(db: Db, id: string): Promise<SmtpConfigVersion | null> {
    const [draft = null] = await listVersions(db, id, "draft");
    return draft;
  }

  async function mustFindDraft(db: Db, id: string): Promise<SmtpConfigVersion> {
    const draft = await findDraft(db, id);
    if (draft !== null) return draft;
    throw new SendwrightError("config.no_draft", "There is no draft of this config: save one first.");
  }

  function viewOfDraft(draft: SmtpConfigVersion, current: SmtpConfig): DraftView {
    const config = asConfig(draft, current);
    const {
      position: _position,
      enabled: _enabled,
      returnTo: _returnTo,
      oauth: _oauth,
      managedBy: _managedBy,
      lastCheck: _lastCheck,
      ...shown
    } = viewOf(config, { problem: problemOf(config, secrets), returnTo: null, oauth: null });
    return { ...shown, id: current.id };
  }

  /** Where the mask was sent: from the earlier draft if it is for the same destination, else the config's. */
  function keptFor(next: VersionedSettings, current: SmtpConfig, draft: SmtpConfigVersion | null): string {
    const earlier = draft === null ? null : asConfig(draft, current);
    const isOfDraft =
      earlier !== null &&
      earlier.passwordEnc !== null &&
      sameDestination(destinationOf(earlier), destinationOf(next));
    return keptPassword(isOfDraft ? earlier : current, next, secrets);
  }

  /** The seal is checked before anything of the row is believed. */
  function trusted(version: SmtpConfigVersion, current: SmtpConfig): SmtpConfig {
    const config = asConfig(version, current);
    return { ...config, passwordEnc: encrypted(readPassword(config, secrets)) };
  }

  async function audit(db: Db, actor: Actor, deed: string, config: SmtpConfig, detail: object = {}) {
    const { id, name } = config;
    const action = `smtp_config.${deed}`;
    await writeAudit(db, { at: clock.now(), actor, action, target: id, detail: { name, ...detail } });
  }

  async function restore(
    id: string,
    version: number,
    seen: number,
    actor: Actor,
    deed: string,
  ): Promise<void> {
    await write(async (db) => {
      const current = await findToChange(db, id);
      if (current.version !== seen) throw versionConflict(current);
      const past = (await listVersions(db, id, "past")).find((each) => each.version === version);
      if (past === undefined) {
        throw new SendwrightError("config.no_version", `Version ${version} of this config is not kept.`);
      }
      const config = { ...trusted(past, current), position: current.position, enabled: current.enabled };
      const changed = changedSettings(current, config);
      await replace(db, current, { config, lastTest: past.lastTest }, actor);
      await audit(db, actor, deed, current, { version, changed });
    });
  }

  return {
    async draft(id) {
      const current = await findToChange(store.db, id);
      const draft = await findDraft(store.db, id);
      return draft === null ? null : viewOfDraft(draft, current);
    },

    saveDraft: (id, { password, version, position: _position, enabled: _enabled, ...given }, actor) =>
      write(async (db) => {
        const current = await findToChange(db, id);
        if (version !== current.version) throw versionConflict(current);
        const settings = { ...given, name: given.name ?? given.smtpServer };
        const earlier = await findDraft(db, id);
        const plain =
          password.kind === "keep"
            ? keptFor(settings, current, earlier)
            : password.kind === "set"
              ? password.password
              : null;
        const config = {
          ...current,
          ...settings,
          passwordEnc: encrypted(plain),
          updatedAt: clock.now(),
          updatedBy: actor.name,
          lastTest: null,
        };
        const draft = makeVersion(config, "draft", secrets);
        await deleteVersions(db, id, "draft");
        await insertVersion(db, draft);
        await audit(db, actor, "draft_saved", current, { changed: changedSettings(current, config) });
        return viewOfDraft(draft, current);
      }),

    async discardDraft(id, actor) {
      await store.transaction(async (db) => {
        const current = await findToChange(db, id);
        if ((await deleteVersions(db, id, "draft")) > 0) await audit(db, actor, "draft_discarded", current);
      });
    },

    async openDraft(id) {
      const current = await findToChange(store.db, id);
      const draft = await mustFindDraft(store.db, id);
      const settings = asConfig(draft, current);
      const password = readPassword(settings, secrets);
      if (settings.authMethod === "oauth") {
        refuseElsewhere(await findOauthGrant(store.db, id), current, settings, secrets);
      }
      return { config: openSettings(settings, password, id), draft };
    },

    recordDraftTest: (draft, lastTest) => recordVersionTest(store.db, draft, lastTest),

    async activateDraft(id, actor) {
      await write(async (db) => {
        const current = await findToChange(db, id);
        const draft = await mustFindDraft(db, id);
        if (draft.version !== current.version) throw versionConflict(current);
        const config = trusted(draft, current);
        const { lastTest } = draft;
        await replace(db, current, { config, lastTest }, actor);
        await deleteVersions(db, id, "draft");
        const changed = changedSettings(current, config);
        const tested = lastTest === null ? "no" : lastTest.ok ? "passed" : "failed";
        await audit(db, actor, "draft_activated", current, { changed, tested });
      });
    },

    async versions(id) {
      const current = await findToChange(store.db, id);
      const past = (await listVersions(store.db, id, "past")).map((each) => asConfig(each, current));
      const all = [current, ...past];
      return all.map((config, index) => viewOfVersion(config, all[index + 1], index === 0));
    },

    restore: (id, version, current, actor) => restore(id, version, current, actor, "restored"),

    async failed(config) {
      const { id, version, updatedBy } = config;
      // One return for each change: where it does not help, two versions would take turns at the relay for ever.
      if (updatedBy === system.name || !(await readReturnSetting(store.db))) return false;
      const past = (await listVersions(store.db, id, "past")).map((each) => each.version);
      const target = returnTarget(config, past);
      if (target === null) return false;
      try {
        await restore(id, target, version, system, "returned");
        return true;
      } catch (error) {
        // Somebody was quicker; or the earlier version cannot be read: the page says so.
        if (error instanceof SendwrightError) return false;
        throw error;
      }
    },
  };

  function viewOfVersion(
    config: SmtpConfig,
    before: SmtpConfig | undefined,
    isCurrent: boolean,
  ): VersionView {
    const { version, updatedAt, updatedBy } = config;
    const problem = problemOf(config, secrets);
    const { lastTest } = viewOf(config, { problem, returnTo: null, oauth: null });
    return {
      version,
      isCurrent,
      savedAt: new Date(updatedAt).toISOString(),
      savedBy: updatedBy,
      changes: before === undefined ? [] : changesBetween(before, config),
      lastTest,
      isUsable: problem === null,
    };
  }

  function changesBetween(before: SmtpConfig, after: SmtpConfig): SettingChange[] {
    const settings = changedSettings(before, after).map((setting): SettingChange => {
      if (setting === "caPem") return { setting, before: null, after: null };
      return { setting, before: word(before[setting]), after: word(after[setting]) };
    });
    return samePassword(before, after)
      ? settings
      : [...settings, { setting: "password", before: null, after: null }];
  }

  /** Tokens of one password differ: what they hold is compared, and leaves this function as yes or no. */
  function samePassword(one: SmtpConfig, other: SmtpConfig): boolean {
    try {
      return readPassword(one, secrets) === readPassword(other, secrets);
    } catch {
      return false;
    }
  }
}

function word(value: string | number | boolean | null): string | null {
  return value === null ? null : String(value);
}
