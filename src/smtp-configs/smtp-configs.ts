import { SendwrightError } from "../core/errors.ts";
import { newId } from "../core/id.ts";
import type { Actor } from "../core/model.ts";
import { invalidInput } from "../core/parse.ts";
import type { Db } from "../store/schema.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import { type ConfigCheck, listConfigChecks } from "../store/tables/config-checks.ts";
import { deleteOauthGrant } from "../store/tables/oauth-grants.ts";
import { newHealth } from "../store/tables/smtp-config-health.ts";
import { readUsage, type Usage, usageLimits } from "../store/tables/smtp-config-usage.ts";
import { listPastNumbers } from "../store/tables/smtp-config-versions.ts";
import {
  deleteSmtpConfig,
  insertSmtpConfig,
  listSmtpConfigs,
  type SmtpConfig,
  type SmtpSettings,
} from "../store/tables/smtp-configs.ts";
import { environmentConfigId } from "./environment-config.ts";
import type { AccessTokens } from "./oauth/access-tokens.ts";
import { connectionOf } from "./oauth/connection.ts";
import { problemOf } from "./open.ts";
import { passwordAfter } from "./password-guard.ts";
import type { ConfigSource } from "./repository.ts";
import { isSandboxConfig } from "./sandbox-config.ts";
import {
  findAny,
  findToChange,
  managed,
  notFound,
  Saving,
  type SavingDependencies,
  versionConflict,
} from "./saving.ts";
import { encryptPassword } from "./sealed-password.ts";
import { type PasswordChange, type SmtpConfigCreate, type SmtpConfigUpdate, withName } from "./settings.ts";
import { type SmtpConfigSummary, summaryOf } from "./summary.ts";
import { changedSettings, isFailing, rollbackTarget } from "./versions/versions.ts";

export interface SmtpConfigsDependencies extends SavingDependencies {
  readonly source: ConfigSource;
  /** Null: no config can sign in with OAuth. */
  readonly accessTokens: AccessTokens | null;
}

/**
 * The SMTP configs: the one way to read and change them. The config that the environment sets is read like the
 * others; changing it throws `config.managed`.
 */
export class SmtpConfigs {
  readonly #dependencies: SmtpConfigsDependencies;
  readonly #saving: Saving;

  constructor(dependencies: SmtpConfigsDependencies) {
    this.#dependencies = dependencies;
    this.#saving = new Saving(dependencies);
  }

  /** In the order in which they are tried. */
  async list(): Promise<SmtpConfigSummary[]> {
    const { source, store } = this.#dependencies;
    return this.#summaries(await source.list(store.db));
  }

