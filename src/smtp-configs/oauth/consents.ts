import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Actor } from "../../core/model.ts";
import { invalidInput } from "../../core/parse.ts";
import type { Secrets } from "../../secret/secrets.ts";
import type { Db } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
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
import { endPause, findSmtpConfig, type SmtpConfig } from "../../store/tables/smtp-configs.ts";
import type { AccessTokens } from "./access-tokens.ts";
import { clientAfter, type OauthClientInput, sameClient } from "./client.ts";
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
import type { IssuedTokens, TokenEndpoint } from "./token-endpoint.ts";

/** How an admin connects a config with a provider, and takes that back. */
export interface Consents {
  /**
   * Saves the client that Sendwright is at the provider. Tokens of another client go.
   * @throws SendwrightError `config.not_found`; `input.invalid` if the config does not sign in with OAuth;
   * `config.password_required` if the saved client secret may not be kept.
   */
  setClient(configId: string, input: OauthClientInput, actor: Actor): Promise<void>;
  /**
   * Asks for a consent: where the admin's browser is to go. Good for ten minutes and one answer; one that
   * was asked for before is void.
   * @throws SendwrightError `config.not_found`; `oauth.consent_required` if no client is saved.
   */
  start(configId: string, redirectUri: string, actor: Actor): Promise<string>;
  /**
   * Takes what the provider sent the browser back with, and stores the tokens.
   * @returns the config's id, and why it came to nothing, or null; the config keeps that for its page.
   * @throws SendwrightError `oauth.state_invalid` for an answer to what this admin did not ask here and now.
   */
  finish(parameters: URLSearchParams, actor: Actor): Promise<{ configId: string; error: string | null }>;
  /**
   * Forgets client and tokens, and withdraws the consent at the provider where that can be done.
   * @throws SendwrightError `config.not_found`
   */
  disconnect(configId: string, actor: Actor): Promise<void>;
}

export interface ConsentsParts {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly endpoint: TokenEndpoint;
  readonly tokens: AccessTokens;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChanged: () => void;
}

const consentMs = 10 * 60_000;

