import { isPosthornError } from "../errors.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { SmtpConfig } from "../store/smtp-configs.ts";
import { type DestinationSettings, destinationOf, sameDestination } from "./destination.ts";
import { passwordRequired, readPassword } from "./open.ts";

/**
 * The saved password, where the form sent its mask. It goes to the destination that it was saved for and
 * to no other, else whoever may edit a config could have it sent to a server of their own.
 * @throws PosthornError `config.password_required` if none is saved, the destination has changed, or the
 * row cannot be trusted or read.
 */
export function keptPassword(current: SmtpConfig, next: DestinationSettings, secrets: Secrets): string {
  if (!sameDestination(destinationOf(current), destinationOf(next))) {
    throw passwordRequired(
      "The server, port, TLS settings, sign-in method or username differs from what the password was saved for. Enter the password again.",
    );
  }
  const password = readSaved(current, secrets);
  if (password === null) {
    throw passwordRequired(
      "No password is saved that could be kept. Enter the password, or send null for none.",
    );
  }
  return password;
}

function readSaved(current: SmtpConfig, secrets: Secrets): string | null {
  try {
    return readPassword(current, secrets);
  } catch (error) {
    if (!isPosthornError(error)) throw error;
    throw passwordRequired(`The saved password cannot be kept. ${error.message}`);
  }
}
