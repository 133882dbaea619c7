import type { Clock } from "../clock.ts";
import { PosthornError } from "../errors.ts";
import { newId } from "../id.ts";
import type { Actor } from "../model.ts";
import { invalidInput } from "../parse.ts";
import type { Secrets } from "../secret/secrets.ts";
import { writeAudit } from "../store/audit-log.ts";
import { insertEncryptionKey } from "../store/encryption-keys.ts";
import { deleteOauthGrant, findOauthGrant } from "../store/oauth-grants.ts";
import type { Db } from "../store/schema.ts";
import {
  deleteSmtpConfig,
  findSmtpConfig,
  insertSmtpConfig,
  listSmtpConfigs,
  type SmtpConfig,
  updateSmtpConfig,
} from "../store/smtp-configs.ts";
import type { Store } from "../store/store.ts";
import { keptPassword, refuseElsewhere } from "./guard.ts";
import type { AccessTokens } from "./oauth/access-tokens.ts";
import { oauthViewOf } from "./oauth/view.ts";
import { type OpenedConfig, openConfig, openSettings, problemOf, sealedPartsOf } from "./open.ts";
import { createOpener } from "./opener.ts";
import type {
  PasswordChange,
  SmtpConfigCreate,
  SmtpConfigEdited,
  SmtpConfigUpdate,
  SmtpSettings,
} from "./smtp-config.ts";
import { type SmtpConfigView, viewOf } from "./view.ts";

/** The saved SMTP configs: the one way to read, change and use them. */
export interface SmtpConfigs {
  /** In the order in which they are tried. */
  list(): Promise<SmtpConfigView[]>;
  /** @throws PosthornError `config.not_found` */
  get(id: string): Promise<SmtpConfigView>;
  create(input: SmtpConfigCreate, actor: Actor): Promise<SmtpConfigView>;
  /**
   * @throws PosthornError `config.not_found`; `config.version_conflict` if somebody saved since;
   * `config.password_required` if the saved password may not be kept; `oauth.consent_required` if it is
   * connected for another destination.
   */
  update(id: string, input: SmtpConfigUpdate, actor: Actor): Promise<SmtpConfigView>;
  /** @throws PosthornError `config.not_found` */
  remove(id: string, actor: Actor): Promise<void>;
  /**
   * Puts all configs into this order and gives them so.
   * @throws PosthornError `input.invalid` if an id comes twice; `config.version_conflict` if these are not
   * the configs that there are.
   */
  arrange(ids: readonly string[], actor: Actor): Promise<SmtpConfigView[]>;
  /**
   * Switches a config on or off and nothing else: its password, which may be unreadable, is not touched.
   * @throws PosthornError `config.not_found`
   */
  setEnabled(id: string, enabled: boolean, actor: Actor): Promise<SmtpConfigView>;

  /**
   * Without the access token, where it needs one: see `withToken`.
   * @throws PosthornError `seal.broken`, `secret.mismatch`, `config.password_required`
   */
  openFor(config: SmtpConfig): OpenedConfig;
  /**
   * What signs in with OAuth, with its access token; anything else as it is.
   * @param maxAgeMs a token that was had longer ago is renewed first.
   * @throws PosthornError `oauth.consent_required`, `oauth.refused`, `oauth.unreachable`
   */
  withToken(opened: OpenedConfig, maxAgeMs?: number): Promise<OpenedConfig>;
  /** @throws PosthornError as `openFor`, and `config.not_found` */
  openSaved(id: string): Promise<OpenedConfig>;
  /**
   * Unsaved settings, for a test.
   * @throws PosthornError `config.password_required` if there is a username without a password.
   */
  draft(input: SmtpConfigCreate): OpenedConfig;
  /**
   * A saved config as edited in the form, for a test. The guard is that of `update`.
   * @throws PosthornError as `update` does, except for the version.
   */
  draftFor(id: string, input: SmtpConfigEdited): Promise<OpenedConfig>;
}

export interface SmtpConfigsParts {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** Without them no config can sign in with OAuth. */
  readonly accessTokens?: AccessTokens;
  /** Called after a config was written or removed: what waits for one may go on. */
  readonly onChanged?: () => void;
}

