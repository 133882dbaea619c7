import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { Db } from "../store/schema.ts";
import { deleteOauthGrant, findOauthGrant, type OauthGrant } from "../store/tables/oauth-grants.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { type DestinationSettings, destinationOf, sameDestination } from "./destination.ts";
import { type Grant, isBoundTo, openGrant } from "./oauth/grant.ts";
import { passwordRequired } from "./open.ts";
import { readPassword } from "./sealed-password.ts";
import type { PasswordChange } from "./settings.ts";

/**
 * The password after a change: reused under the guard, set, or none.
 * @throws SendwrightError as `reusePassword`
 */
export function passwordAfter(
  change: PasswordChange,
  current: SmtpConfig,
  next: DestinationSettings,
  secrets: Secrets,
): string | null {
  if (change.kind === "keep") return reusePassword(current, next, secrets);
  return change.kind === "set" ? change.password : null;
}

/**
 * The saved password, where the form sent its mask. It goes to the destination that it was saved for and
 * to no other: otherwise an admin could have the password sent to a server of their own.
 * @throws SendwrightError `config.password_required` if none is saved, the destination has changed, or the
 * row cannot be trusted or read.
 */
function reusePassword(current: SmtpConfig, next: DestinationSettings, secrets: Secrets): string {
  if (!sameDestination(destinationOf(current.settings), destinationOf(next))) {
    throw passwordRequired(
      "The password was saved for another server, port, TLS setting, authentication method or username. Enter the password again.",
    );
  }
  const password = readSaved(current, secrets);
  if (password === null) {
    throw passwordRequired("There's no saved password to keep. Enter a password, or send null for none.");
  }
  return password;
}

/**
 * Refuses to use tokens for another destination than the one the consent is for. They cannot be entered again:
 * for another destination an admin disconnects the config first.
 * @throws SendwrightError `oauth.consent_required` if there are tokens, and the destination is another one or
 * the row cannot be trusted.
 */
export function assertSameDestination(
  saved: OauthGrant | undefined,
  current: SmtpConfig,
  next: DestinationSettings,
  secrets: Secrets,
): void {
  const tokens = saved === undefined ? null : readTokens(saved, secrets);
  if (tokens === null || (isBoundTo(tokens.destination, next) && isTrusted(current, secrets))) return;
  throw new SendwrightError(
    "oauth.consent_required",
    "The provider connection is for another server, port, TLS setting or username. Disconnect, save and connect again.",
  );
}

/**
 * Keeps tokens out of new settings that they are not for: another destination is refused, and another sign-in
 * method drops them.
 * @throws SendwrightError `oauth.consent_required`
 */
export async function dropForeignTokens(
  db: Db,
  current: SmtpConfig,
  next: DestinationSettings,
  secrets: Secrets,
): Promise<void> {
  if (next.authMethod === "oauth") {
    assertSameDestination(await findOauthGrant(db, current.id), current, next, secrets);
  } else if (current.settings.authMethod === "oauth") {
    await deleteOauthGrant(db, current.id);
  }
}

/** Null also for tokens that cannot be read: they are sent nowhere. */
function readTokens(saved: OauthGrant, secrets: Secrets): Grant["tokens"] {
  try {
    return openGrant(secrets, saved.configId, saved.grantEnc).tokens;
  } catch (error) {
    if (isSendwrightError(error)) return null;
    throw error;
  }
}

function isTrusted(config: SmtpConfig, secrets: Secrets): boolean {
  try {
    readPassword(config, secrets);
    return true;
  } catch (error) {
    if (isSendwrightError(error)) return false;
    throw error;
  }
}

function readSaved(current: SmtpConfig, secrets: Secrets): string | null {
  try {
    return readPassword(current, secrets);
  } catch (error) {
    if (!isSendwrightError(error)) throw error;
    throw passwordRequired(`Sendwright can't keep the saved password. ${error.message}`);
  }
}
