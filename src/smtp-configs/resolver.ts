import { isDeepStrictEqual } from "node:util";
import type { Secrets } from "../secret/secrets.ts";
import type { Store } from "../store/store.ts";
import { findOauthGrant } from "../store/tables/oauth-grants.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import type { AccessTokens } from "./oauth/access-tokens.ts";
import { type ResolvedConfig, resolveConfig, resolveSettings } from "./open.ts";
import { assertSameDestination, passwordAfter } from "./password-guard.ts";
import type { ConfigSource } from "./repository.ts";
import { findAny, findToChange } from "./saving.ts";
import { type SmtpConfigCreate, type SmtpConfigEdited, withName } from "./settings.ts";

export interface ConfigResolverDependencies {
  readonly store: Store;
  readonly source: ConfigSource;
  readonly secrets: Secrets;
  /** Null: no config can sign in with OAuth. */
  readonly accessTokens: AccessTokens | null;
}

/** Resolves configs and forms for those who connect: delivery, tests and checks. */
export class ConfigResolver {
  readonly #dependencies: ConfigResolverDependencies;
  /** What was resolved last, by the id of the config. */
  readonly #cache = new Map<string, { config: SmtpConfig; readonly resolved: ResolvedConfig }>();

  constructor(dependencies: ConfigResolverDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * A config as it was read, without its access token: see `withToken`. A config that is the same as for the
   * email before, but for its health, is not decrypted again.
   * @throws SendwrightError `seal.broken`, `secret.mismatch`, `config.password_required`
   */
  resolve(config: SmtpConfig): ResolvedConfig {
    const cached = this.#cache.get(config.id);
    if (cached !== undefined && isSameBesideHealth(cached.config, config)) {
      cached.config = config;
      return cached.resolved;
    }
    this.#cache.delete(config.id);
    const resolved = resolveConfig(config, this.#dependencies.secrets);
    this.#cache.set(config.id, { config, resolved });
    return resolved;
  }

  /** @throws SendwrightError as `resolve`, and `config.not_found` */
  async resolveSaved(id: string): Promise<ResolvedConfig> {
    const { store, source, secrets } = this.#dependencies;
    return resolveConfig(await findAny(source, store.db, id), secrets);
  }

  /**
   * Settings that were never saved, for a test.
   * @throws SendwrightError `config.password_required` if there is a username without a password;
   * `oauth.consent_required` if they would sign in with OAuth
   */
  resolveUnsaved({ password, ...form }: SmtpConfigCreate): ResolvedConfig {
    return resolveSettings(withName(form), password);
  }

  /**
   * A saved config as edited in the form, for a test. The guard is that of `SmtpConfigs.update`.
   * @throws SendwrightError as `SmtpConfigs.update`, except for the version
   */
  async resolveEdited(id: string, { password, ...form }: SmtpConfigEdited): Promise<ResolvedConfig> {
    const { store, secrets } = this.#dependencies;
    const current = await findToChange(store.db, id);
    const settings = withName(form);
    if (settings.authMethod === "oauth") {
      assertSameDestination(await findOauthGrant(store.db, id), current, settings, secrets);
      return resolveSettings(settings, null, id);
    }
    return resolveSettings(settings, passwordAfter(password, current, settings, secrets));
  }

  /**
   * Adds the access token to a config that signs in with OAuth; gives any other config as it is.
   * @param maxAgeMs an older token is renewed first
   * @throws SendwrightError `oauth.consent_required`, `oauth.refused`, `oauth.unreachable`
   */
  async withToken(config: ResolvedConfig, maxAgeMs?: number): Promise<ResolvedConfig> {
    const { accessTokens } = this.#dependencies;
    const { credentials, needsToken } = config;
    if (credentials === null || needsToken === null) return config;
    if (accessTokens === null) throw new TypeError("A config needs access tokens, and there are none.");
    const password = await accessTokens.tokenFor(needsToken.configId, needsToken.destination, maxAgeMs);
    return { ...config, credentials: { ...credentials, password } };
  }
}

function isSameBesideHealth(one: SmtpConfig, two: SmtpConfig): boolean {
  if (one === two) return true;
  const { health: _one, ...before } = one;
  const { health: _two, ...after } = two;
  return isDeepStrictEqual(before, after);
}