export function createSmtpConfigs(parts: SmtpConfigsParts): SmtpConfigs {
  const { store, secrets, clock, accessTokens, onChanged } = parts;
  const oauth = (config: SmtpConfig) =>
    config.authMethod === "oauth" ? oauthViewOf(accessTokens?.heldFor(config.id) ?? null) : null;
  const view = (config: SmtpConfig) =>
    viewOf(config, problemOf(config, secrets, accessTokens), oauth(config));
  const sealed = (config: SmtpConfig) => ({ ...config, seal: secrets.seal(sealedPartsOf(config)) });

  /**
   * One transaction for a row and what belongs to it. The primary key's row comes first: nothing may be
   * stored that a restart could not read.
   */
  async function write<T>(work: (db: Db) => Promise<T>): Promise<T> {
    const { newKey } = secrets;
    const result = await store.transaction(async (db) => {
      if (newKey !== null) await insertEncryptionKey(db, newKey);
      return work(db);
    });
    if (newKey !== null) secrets.newKeyStored();
    onChanged?.();
    return result;
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
    const config = { ...current, ...change, version, updatedAt: clock.now(), updatedBy: actor.name };
    if (!(await updateSmtpConfig(db, config, current.version))) throw versionConflict(current);
    return config;
  }

  /** Tokens are for the destination that they were had for; another way to sign in needs none. */
  async function guardTokens(db: Db, current: SmtpConfig, next: SmtpSettings): Promise<void> {
    if (next.authMethod === "oauth")
      refuseElsewhere(await findOauthGrant(db, current.id), current, next, secrets);
    else if (current.authMethod === "oauth") await deleteOauthGrant(db, current.id);
  }
  const encrypted = (password: string | null) => (password === null ? null : secrets.encrypt(password));

  return {
    async list() {
      const configs = await listSmtpConfigs(store.db);
      // Another node may have connected one.
      if (configs.some(({ authMethod }) => authMethod === "oauth")) await accessTokens?.reload();
      return configs.map(view);
    },

    async get(id) {
      const config = await find(store.db, id);
      if (config.authMethod === "oauth") await accessTokens?.reload();
      return view(config);
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
        });
        await insertSmtpConfig(db, config);
        const detail = { name: config.name, password: password === null ? "none" : "set" };
        await writeAudit(db, { at: now, actor, action: "smtp_config.created", target: config.id, detail });
        return view(config);
      }),

    update: (id, input, actor) =>
      write(async (db) => {
        const now = clock.now();
        const { password, version, ...settings } = input;
        const current = await find(db, id);
        if (version !== current.version) throw versionConflict(current);
        await guardTokens(db, current, settings);
        const edited = {
          ...current,
          ...settings,
          name: settings.name ?? settings.smtpServer,
          position: settings.position ?? current.position,
          passwordEnc: encrypted(passwordAfter(password, current, settings)),
        };
        const changed = changedSettings(current, edited);
        const config = sealed({
          ...edited,
          version: version + 1,
          updatedAt: now,
          updatedBy: actor.name,
          // A test speaks of the settings that it tried.
          lastTest: changed.length === 0 && password.kind === "keep" ? current.lastTest : null,
          // An edit is the mending that a pause waits for.
          pausedUntil: null,
          pausedReason: null,
          failures: 0,
        });
        if (!(await updateSmtpConfig(db, config, version))) throw versionConflict(current);
        const detail = { name: config.name, changed, password: passwordWord(password, current) };
        await writeAudit(db, { at: now, actor, action: "smtp_config.updated", target: id, detail });
        return view(config);
      }),

    async remove(id, actor) {
      await store.transaction(async (db) => {
        const config = await find(db, id);
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
      const arranged = await store.transaction(async (db) => {
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
        return placed;
      });
      onChanged?.();
      return arranged.map(view);
    },

    async setEnabled(id, enabled, actor) {
      const switched = await store.transaction(async (db) => {
        const current = await find(db, id);
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

    openSaved: async (id) => openConfig(await find(store.db, id), secrets),

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
      const current = await find(store.db, id);
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

/** The names of the settings that differ: their values stay out of the audit log. */
function changedSettings(before: SmtpConfig, after: SmtpConfig): string[] {
  const { passwordEnc: _token, ...settings } = after;
  return Object.keys(settings).filter(
    (name) => before[name as keyof SmtpConfig] !== after[name as keyof SmtpConfig],
  );
}

async function find(db: Db, id: string): Promise<SmtpConfig> {
  const config = await findSmtpConfig(db, id);
  if (config === undefined) throw notFound(id);
  return config;
}

function notFound(id: string): PosthornError {
  return new PosthornError("config.not_found", `There is no SMTP config ${JSON.stringify(id)}.`);
}

function versionConflict({ name, version, updatedBy }: SmtpConfig): PosthornError {
  return new PosthornError(
    "config.version_conflict",
    `${JSON.stringify(name)} was saved by ${updatedBy} in the meantime (version ${version}). Load it again and repeat your changes.`,
  );
}

function listConflict(): PosthornError {
  return new PosthornError(
    "config.version_conflict",
    "A config was added or deleted in the meantime. Load the list again and repeat your change.",
  );
}
