import { SendwrightError } from "../core/errors.ts";
import { newId } from "../core/id.ts";
import type { Actor } from "../core/model.ts";
import { invalidInput } from "../core/parse.ts";
import type { Db } from "../store/schema.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import { type ConfigCheck, listConfigChecks } from "../store/tables/config-checks.ts";
import { deleteOauthGrant, findOauthGrant } from "../store/tables/oauth-grants.ts";
import { listPastNumbers } from "../store/tables/smtp-config-versions.ts";
import {
  deleteSmtpConfig,
  insertSmtpConfig,
  listSmtpConfigs,
  type SmtpConfig,
  updateSmtpConfig,
} from "../store/tables/smtp-configs.ts";
import { environmentConfigId } from "./environment-config.ts";
import type { AccessTokens } from "./oauth/access-tokens.ts";
import { oauthViewOf } from "./oauth/view.ts";
import { type OpenedConfig, openConfig, openSettings, problemOf } from "./open.ts";
import { createOpener } from "./opener.ts";
import { keptPassword, refuseElsewhere } from "./password-guard.ts";
import type { ConfigSource } from "./repository.ts";
import {
  createSaving,
  findToChange,
  managed,
  notFound,
  type SavingParts,
  versionConflict,
} from "./saving.ts";
import type {
  PasswordChange,
  SmtpConfigCreate,
  SmtpConfigEdited,
  SmtpConfigUpdate,
  SmtpSettings,
} from "./settings.ts";
import { type SmtpConfigView, viewOf } from "./summary.ts";
import { changedSettings, returnTarget } from "./versions/versions.ts";

/**
 * The SMTP configs: the one way to read, change and use them. The one that the environment sets is read and
 * used like the others; changing it throws `config.managed`.
 */
export interface SmtpConfigs {
  /** In the order in which they are tried. */
  list(): Promise<SmtpConfigView[]>;
  /** @throws SendwrightError `config.not_found` */
  get(id: string): Promise<SmtpConfigView>;
  create(input: SmtpConfigCreate, actor: Actor): Promise<SmtpConfigView>;
  /**
   * @throws SendwrightError `config.not_found`; `config.version_conflict` if somebody saved since;
   * `config.password_required` if the saved password may not be kept; `oauth.consent_required` if it is
   * connected for another destination.
   */
  update(id: string, input: SmtpConfigUpdate, actor: Actor): Promise<SmtpConfigView>;
  /** @throws SendwrightError `config.not_found` */
  remove(id: string, actor: Actor): Promise<void>;
  /**
   * Puts all stored configs into this order and gives all that there are; the one of the environment is first.
   * @throws SendwrightError `input.invalid` if an id comes twice; `config.version_conflict` if these are not
   * the configs that there are.
   */
  arrange(ids: readonly string[], actor: Actor): Promise<SmtpConfigView[]>;
  /**
   * Switches a config on or off and nothing else: its password, which may be unreadable, is not touched.
   * @throws SendwrightError `config.not_found`
   */
  setEnabled(id: string, enabled: boolean, actor: Actor): Promise<SmtpConfigView>;

  /**
   * Without the access token, where it needs one: see `withToken`.
   * @throws SendwrightError `seal.broken`, `secret.mismatch`, `config.password_required`
   */
  openFor(config: SmtpConfig): OpenedConfig;
  /**
   * What signs in with OAuth, with its access token; anything else as it is.
   * @param maxAgeMs a token that was had longer ago is renewed first.
   * @throws SendwrightError `oauth.consent_required`, `oauth.refused`, `oauth.unreachable`
   */
  withToken(opened: OpenedConfig, maxAgeMs?: number): Promise<OpenedConfig>;
  /** @throws SendwrightError as `openFor`, and `config.not_found` */
  openSaved(id: string): Promise<OpenedConfig>;
  /**
   * Unsaved settings, for a test.
   * @throws SendwrightError `config.password_required` if there is a username without a password.
   */
  draft(input: SmtpConfigCreate): OpenedConfig;
  /**
   * A saved config as edited in the form, for a test. The guard is that of `update`.
   * @throws SendwrightError as `update` does, except for the version.
   */
  draftFor(id: string, input: SmtpConfigEdited): Promise<OpenedConfig>;
}

