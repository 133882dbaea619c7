import { createHash, randomBytes } from "node:crypto";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import type { Actor } from "../../core/model.ts";
import { invalidInput } from "../../core/parse.ts";
import type { Db } from "../../store/schema.ts";
import { writeAudit } from "../../store/tables/audit-log.ts";
import {
  beginConsent,
  deleteOauthGrant,
  findConsent,
  findOauthGrant,
  noteConsentError,
  type OauthGrant,
  takeConsent,
  writeOauthGrant,
} from "../../store/tables/oauth-grants.ts";
import { closeBreaker } from "../../store/tables/smtp-config-health.ts";
import { findSmtpConfig, type SmtpConfig } from "../../store/tables/smtp-configs.ts";
import { notFound } from "../saving.ts";
import type { AccessTokens } from "./access-tokens.ts";
import { clientAfter, type OauthClient, type OauthClientInput, sameClient } from "./client.ts";
import {
  boundTo,
  type Consent,
  type Grant,
  isBoundTo,
  openConsent,
  openGrant,
  sealConsent,
  sealGrant,
} from "./grant.ts";
import type { RenewalsDependencies } from "./renewals.ts";
import type { IssuedTokens } from "./token-endpoint.ts";

export interface ConsentsDependencies extends RenewalsDependencies {
  readonly accessTokens: AccessTokens;
}

const consentMs = 10 * 60_000;

/** How an admin connects a config with a provider, and takes that back. */
export class Consents {
  readonly #dependencies: ConsentsDependencies;

