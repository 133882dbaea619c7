import { type ErrorCode, isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { Field } from "../secret/fields.ts";
import type { Sealed } from "../secret/seal.ts";
import type { Secrets } from "../secret/secrets.ts";
import { type Credentials, type Relay, tlsFor } from "../smtp/relay.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { type DestinationSettings, destinationFields, destinationOf } from "./destination.ts";
import type { AccessTokens } from "./oauth/access-tokens.ts";

/** Whose access token signs in, and where that may be sent. */
export interface NeededToken {
  readonly configId: string;
  readonly destination: readonly Field[];
}

/** How to reach a relay, ready for use. It holds the password in the clear: never log or store it. */
export interface OpenedConfig {
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
  Pick<SmtpConfig, "name" | "allowCleartextAuth" | "ehloName" | "fromEmail" | "fromName" | "replyTo">;

/**
 * @param id of the saved config that has these settings; null for a draft.
 * @throws SendwrightError `config.password_required` if there is a username without a password;
 * `oauth.consent_required` for a draft that would sign in with OAuth.
 */
export function openSettings(
  settings: RelaySettings,
  password: string | null,
  id: string | null = null,
): OpenedConfig {
  const destination = destinationOf(settings);
  const { server, port, useTls, tlsMode, caPem, authMethod, username } = destination;
  const isOauth = authMethod === "oauth";
  if (isOauth && id === null) {
    throw new SendwrightError(
      "oauth.consent_required",
      `Save ${JSON.stringify(settings.name)} and connect it with its provider, then test it.`,
    );
  }
  if (isOauth && username === null) {
    throw new SendwrightError(
      "oauth.consent_required",
      `${JSON.stringify(settings.name)} signs in with OAuth and has no username. Enter the address of the mailbox.`,
    );
  }
  if (!isOauth && username !== null && password === null) {
    throw passwordRequired(
      `${JSON.stringify(settings.name)} has a username but no password. Enter the password, or remove the username to send without sign-in.`,
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
export function openConfig(config: SmtpConfig, secrets: Secrets): OpenedConfig {
  return openSettings(config, readPassword(config, secrets), config.id);
}

/** Why nothing can be sent with a config until an admin mends it. */
export interface ConfigProblem {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** What `openConfig` would throw, for the page; null if the config can be used. */
export function problemOf(
  config: SmtpConfig,
  secrets: Secrets,
  accessTokens?: Pick<AccessTokens, "problemOf">,
): ConfigProblem | null {
  try {
    const { needsToken } = openConfig(config, secrets);
    if (needsToken === null) return null;
    const problem = accessTokens?.problemOf(needsToken.configId, needsToken.destination) ?? null;
    return problem === null ? null : { code: problem.code, detail: problem.message };
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    return { code: error.code, detail: error.message };
  }
}

/** What the seal of a config covers. */
export function sealedPartsOf(
  config: DestinationSettings & Pick<SmtpConfig, "id" | "allowCleartextAuth" | "passwordEnc">,
): Sealed {
  return {
    id: config.id,
    destination: destinationFields(destinationOf(config)),
    allowCleartextAuth: config.allowCleartextAuth,
    passwordToken: config.passwordEnc,
  };
}

/**
 * Checks the seal of a stored config, and only then decrypts its password; null where none is saved.
 * @throws SendwrightError `seal.broken`, `secret.mismatch`
 */
export function readPassword(config: SmtpConfig, secrets: Secrets): string | null {
  checkSeal(config, secrets);
  if (config.passwordEnc === null) return null;
  try {
    return secrets.decrypt(config.passwordEnc).toString();
  } catch (error) {
    if (isSendwrightError(error, "token.invalid")) throw mismatch(config);
    throw error;
  }
}

/** @throws SendwrightError `seal.broken`, `secret.mismatch` */
function checkSeal(config: SmtpConfig, secrets: Secrets): void {
  const state = secrets.checkSeal(sealedPartsOf(config), config.seal);
  if (state === "unknown-key") throw mismatch(config);
  if (state === "broken") {
    throw new SendwrightError(
      "seal.broken",
      `${JSON.stringify(config.name)} was changed in the database, not by Sendwright. Check its settings, then enter the password again and save.`,
    );
  }
}

/** The refusal that asks for the password, with its issue on that field. */
export function passwordRequired(message: string): SendwrightError {
  return new SendwrightError("config.password_required", message, {
    issues: [{ pointer: "/password", detail: message }],
  });
}

function mismatch(config: SmtpConfig): SendwrightError {
  return new SendwrightError(
    "secret.mismatch",
    `${JSON.stringify(config.name)} was saved with another secret. Set SENDWRIGHT_SECRET to that one or name it in SENDWRIGHT_PREVIOUS_SECRETS, or enter the password again and save.`,
  );
}