export interface SmtpConfigsParts extends SavingParts {
  readonly source: ConfigSource;
  /** Without them no config can sign in with OAuth. */
  readonly accessTokens?: AccessTokens | undefined;
}

export function createSmtpConfigs(parts: SmtpConfigsParts): SmtpConfigs {
  const { store, secrets, source, clock, accessTokens, onChanged } = parts;
  const { write, sealed, encrypted, replace } = createSaving(parts);

  const view = (config: SmtpConfig, returnTo: number | null = null, check: ConfigCheck | null = null) =>
    viewOf(config, {
      check,
      problem: problemOf(config, secrets, accessTokens),
      returnTo,
      oauth: config.authMethod === "oauth" ? oauthViewOf(accessTokens?.heldFor(config.id) ?? null) : null,
    });

  /** Only of a config that fails since its last change is it asked where it could return to. */
  async function views(configs: readonly SmtpConfig[]): Promise<SmtpConfigView[]> {
    // Another node may have connected one.
    if (configs.some(({ authMethod }) => authMethod === "oauth")) await accessTokens?.reload();
    const faulty = configs.filter(({ version, faultyVersion }) => version === faultyVersion);
    const past = faulty.length === 0 ? new Map<string, number[]>() : await listPastNumbers(store.db);
    const checks = await listConfigChecks(store.db);
    return configs.map((config) => {
      const returnTo = faulty.includes(config) ? returnTarget(config, past.get(config.id) ?? []) : null;
      return view(
        config,
        returnTo,
        checks.find(({ configId }) => configId === config.id),
      );
    });
  }

  /** The password after a change: kept under guard, set, or none. */
  function passwordAfter(change: PasswordChange, current: SmtpConfig, next: SmtpSettings): string | null {
    if (change.kind === "keep") return keptPassword(current, next, secrets);
    return change.kind === "set" ? change.password : null;
  }

  /** Writes what no seal covers and no test speaks of. */
  async function rewrite(
    db: Db,
    current: SmtpConfig,
    change: Partial<Pick<SmtpConfig, "position" | "enabled">>,
    actor: Actor,
  ): Promise<SmtpConfig> {
    const version = current.version + 1;
    // These are no settings that could fail.
    const provenVersion = current.provenVersion === current.version ? version : current.provenVersion;
    const written = { version, provenVersion, updatedAt: clock.now(), updatedBy: actor.name };
    const config = { ...current, ...change, ...written };
    if (!(await updateSmtpConfig(db, config, current.version))) throw versionConflict(current);
    return config;
  }

  /** Also the one of the environment, which is not to be changed. */
  async function findAny(id: string): Promise<SmtpConfig> {
    const config = await source.find(store.db, id);
    if (config === undefined) throw notFound(id);
    return config;
  }

  return {
    list: async () => views(await source.list(store.db)),

    async get(id) {
      const config = await findAny(id);
      const [shown = view(config)] = await views([config]);
      return shown;
    },

    create: (input, actor) =>
      write(async (db) => {
        const now = clock.now();
        const { password, ...settings } = input;
        const last = (await listSmtpConfigs(db)).at(-1);
        const config = sealed({
          ...settings,
          id: newId(now),
          name: settings.name ?? settings.smtpServer,
          position: settings.position ?? (last === undefined ? 0 : last.position + 1),
          passwordEnc: encrypted(password),
          seal: "",
          version: 1,
          createdAt: now,
          updatedAt: now,
          updatedBy: actor.name,
          lastTest: null,
          pausedUntil: null,
          pausedReason: null,
          failures: 0,
          provenVersion: null,
          faultyVersion: null,
        });
        await insertSmtpConfig(db, config);
        const detail = { name: config.name, password: password === null ? "none" : "set" };
        await writeAudit(db, { at: now, actor, action: "smtp_config.created", target: config.id, detail });
        return view(config);
      }),

    update: (id, input, actor) =>
      write(async (db) => {
        const { password, version, ...settings } = input;
        const current = await findToChange(db, id);
        if (version !== current.version) throw versionConflict(current);
        const edited = {
          ...current,
          ...settings,
          name: settings.name ?? settings.smtpServer,
          position: settings.position ?? current.position,
          passwordEnc: encrypted(passwordAfter(password, current, settings)),
        };
        const changed = changedNames(current, edited);
        const isSame = changed.length === 0 && password.kind === "keep";
        const lastTest = isSame ? current.lastTest : null;
        const config = await replace(db, current, { config: edited, lastTest }, actor);
        const detail = { name: config.name, changed, password: passwordWord(password, current) };
        const at = clock.now();
        await writeAudit(db, { at, actor, action: "smtp_config.updated", target: id, detail });
        return view(config);
      }),

    async remove(id, actor) {
      await store.transaction(async (db) => {
        const config = await findToChange(db, id);
        if (!(await deleteSmtpConfig(db, id))) throw notFound(id);
        await deleteOauthGrant(db, id);
        const detail = { name: config.name };
        await writeAudit(db, { at: clock.now(), actor, action: "smtp_config.deleted", target: id, detail });
      });
      onChanged?.();
    },

    async arrange(ids, actor) {
      if (new Set(ids).size < ids.length) {
        throw invalidInput([{ pointer: "/ids", detail: "must name each config once" }]);
      }
      await store.transaction(async (db) => {
        if (ids.includes(environmentConfigId)) throw managed();
        const configs = await listSmtpConfigs(db);
        const inOrder = ids.flatMap((id) => configs.find((config) => config.id === id) ?? []);
        if (inOrder.length < ids.length || ids.length < configs.length) throw listConflict();
        const placed: SmtpConfig[] = [];
        for (const [position, config] of inOrder.entries()) {
          const isThere = config.position === position;
          placed.push(isThere ? config : await rewrite(db, config, { position }, actor));
        }
        if (placed.some((config) => !inOrder.includes(config))) {
          const detail = { order: placed.map(({ name }) => name) };
          const action = "smtp_config.arranged";
          await writeAudit(db, { at: clock.now(), actor, action, target: null, detail });
        }
      });
      onChanged?.();
      return views(await source.list(store.db));
    },

    async setEnabled(id, enabled, actor) {
      const switched = await store.transaction(async (db) => {
        const current = await findToChange(db, id);
        if (current.enabled === enabled) return current;
        const config = await rewrite(db, current, { enabled }, actor);
        const action = enabled ? "smtp_config.enabled" : "smtp_config.disabled";
        const detail = { name: config.name };
        await writeAudit(db, { at: clock.now(), actor, action, target: id, detail });
        return config;
      });
      onChanged?.();
      return view(switched);
    },

    openFor: createOpener(secrets),

    openSaved: async (id) => openConfig(await findAny(id), secrets),

    async withToken(opened, maxAgeMs) {
      const { credentials, needsToken } = opened;
      if (credentials === null || needsToken === null) return opened;
      const { configId, destination } = needsToken;
      if (accessTokens === undefined)
        throw new TypeError("A config needs access tokens, and there are none.");
      const password = await accessTokens.tokenFor(configId, destination, maxAgeMs);
      return { ...opened, credentials: { ...credentials, password } };
    },

    draft: ({ password, ...settings }) => openSettings(named(settings), password),

    async draftFor(id, { password, ...settings }) {
      const current = await findToChange(store.db, id);
      if (settings.authMethod === "oauth") {
        refuseElsewhere(await findOauthGrant(store.db, id), current, settings, secrets);
        return openSettings(named(settings), null, id);
      }
      return openSettings(named(settings), passwordAfter(password, current, settings));
    },
  };
}

/** For the audit log. */
function passwordWord({ kind }: PasswordChange, { passwordEnc }: SmtpConfig): string {
  if (kind === "remove") return passwordEnc === null ? "none" : "removed";
  return kind === "keep" ? "kept" : "set";
}

function named(settings: SmtpSettings) {
  return { ...settings, name: settings.name ?? settings.smtpServer };
}

/** The names of what differs, also of order and on/off: values stay out of the audit log. */
function changedNames(before: SmtpConfig, after: SmtpConfig): string[] {
  const others = (["position", "enabled"] as const).filter((name) => before[name] !== after[name]);
  return [...others, ...changedSettings(before, after)];
}

function listConflict(): SendwrightError {
  return new SendwrightError(
    "config.version_conflict",
    "A config was added or deleted in the meantime. Load the list again and repeat your change.",
  );
}
