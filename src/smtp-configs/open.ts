/**
 * Turns settings into what a connection needs: relay, credentials, sender. The password is in the clear from here
 * on. It dials nothing and asks no provider for tokens.
 */
import { type ErrorCode, isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { Field } from "../secret/fields.ts";
import type { Secrets } from "../secret/secrets.ts";
import { type Credentials, type Relay, tlsFor } from "../smtp/relay.ts";
import type { SmtpConfig, SmtpSettings } from "../store/tables/smtp-configs.ts";
import { type DestinationSettings, destinationFields, destinationOf } from "./destination.ts";
import type { AccessTokens } from "./oauth/access-tokens.ts";
import { readPassword } from "./sealed-password.ts";

/** Whose access token signs in, and where that may be sent. */
export interface NeededToken {
  readonly configId: string;
  readonly destination: readonly Field[];
}

/** How to reach a relay, ready for use. It holds the password in the clear: never log or store it. */
export interface ResolvedConfig {
  readonly relay: Relay;
  /** Null without sign-in. */
  readonly credentials: Credentials | null;
  /** With OAuth: the password of the credentials is empty until the token is there. Else null. */
  readonly needsToken: NeededToken | null;
  readonly allowCleartextAuth: boolean;
  readonly fromEmail: string;
  readonly fromName: string | null;
  readonly replyTo: string | null;
}

/** The settings that reaching a relay needs, whether saved or not. */
export type RelaySettings = DestinationSettings &
  Pick<SmtpSettings, "name" | "allowCleartextAuth" | "ehloName" | "fromEmail" | "fromName" | "replyTo">;

/**
 * @param id of the saved config that has these settings; null for settings that were never saved.
 * @throws SendwrightError `config.password_required` if there is a username without a password;
 * `oauth.consent_required` for unsaved settings that would sign in with OAuth.
 */
export function resolveSettings(
  settings: RelaySettings,
  password: string | null,
  id: string | null = null,
): ResolvedConfig {
  const destination = destinationOf(settings);
  const { server, port, useTls, tlsMode, caPem, authMethod, username } = destination;
  const isOauth = authMethod === "oauth";
  if (isOauth && id === null) {
    throw new SendwrightError(
      "oauth.consent_required",
      `Save ${JSON.stringify(settings.name)} and connect it to its provider, then test it.`,
    );
  }
  if (isOauth && username === null) {
    throw new SendwrightError(
      "oauth.consent_required",
      `${JSON.stringify(settings.name)} uses OAuth but has no username. Enter the address of the mailbox.`,
    );
  }
  if (!isOauth && username !== null && password === null) {
    throw passwordRequired(
      `${JSON.stringify(settings.name)} has a username but no password. Enter the password, or remove the username to send without authentication.`,
    );
  }
  const { allowCleartextAuth, ehloName, fromEmail, fromName, replyTo } = settings;
  return {
    relay: { host: server, port, tls: tlsFor(useTls, tlsMode, port), caPem, ehloName },
    credentials:
      username === null || (password === null && !isOauth)
        ? null
        : { username, password: isOauth ? "" : (password ?? ""), method: authMethod },
    needsToken: isOauth && id !== null ? { configId: id, destination: destinationFields(destination) } : null,
    allowCleartextAuth,
    fromEmail,
    fromName,
    replyTo,
  };
}

/** @throws SendwrightError `seal.broken`, `secret.mismatch`, `config.password_required` */
export function resolveConfig(config: SmtpConfig, secrets: Secrets): ResolvedConfig {
  return resolveSettings(config.settings, readPassword(config, secrets), config.id);
}

/** Why nothing can be sent with a config until an admin acts. */
export interface ConfigProblem {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** What `resolveConfig` would throw, or that the consent is missing; null if the config can be used. */
export function problemOf(
  config: SmtpConfig,
  secrets: Secrets,
  accessTokens: Pick<AccessTokens, "problemOf"> | null = null,
): ConfigProblem | null {
  try {
    const { needsToken } = resolveConfig(config, secrets);
    if (needsToken === null) return null;
    const problem = accessTokens?.problemOf(needsToken.configId, needsToken.destination) ?? null;
    return problem === null ? null : { code: problem.code, detail: problem.message };
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    return { code: error.code, detail: error.message };
  }
}

/** The refusal that asks for the password, with its issue on that field. */
export function passwordRequired(message: string): SendwrightError {
  return new SendwrightError("config.password_required", message, {
    issues: [{ pointer: "/password", detail: message }],
  });
}
