import { SendwrightError } from "../../core/errors.ts";
import type { Actor } from "../../core/model.ts";
import type { Db } from "../../store/schema.ts";
import { writeAudit } from "../../store/tables/audit-log.ts";
import { findOauthGrant } from "../../store/tables/oauth-grants.ts";
import type { LastTest } from "../../store/tables/smtp-config-health.ts";
import {
  deleteVersions,
  insertVersion,
  listVersions,
  recordVersionTest,
  type SmtpConfigVersion,
  type VersionedSettings,
} from "../../store/tables/smtp-config-versions.ts";
import type { SmtpConfig } from "../../store/tables/smtp-configs.ts";
import { destinationOf, sameDestination } from "../destination.ts";
import { problemOf, type ResolvedConfig, resolveSettings } from "../open.ts";
import { assertSameDestination, passwordAfter } from "../password-guard.ts";
import { findToChange, Saving, type SavingDependencies, versionConflict } from "../saving.ts";
import { readPassword } from "../sealed-password.ts";
import { type PasswordChange, type SmtpConfigUpdate, withName } from "../settings.ts";
import { type SmtpConfigSummary, summaryOf } from "../summary.ts";
import { asConfig, changedSettings, makeVersion, versionedSettings } from "./versions.ts";

/** What may become the next version of a config, while the current one is used. Its id is that of the config. */
export type DraftSummary = Pick<
  SmtpConfigSummary,
  "id" | "settings" | "revision" | "health" | "hasPassword" | "problem"
>;

/** Changes of configs that are made beside them, tested, and put in their place. */
export class Drafts {
  readonly #dependencies: SavingDependencies;
  readonly #saving: Saving;

  constructor(dependencies: SavingDependencies) {
    this.#dependencies = dependencies;
    this.#saving = new Saving(dependencies);
  }

  /** The draft of a config; null without one. @throws SendwrightError `config.not_found` */
  async get(id: string): Promise<DraftSummary | null> {
    const { db } = this.#dependencies.store;
    const current = await findToChange(db, id);
    const draft = await findDraft(db, id);
    return draft === null ? null : this.#summary(draft, current);
  }

  /**
   * Keeps the form as a draft, in the place of an earlier one. A password is kept as in `SmtpConfigs.update`, from
   * the config or from the earlier draft, whichever is for the same destination.
   * @throws SendwrightError as `SmtpConfigs.update`
   */
  save(id: string, { password, version, ...form }: SmtpConfigUpdate, actor: Actor): Promise<DraftSummary> {
    const { secrets, clock } = this.#dependencies;
    return this.#saving.write(async (db) => {
      const current = await findToChange(db, id);
      if (version !== current.revision.version) throw versionConflict(current);
      const settings = versionedSettings({ ...withName(form), position: current.settings.position });
      const plain = this.#passwordAfter(password, settings, current, await findDraft(db, id));
      const draft = makeVersion(secrets, {
        configId: id,
        kind: "draft",
        version,
        settings,
        token: plain === null ? null : secrets.encrypt(plain),
        savedAt: clock.now(),
        savedBy: actor.name,
        lastTest: null,
      });
      await deleteVersions(db, id, "draft");
      await insertVersion(db, draft);
      const changed = changedSettings<VersionedSettings>(current.settings, settings);
      await this.#audit(db, actor, "draft_saved", current, { changed });
      return this.#summary(draft, current);
    });
  }

  /** Deletes the draft, if there is one. @throws SendwrightError `config.not_found` */
  async discard(id: string, actor: Actor): Promise<void> {
    await this.#dependencies.store.transaction(async (db) => {
      const current = await findToChange(db, id);
      if ((await deleteVersions(db, id, "draft")) > 0) {
        await this.#audit(db, actor, "draft_discarded", current);
      }
    });
  }

  /**
   * The draft as it would connect, for a test.
   * @throws SendwrightError as `resolveConfig`; `config.no_draft`, `oauth.consent_required`
   */
  async resolve(id: string): Promise<{ readonly config: ResolvedConfig; readonly draft: SmtpConfigVersion }> {
    const { store, secrets } = this.#dependencies;
    const current = await findToChange(store.db, id);
    const draft = await mustFindDraft(store.db, id);
    const config = asConfig(draft, current);
    const password = readPassword(config, secrets);
    if (config.settings.authMethod === "oauth") {
      assertSameDestination(await findOauthGrant(store.db, id), current, config.settings, secrets);
    }
    return { config: resolveSettings(config.settings, password, id), draft };
  }

  recordTest(draft: SmtpConfigVersion, lastTest: LastTest): Promise<void> {
    return recordVersionTest(this.#dependencies.store.db, draft, lastTest);
  }

  /**
   * Puts the draft in the place of the config, tested or not.
   * @throws SendwrightError `config.no_draft`; `config.version_conflict` if the config was saved since the draft
   * was made; `seal.broken`, `secret.mismatch`
   */
  async activate(id: string, actor: Actor): Promise<void> {
    await this.#saving.write(async (db) => {
      const current = await findToChange(db, id);
      const draft = await mustFindDraft(db, id);
      if (draft.version !== current.revision.version) throw versionConflict(current);
      const config = asConfig(draft, current);
      const { settings } = config;
      const { lastTest } = draft;
      const password = readPassword(config, this.#dependencies.secrets);
      await this.#saving.replace(db, current, { settings, password, lastTest }, actor);
      await deleteVersions(db, id, "draft");
      const tested = lastTest === null ? "no" : lastTest.ok ? "passed" : "failed";
      const changed = changedSettings(current.settings, settings);
      await this.#audit(db, actor, "draft_activated", current, { changed, tested });
    });
  }

  /** The mask stands for the password of the earlier draft if that is for the same destination, else the config's. */
  #passwordAfter(
    change: PasswordChange,
    next: VersionedSettings,
    current: SmtpConfig,
    draft: SmtpConfigVersion | null,
  ): string | null {
    const earlier = draft === null ? null : asConfig(draft, current);
    const isOfDraft =
      earlier?.secret.kind === "password" &&
      sameDestination(destinationOf(earlier.settings), destinationOf(next));
    return passwordAfter(change, isOfDraft ? earlier : current, next, this.#dependencies.secrets);
  }

  #summary(draft: SmtpConfigVersion, current: SmtpConfig): DraftSummary {
    const config = asConfig(draft, current);
    const problem = problemOf(config, this.#dependencies.secrets);
    const summary = summaryOf(config, { problem, rollbackTo: null, oauth: null, check: null, usage: null });
    return { ...summary, id: current.id };
  }

  async #audit(db: Db, actor: Actor, deed: string, { id, settings }: SmtpConfig, more: object = {}) {
    const detail = { name: settings.name, ...more };
    const at = this.#dependencies.clock.now();
    await writeAudit(db, { at, actor, action: `smtp_config.${deed}`, target: id, detail });
  }
}

async function findDraft(db: Db, id: string): Promise<SmtpConfigVersion | null> {
  const [draft = null] = await listVersions(db, id, "draft");
  return draft;
}

/** @throws SendwrightError `config.no_draft` */
async function mustFindDraft(db: Db, id: string): Promise<SmtpConfigVersion> {
  const draft = await findDraft(db, id);
  if (draft !== null) return draft;
  throw new SendwrightError("config.no_draft", "This config has no draft. Save one first.");
}
