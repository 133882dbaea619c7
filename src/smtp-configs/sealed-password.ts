import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { Sealed } from "../secret/seal.ts";
import type { Secrets } from "../secret/secrets.ts";
import { type SealedPassword, type SmtpConfig, tokenOf } from "../store/tables/smtp-configs.ts";
import { type DestinationSettings, destinationFields, destinationOf } from "./destination.ts";

/** The settings that a seal covers beside the password. */
export type SealedSettings = DestinationSettings & Pick<SmtpConfig["settings"], "allowCleartextAuth">;

/** What holds a sealed password: a config, or a version as a config. */
export interface Holder {
  readonly id: string;
  readonly settings: SealedSettings & Pick<SmtpConfig["settings"], "name">;
  readonly secret: SealedPassword;
}

/** Encrypts a password, or seals settings that have none. */
export function encryptPassword(
  secrets: Secrets,
  id: string,
  settings: SealedSettings,
  password: string | null,
): SealedPassword {
  return sealToken(secrets, id, settings, password === null ? null : secrets.encrypt(password));
}

/** Seals a token that is encrypted already, or settings that have none. */
export function sealToken(
  secrets: Secrets,
  id: string,
  settings: SealedSettings,
  token: string | null,
): SealedPassword {
  const seal = secrets.seal(sealedParts(id, settings, token));
  return token === null ? { kind: "none", seal } : { kind: "password", token, seal };
}

/**
 * The secret under the primary key; null if it is already.
 * @throws SendwrightError `seal.broken`, `secret.mismatch`: a row that was edited in the database is not sealed
 * again, since that would vouch for the edit.
 */
export function rotateSecret(secrets: Secrets, holder: Holder): SealedPassword | null {
  readPassword(holder, secrets);
  const { id, settings, secret } = holder;
  const token = tokenOf(secret);
  if (secrets.isCurrentSeal(secret.seal) && (token === null || secrets.isCurrent(token))) return null;
  return sealToken(secrets, id, settings, token === null ? null : secrets.rotate(token));
}

/**
 * Checks the seal of a config, and only then decrypts its password; null without one.
 * @throws SendwrightError `seal.broken`, `secret.mismatch`
 */
export function readPassword(holder: Holder, secrets: Secrets): string | null {
  const { settings, secret } = holder;
  const seal = sealOf(holder, secrets);
  if (seal === "unknown-key") throw mismatch(settings.name);
  if (seal === "broken") {
    throw new SendwrightError(
      "seal.broken",
      `${JSON.stringify(settings.name)} was modified outside Sendwright. Check its settings, then enter the password again and save.`,
    );
  }
  if (secret.kind === "none") return null;
  try {
    return secrets.decrypt(secret.token).toString();
  } catch (error) {
    if (isSendwrightError(error, "token.invalid")) throw mismatch(settings.name);
    throw error;
  }
}

/** Whether the settings are those that were sealed with the password. */
export function sealOf({ id, settings, secret }: Holder, secrets: Secrets): ReturnType<Secrets["checkSeal"]> {
  return secrets.checkSeal(sealedParts(id, settings, tokenOf(secret)), secret.seal);
}

function sealedParts(id: string, settings: SealedSettings, passwordToken: string | null): Sealed {
  const { allowCleartextAuth } = settings;
  return { id, destination: destinationFields(destinationOf(settings)), allowCleartextAuth, passwordToken };
}

function mismatch(name: string): SendwrightError {
  return new SendwrightError(
    "secret.mismatch",
    `${JSON.stringify(name)} was saved with another secret. Set SENDWRIGHT_SECRET to it, add it to SENDWRIGHT_PREVIOUS_SECRETS, or enter the password again and save.`,
  );
}