  constructor(dependencies: ConsentsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Saves the client that Sendwright is at the provider. Tokens of another client go.
   * @throws SendwrightError `config.not_found`; `input.invalid` if the config does not sign in with OAuth;
   * `config.password_required` if the saved client secret may not be kept.
   */
  async setClient(configId: string, input: OauthClientInput, actor: Actor): Promise<void> {
    await this.#dependencies.store.transaction(async (db) => {
      const config = await find(db, configId);
      assertOauth(config);
      const row = await findOauthGrant(db, configId);
      const saved = this.#readGrant(row);
      const client = clientAfter(input, saved?.client ?? null);
      const isSame = saved !== null && sameClient(saved.client, client);
      await this.#write(db, configId, row, { client, tokens: isSame ? saved.tokens : null });
      await this.#audit(db, actor, "oauth_client_set", config, {
        provider: client.provider,
        secret: secretWord(client, saved?.client ?? null),
        tokens: isSame ? "kept" : "none",
      });
    });
    await this.#changed();
  }

  /**
   * Asks for a consent: where the admin's browser is to go. Good for ten minutes and one answer; a consent that
   * was asked for before is void.
   * @throws SendwrightError `config.not_found`; `oauth.consent_required` if no client is saved.
   */
  async start(configId: string, redirectUri: string, actor: Actor): Promise<string> {
    const { store, secrets, endpoint, clock } = this.#dependencies;
    const config = await find(store.db, configId);
    assertOauth(config);
    const grant = this.#readGrant(await findOauthGrant(store.db, configId));
    if (grant === null) {
      throw new SendwrightError(
        "oauth.consent_required",
        "No client is saved yet. Enter the client ID first.",
      );
    }
    const state = randomBytes(32).toString("base64url");
    const codeVerifier = randomBytes(32).toString("base64url");
    const consent: Consent = {
      actorId: actor.id,
      client: grant.client,
      destination: boundTo(config.settings),
      codeVerifier,
      redirectUri,
    };
    await beginConsent(store.db, configId, {
      state: hashOf(state),
      enc: sealConsent(secrets, configId, consent),
      expiresAt: clock.now() + consentMs,
    });
    const request = { state, redirectUri, codeVerifier, loginHint: config.settings.username };
    return endpoint.authorizationUrl(grant.client, request);
  }

  /**
   * Takes what the provider sent the browser back with, and stores the tokens.
   * @returns the config's id, and why the consent failed, or null; the config keeps that for its page.
   * @throws SendwrightError `oauth.state_invalid` for an answer to what this admin did not ask here and now.
   */
  async finish(
    parameters: URLSearchParams,
    actor: Actor,
  ): Promise<{ readonly configId: string; readonly error: string | null }> {
    const { store, endpoint, log } = this.#dependencies;
    const state = parameters.get("state") ?? "";
    const { row, consent } = await this.#use(state, actor);
    const { configId } = row;
    try {
      const { redirectUri, codeVerifier } = consent;
      const exchange = { parameters, state, redirectUri, codeVerifier };
      const { refreshToken, ...issued } = await endpoint.exchange(consent.client, exchange);
      if (refreshToken === null) {
        throw new SendwrightError(
          "oauth.refused",
          "The provider issued no refresh token, so the connection would expire within an hour. Add the scope for offline access.",
        );
      }
      await this.#connect(configId, consent, { ...issued, refreshToken }, actor);
      return { configId, error: null };
    } catch (error) {
      if (!isSendwrightError(error)) throw error;
      log.warn({ configId, reason: error.message }, "OAuth connection failed");
      await noteConsentError(store.db, configId, error.message);
      await this.#changed();
      return { configId, error: error.message };
    }
  }

  /**
   * Deletes client and tokens, and withdraws the consent at the provider if that can be done.
   * @throws SendwrightError `config.not_found`
   */
  async disconnect(configId: string, actor: Actor): Promise<void> {
    const { store, endpoint, log } = this.#dependencies;
    const grant = await store.transaction(async (db) => {
      const config = await find(db, configId);
      const row = await findOauthGrant(db, configId);
      if (!(await deleteOauthGrant(db, configId))) return null;
      await this.#audit(db, actor, "oauth_disconnected", config);
      return this.#readGrant(row);
    });
    await this.#changed();
    if (grant === null || grant.tokens === null) return;
    try {
      await endpoint.revoke(grant.client, grant.tokens.refreshToken);
    } catch (error) {
      // It is deleted here, whatever the provider replies.
      log.warn({ err: error, configId }, "OAuth revocation failed");
    }
  }

  /** The answer to a consent that this admin asked for, not more than ten minutes ago, and for the first time. */
  async #use(state: string, actor: Actor): Promise<{ row: OauthGrant; consent: Consent }> {
    const { store, secrets, clock } = this.#dependencies;
    const row = await findConsent(store.db, hashOf(state));
    if (row?.consentState == null || row.consentEnc === null || row.consentExpiresAt === null) {
      throw stateInvalid();
    }
    if (clock.now() >= row.consentExpiresAt) throw stateInvalid();
    let consent: Consent;
    try {
      consent = openConsent(secrets, row.configId, row.consentEnc);
    } catch (error) {
      if (isSendwrightError(error, "oauth.consent_required")) throw stateInvalid();
      throw error;
    }
    // An admin who was led here by another's link must not connect the mailbox of that person.
    if (consent.actorId !== actor.id) throw stateInvalid();
    if (!(await takeConsent(store.db, row.configId, row.consentState))) throw stateInvalid();
    return { row, consent };
  }

  async #connect(
    configId: string,
    consent: Consent,
    issued: IssuedTokens & { readonly refreshToken: string },
    actor: Actor,
  ): Promise<void> {
    const { store, clock } = this.#dependencies;
    const now = clock.now();
    await store.transaction(async (db) => {
      const config = await find(db, configId);
      const row = await findOauthGrant(db, configId);
      const grant = this.#readGrant(row);
      if (
        grant === null ||
        !sameClient(grant.client, consent.client) ||
        !isBoundTo(consent.destination, config.settings)
      ) {
        throw new SendwrightError(
          "oauth.consent_required",
          "The config or its client changed while you were on the provider's page. Connect again.",
        );
      }
      await this.#write(db, configId, row, {
        client: grant.client,
        tokens: {
          ...issued,
          destination: consent.destination,
          rolls: false,
          obtainedAt: now,
          connectedAt: now,
          connectedBy: actor.name,
        },
      });
      await noteConsentError(db, configId, null);
      // A consent is what an open breaker waits for.
      await closeBreaker(db, configId);
      await this.#audit(db, actor, "oauth_connected", config, { provider: grant.client.provider });
    });
    await this.#changed();
  }

  /** Null also for a grant that cannot be read: the admin enters it again. */
  #readGrant(row: OauthGrant | undefined): Grant | null {
    if (row === undefined) return null;
    try {
      return openGrant(this.#dependencies.secrets, row.configId, row.grantEnc);
    } catch (error) {
      if (isSendwrightError(error, "oauth.consent_required")) return null;
      throw error;
    }
  }

  async #write(db: Db, configId: string, read: OauthGrant | undefined, grant: Grant): Promise<void> {
    const enc = sealGrant(this.#dependencies.secrets, configId, grant);
    if (await writeOauthGrant(db, configId, read, enc)) return;
    throw new SendwrightError(
      "config.version_conflict",
      "Someone else changed the connection of this config. Reload the page and repeat your change.",
    );
  }

  async #changed(): Promise<void> {
    await this.#dependencies.accessTokens.reload();
    this.#dependencies.onChanged();
  }

  async #audit(db: Db, actor: Actor, deed: string, { id, settings }: SmtpConfig, more: object = {}) {
    const detail = { name: settings.name, ...more };
    const at = this.#dependencies.clock.now();
    await writeAudit(db, { at, actor, action: `smtp_config.${deed}`, target: id, detail });
  }
}

/** For the audit log. */
function secretWord({ clientSecret }: OauthClient, saved: OauthClient | null): string {
  if (clientSecret === null) return "none";
  return saved?.clientSecret === clientSecret ? "kept" : "set";
}

/** @throws SendwrightError `input.invalid` */
function assertOauth({ settings }: SmtpConfig): void {
  const { name, authMethod, username } = settings;
  if (authMethod === "oauth" && username !== null) return;
  throw invalidInput([
    {
      pointer: "/authMethod",
      detail: `${JSON.stringify(name)} doesn't use OAuth. Set the authentication method to oauth and the username to the mailbox, then save.`,
    },
  ]);
}

/** @throws SendwrightError `config.not_found`, also for the config of the environment, which has no consents */
async function find(db: Db, id: string): Promise<SmtpConfig> {
  const config = await findSmtpConfig(db, id);
  if (config === undefined) throw notFound(id);
  return config;
}

/** The database holds no state that could be used. */
function hashOf(state: string): string {
  return createHash("sha256").update(state).digest("hex");
}

function stateInvalid(): SendwrightError {
  return new SendwrightError(
    "oauth.state_invalid",
    "This authorization has expired, was already used or was started by someone else. Connect again.",
  );
}
