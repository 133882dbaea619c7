import { isPosthornError, PosthornError } from "../errors.ts";
import type { Sealed } from "../secret/seal.ts";
import type { Secrets } from "../secret/secrets.ts";
import { type Credentials, type Relay, tlsFor } from "../smtp/relay.ts";
import type { SmtpConfig } from "../store/smtp-configs.ts";
import { type DestinationSettings, destinationFields, destinationOf } from "./destination.ts";
import type { ConfigProblem } from "./view.ts";

/** How to reach a relay, ready for use. It holds the password in the clear: never log or store it. */
export interface OpenedConfig {
  readonly relay: Relay;
  /** Null without sign-in. */
  readonly credentials: Credentials | null;
  readonly allowCleartextAuth: boolean;
  readonly fromEmail: string;
  readonly fromName: string | null;
  readonly replyTo: string | null;
}

/** The settings that reaching a relay needs, whether saved or not. */
export type RelaySettings = DestinationSettings &
  Pick<SmtpConfig, "name" | "allowCleartextAuth" | "ehloName" | "fromEmail" | "fromName" | "replyTo">;

/** @throws PosthornError `config.password_required` if there is a username without a password. */
export function openSettings(settings: RelaySettings, password: string | null): OpenedConfig {
  const { server, port, useTls, tlsMode, caPem, authMethod, username } = destinationOf(settings);
  if (username !== null && password === null) {
    throw passwordRequired(
      `${JSON.stringify(settings.name)} has a username but no password. Enter the password, or remove the username to send without sign-in.`,
    );
  }
  const { allowCleartextAuth, ehloName, fromEmail, fromName, replyTo } = settings;
  return {
    relay: { host: server, port, tls: tlsFor(useTls, tlsMode, port), caPem, ehloName },
    credentials: username === null || password === null ? null : { username, password, method: authMethod },
    allowCleartextAuth,
    fromEmail,
    fromName,
    replyTo,
  };
}

/** @throws PosthornError `seal.broken`, `secret.mismatch`, `config.password_required` */
export function openConfig(config: SmtpConfig, secrets: Secrets): OpenedConfig {
  return openSettings(config, readPassword(config, secrets));
}

/** What `openConfig` would throw, for the page; null if the config can be used. */
export function problemOf(config: SmtpConfig, secrets: Secrets): ConfigProblem | null {
  try {
    openConfig(config, secrets);
    return null;
  } catch (error) {
    if (!isPosthornError(error)) throw error;
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
 * @throws PosthornError `seal.broken`, `secret.mismatch`
 */
export function readPassword(config: SmtpConfig, secrets: Secrets): string | null {
  checkSeal(config, secrets);
  if (config.passwordEnc === null) return null;
  try {
    return secrets.decrypt(config.passwordEnc).toString();
  } catch (error) {
    if (isPosthornError(error, "token.invalid")) throw mismatch(config);
    throw error;
  }
}

/** @throws PosthornError `seal.broken`, `secret.mismatch` */
function checkSeal(config: SmtpConfig, secrets: Secrets): void {
  const state = secrets.checkSeal(sealedPartsOf(config), config.seal);
  if (state === "unknown-key") throw mismatch(config);
  if (state === "broken") {
    throw new PosthornError(
      "seal.broken",
      `${JSON.stringify(config.name)} was changed in the database, not by Posthorn. Check its settings, then enter the password again and save.`,
    );
  }
}

/** The refusal that asks for the password, with its issue on that field. */
export function passwordRequired(message: string): PosthornError {
  return new PosthornError("config.password_required", message, {
    issues: [{ pointer: "/password", detail: message }],
  });
}

function mismatch(config: SmtpConfig): PosthornError {
  return new PosthornError(
    "secret.mismatch",
    `${JSON.stringify(config.name)} was saved with another secret. Set POSTHORN_SECRET to that one or name it in POSTHORN_PREVIOUS_SECRETS, or enter the password again and save.`,
  );
}