  /** @throws SendwrightError `config.not_found` */
  async get(id: string): Promise<SmtpConfigSummary> {
    const { source, store } = this.#dependencies;
    const config = await findAny(source, store.db, id);
    const [summary = this.#summary(config)] = await this.#summaries([config]);
    return summary;
  }

  /**
   * @param sandboxPort of the sandbox that the new config takes over from: configs that send there are turned off with
   * the same save, unless the new one is off or sends there itself. Null for none.
   */
  create(
    { password, ...form }: SmtpConfigCreate,
    actor: Actor,
    sandboxPort: number | null = null,
  ): Promise<SmtpConfigSummary> {
    const { secrets, clock } = this.#dependencies;
    return this.#saving.write(async (db) => {
      const now = clock.now();
      const id = newId(now);
      const others = await listSmtpConfigs(db);
      const position = form.position ?? (others.at(-1)?.settings.position ?? -1) + 1;
      const settings = { ...withName(form), position };
      const config: SmtpConfig = {
        id,
        settings,
        secret: encryptPassword(secrets, id, settings, password),
        revision: { version: 1, createdAt: now, updatedAt: now, updatedBy: actor.name },
        health: newHealth(),
      };
      await insertSmtpConfig(db, config);
      await this.#audit(db, actor, "created", config, { password: password === null ? "none" : "set" });
      if (settings.enabled && !isSandboxConfig(settings, sandboxPort)) {
        await this.#turnOffSandbox(db, others, sandboxPort, actor);
      }
      return this.#summary(config);
    });
  }

  /**
   * @throws SendwrightError `config.not_found`; `config.version_conflict` if it was saved since;
   * `config.password_required` if the saved password may not be kept; `oauth.consent_required` if it is
   * connected for another destination.
   */
  update(
    id: string,
    { password, version, ...form }: SmtpConfigUpdate,
    actor: Actor,
  ): Promise<SmtpConfigSummary> {
    return this.#saving.write(async (db) => {
      const current = await findToChange(db, id);
      if (version !== current.revision.version) throw versionConflict(current);
      const position = form.position ?? current.settings.position;
      const settings = { ...withName(form), position };
      const changed = changedSettings<SmtpSettings>(current.settings, settings);
      const isSame = changed.length === 0 && password.kind === "keep";
      const replacement = {
        settings,
        password: passwordAfter(password, current, settings, this.#dependencies.secrets),
        lastTest: isSame ? current.health.lastTest : null,
      };
      const config = await this.#saving.replace(db, current, replacement, actor);
      await this.#audit(db, actor, "updated", config, { changed, password: passwordWord(password, current) });
      return this.#summary(config, { usage: await this.#usageOf(db, [config]) });
    });
  }

  /** @throws SendwrightError `config.not_found` */
  async remove(id: string, actor: Actor): Promise<void> {
    const { store, onChanged } = this.#dependencies;
    await store.transaction(async (db) => {
      const config = await findToChange(db, id);
      if (!(await deleteSmtpConfig(db, id))) throw notFound(id);
      await deleteOauthGrant(db, id);
      await this.#audit(db, actor, "deleted", config);
    });
    onChanged?.();
  }

  /**
   * Puts all stored configs into this order and gives all that there are; the one of the environment is first.
   * @throws SendwrightError `input.invalid` if an id comes twice; `config.version_conflict` if these are not
   * the configs that there are.
   */
  async arrange(ids: readonly string[], actor: Actor): Promise<SmtpConfigSummary[]> {
    if (new Set(ids).size < ids.length) {
      throw invalidInput([{ pointer: "/ids", detail: "must contain each config once" }]);
    }
    const { store, onChanged, clock } = this.#dependencies;
    await store.transaction(async (db) => {
      if (ids.includes(environmentConfigId)) throw managed();
      const configs = await listSmtpConfigs(db);
      const inOrder = ids.flatMap((id) => configs.find((config) => config.id === id) ?? []);
      if (inOrder.length < ids.length || ids.length < configs.length) throw listConflict();
      const moved = inOrder.flatMap((config, position) =>
        config.settings.position === position ? [] : [{ config, position }],
      );
      if (moved.length === 0) return;
      for (const { config, position } of moved) await this.#saving.rewrite(db, config, { position }, actor);
      const detail = { order: inOrder.map(({ settings }) => settings.name) };
      const action = "smtp_config.arranged";
      await writeAudit(db, { at: clock.now(), actor, action, target: null, detail });
    });
    onChanged?.();
    return this.list();
  }

  /**
   * Switches a config on or off and nothing else: its password, which may be unreadable, is not touched.
   * @throws SendwrightError `config.not_found`
   */
  async setEnabled(id: string, enabled: boolean, actor: Actor): Promise<SmtpConfigSummary> {
    const { store, onChanged } = this.#dependencies;
    const switched = await store.transaction(async (db) => {
      const current = await findToChange(db, id);
      if (current.settings.enabled === enabled) return current;
      const config = await this.#saving.rewrite(db, current, { enabled }, actor);
      await this.#audit(db, actor, enabled ? "enabled" : "disabled", config);
      return config;
    });
    onChanged?.();
    return this.#summary(switched, { usage: await this.#usageOf(store.db, [switched]) });
  }

  /**
   * Ends the pause of a config: an admin who has removed its cause need not wait for the next try. A config that
   * is not paused stays as it is.
   * @throws SendwrightError `config.not_found`
   */
  async resume(id: string, actor: Actor): Promise<SmtpConfigSummary> {
    const { store, source, onChanged } = this.#dependencies;
    await store.transaction(async (db) => {
      const config = await findAny(source, db, id);
      if (await source.resume(db, id)) await this.#audit(db, actor, "resumed", config);
    });
    onChanged?.();
    return this.get(id);
  }

  async #turnOffSandbox(
    db: Db,
    configs: readonly SmtpConfig[],
    sandboxPort: number | null,
    actor: Actor,
  ): Promise<void> {
    for (const config of configs) {
      if (!config.settings.enabled || !isSandboxConfig(config.settings, sandboxPort)) continue;
      await this.#saving.rewrite(db, config, { enabled: false }, actor);
      await this.#audit(db, actor, "disabled", config);
    }
  }

  #summary(config: SmtpConfig, { rollbackTo = null, check = null, usage = new Map() }: Read = {}) {
    const { secrets, accessTokens } = this.#dependencies;
    const isOauth = config.settings.authMethod === "oauth";
    return summaryOf(config, {
      check,
      problem: problemOf(config, secrets, accessTokens),
      rollbackTo,
      oauth: isOauth ? connectionOf(accessTokens?.heldFor(config.id) ?? null) : null,
      usage: usage.get(config.id) ?? null,
    });
  }

  /** The versions to roll back to are read only for configs that are failing since their last change. */
  async #summaries(configs: readonly SmtpConfig[]): Promise<SmtpConfigSummary[]> {
    const { store, accessTokens } = this.#dependencies;
    // Another node may have connected one.
    if (configs.some(({ settings }) => settings.authMethod === "oauth")) await accessTokens?.reload();
    const past = configs.some(isFailing) ? await listPastNumbers(store.db) : new Map<string, number[]>();
    const checks = await listConfigChecks(store.db);
    const usage = await this.#usageOf(store.db, configs);
    return configs.map((config) => {
      const rollbackTo = isFailing(config) ? rollbackTarget(config.health, past.get(config.id) ?? []) : null;
      const check = checks.find(({ configId }) => configId === config.id) ?? null;
      return this.#summary(config, { rollbackTo, check, usage });
    });
  }

  /** What configs have used of their limits, read only if there is one. */
  async #usageOf(db: Db, configs: readonly SmtpConfig[]): Promise<ReadonlyMap<string, Usage>> {
    const isLimited = configs.some(({ settings }) => usageLimits(settings).length > 0);
    return isLimited ? readUsage(db, this.#dependencies.clock.now()) : new Map();
  }

  async #audit(db: Db, actor: Actor, deed: string, { id, settings }: SmtpConfig, more: object = {}) {
    const detail = { name: settings.name, ...more };
    const at = this.#dependencies.clock.now();
    await writeAudit(db, { at, actor, action: `smtp_config.${deed}`, target: id, detail });
  }
}

/** What was read besides a config. */
interface Read {
  readonly rollbackTo?: number | null;
  readonly check?: ConfigCheck | null;
  readonly usage?: ReadonlyMap<string, Usage>;
}

/** For the audit log. */
function passwordWord({ kind }: PasswordChange, { secret }: SmtpConfig): string {
  if (kind === "remove") return secret.kind === "none" ? "none" : "removed";
  return kind === "keep" ? "kept" : "set";
}

function listConflict(): SendwrightError {
  return new SendwrightError(
    "config.version_conflict",
    "Someone else created or deleted a config. Reload the list and repeat your change.",
  );
}