export function createConsents(parts: ConsentsParts): Consents {
  const { store, secrets, endpoint, tokens, clock, log, onChanged } = parts;

  /** What cannot be read is as good as not there: the admin enters it again. */
  function readGrant(row: OauthGrant | undefined): Grant | null {
    if (row === undefined) return null;
    try {
      return openGrant(secrets, row.configId, row.grantEnc);
    } catch (error) {
      if (isSendwrightError(error, "oauth.consent_required")) return null;
      throw error;
    }
  }

  async function write(db: Db, configId: string, read: OauthGrant | undefined, grant: Grant): Promise<void> {
    if (await writeOauthGrant(db, configId, read, sealGrant(secrets, configId, grant))) return;
    throw new SendwrightError(
      "config.version_conflict",
      "The connection of this config was changed at the same moment. Load the page again and repeat your change.",
    );
  }

  async function changed(): Promise<void> {
    await tokens.reload();
    onChanged();
  }

  /** The answer to a consent that this admin asked for, not more than ten minutes ago, and for the first time. */
  async function take(state: string, actor: Actor): Promise<{ row: OauthGrant; consent: Consent }> {
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
    // Who was led here by another's link must not connect that one's mailbox.
    if (consent.actorId !== actor.id) throw stateInvalid();
    if (!(await takeConsent(store.db, row.configId, row.consentState))) throw stateInvalid();
    return { row, consent };
  }

  async function connect(
    configId: string,
    consent: Consent,
    issued: IssuedTokens & { readonly refreshToken: string },
    actor: Actor,
  ): Promise<void> {
    const now = clock.now();
    await store.transaction(async (db) => {
      const config = await find(db, configId);
      const row = await findOauthGrant(db, configId);
      const grant = readGrant(row);
      if (
        grant === null ||
        !sameClient(grant.client, consent.client) ||
        !isBoundTo(consent.destination, config)
      ) {
        throw new SendwrightError(
          "oauth.consent_required",
          "The config or its client was changed while you were at the provider. Connect again.",
        );
      }
      const { accessToken, accessExpiresAt, refreshToken, refreshExpiresAt } = issued;
      await write(db, configId, row, {
        client: grant.client,
        tokens: {
          ...{ accessToken, accessExpiresAt, refreshToken, refreshExpiresAt },
          destination: consent.destination,
          rolls: false,
          obtainedAt: now,
          connectedAt: now,
          connectedBy: actor.name,
        },
      });
      await noteConsentError(db, configId, null);
      // A consent is the mending that a pause waits for.
      await endPause(db, configId);
      const detail = { name: config.name, provider: grant.client.provider };
      await writeAudit(db, {
        at: now,
        actor,
        action: "smtp_config.oauth_connected",
        target: configId,
        detail,
      });
    });
    await changed();
  }

  return {
    async setClient(configId, input, actor) {
      await store.transaction(async (db) => {
        const config = await find(db, configId);
        refuseUnlessOauth(config);
        const row = await findOauthGrant(db, configId);
        const saved = readGrant(row);
        const client = clientAfter(input, saved?.client ?? null);
        const isSame = saved !== null && sameClient(saved.client, client);
        await write(db, configId, row, { client, tokens: isSame ? saved.tokens : null });
        const detail = {
          name: config.name,
          provider: client.provider,
          secret:
            client.clientSecret === null
              ? "none"
              : saved?.client.clientSecret === client.clientSecret
                ? "kept"
                : "set",
          tokens: isSame ? "kept" : "none",
        };
        const action = "smtp_config.oauth_client_set";
        await writeAudit(db, { at: clock.now(), actor, action, target: configId, detail });
      });
      await changed();
    },

    async start(configId, redirectUri, actor) {
      const config = await find(store.db, configId);
      refuseUnlessOauth(config);
      const grant = readGrant(await findOauthGrant(store.db, configId));
      if (grant === null) {
        throw new SendwrightError(
          "oauth.consent_required",
          "Enter the client id first: no client is saved yet.",
        );
      }
      const state = randomBytes(32).toString("base64url");
      const codeVerifier = randomBytes(32).toString("base64url");
      const consent: Consent = {
        ...{ actorId: actor.id, client: grant.client, codeVerifier, redirectUri },
        destination: boundTo(config),
      };
      await beginConsent(store.db, configId, {
        state: hashOf(state),
        enc: sealConsent(secrets, configId, consent),
        expiresAt: clock.now() + consentMs,
      });
      const request = { state, redirectUri, codeVerifier, loginHint: config.username };
      return endpoint.authorizationUrl(grant.client, request);
    },

    async finish(parameters, actor) {
      const state = parameters.get("state") ?? "";
      const { row, consent } = await take(state, actor);
      const { configId } = row;
      try {
        const { redirectUri, codeVerifier } = consent;
        const exchange = { parameters, state, redirectUri, codeVerifier };
        const { refreshToken, ...issued } = await endpoint.exchange(consent.client, exchange);
        if (refreshToken === null) {
          throw new SendwrightError(
            "oauth.refused",
            "The provider gave no refresh token, so that the consent would end within the hour. Add the scope for offline access.",
          );
        }
        await connect(configId, consent, { ...issued, refreshToken }, actor);
        return { configId, error: null };
      } catch (error) {
        if (!isSendwrightError(error)) throw error;
        log.warn({ configId }, `a consent came to nothing: ${error.message}`);
        await noteConsentError(store.db, configId, error.message);
        await changed();
        return { configId, error: error.message };
      }
    },

    async disconnect(configId, actor) {
      const grant = await store.transaction(async (db) => {
        const config = await find(db, configId);
        const row = await findOauthGrant(db, configId);
        if (!(await deleteOauthGrant(db, configId))) return null;
        const detail = { name: config.name };
        const action = "smtp_config.oauth_disconnected";
        await writeAudit(db, { at: clock.now(), actor, action, target: configId, detail });
        return readGrant(row);
      });
      await changed();
      if (grant === null || grant.tokens === null) return;
      try {
        await endpoint.revoke(grant.client, grant.tokens.refreshToken);
      } catch (error) {
        // It is forgotten here, whatever the provider says.
        const words = isSendwrightError(error) ? error.message : "for an unknown reason";
        log.warn({ configId }, `a consent could not be withdrawn at its provider: ${words}`);
      }
    },
  };
}

function refuseUnlessOauth({ name, authMethod, username }: SmtpConfig): void {
  if (authMethod === "oauth" && username !== null) return;
  throw invalidInput([
    {
      pointer: "/authMethod",
      detail: `${JSON.stringify(name)} does not sign in with OAuth: set the sign-in method to oauth and the username to the mailbox, and save`,
    },
  ]);
}

async function find(db: Db, id: string): Promise<SmtpConfig> {
  const config = await findSmtpConfig(db, id);
  if (config === undefined) {
    throw new SendwrightError("config.not_found", `There is no SMTP config ${JSON.stringify(id)}.`);
  }
  return config;
}

/** The database holds no state that could be used. */
function hashOf(state: string): string {
  return createHash("sha256").update(state).digest("hex");
}

function stateInvalid(): SendwrightError {
  return new SendwrightError(
    "oauth.state_invalid",
    "This answer of a provider was not asked for here by you in the last ten minutes, or was used already. Connect again.",
  );
}
