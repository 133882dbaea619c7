import type { Secrets } from "../../../secret/secrets.ts";
import type { EncryptionKey } from "../../../store/tables/encryption-keys.ts";
import type { SmtpConfig } from "../../../store/tables/smtp-configs.ts";
import { type Check, failed, ok, warning } from "./check.ts";

const secret = { id: "secret.fits", title: "Secret" };
const previous = { id: "secret.previous", title: "Earlier ones" };

export interface SecretFacts {
  readonly secrets: Secrets;
  readonly keys: readonly EncryptionKey[];
  readonly configs: readonly SmtpConfig[];
  /** How many earlier secrets are named. */
  readonly previousCount: number;
}

/** Whether the secret opens the database, and whether earlier ones are still needed. */
export function checkSecret({ secrets, keys, configs, previousCount }: SecretFacts): readonly Check[] {
  const inUse = keys.filter(({ retiredAt }) => retiredAt === null);
  if (inUse.length === 0) return [ok(secret, "the database has no key yet; the first start makes it")];
  if (!secrets.fits) {
    return [
      failed(
        secret,
        "The secret is not the one this database was made with: passwords cannot be read, and nothing is sent.",
        "Set SENDWRIGHT_SECRET to the right one, or put the right sendwright.key back. If it is lost, enter the password of each SMTP config again on the settings page.",
      ),
    ];
  }
  if (secrets.newKey !== null) {
    return [
      warning(
        secret,
        "The secret is new to this database, which an earlier one opens.",
        "Restart the server with SENDWRIGHT_SECRET and SENDWRIGHT_PREVIOUS_SECRETS as they are here, then run `sendwright rotate`.",
      ),
    ];
  }
  return [ok(secret, "it fits the database"), checkPrevious(secrets, inUse, configs, previousCount)];
}

function checkPrevious(
  secrets: Secrets,
  inUse: readonly EncryptionKey[],
  configs: readonly SmtpConfig[],
  previousCount: number,
): Check {
  const old = inUse.filter(({ keyId }) => keyId !== secrets.primaryKeyId).length;
  const behind = configs.filter((config) => !secrets.isCurrentSeal(config.secret.seal)).length;
  const what = `${behind} of ${configs.length} SMTP configs, and perhaps emails,`;
  if (secrets.unknownKeyIds.length > 0) {
    return warning(
      previous,
      `An earlier secret may still be needed and is not known here: ${what} are not under the present one.`,
      "Name it in SENDWRIGHT_PREVIOUS_SECRETS, restart the server, and run `sendwright rotate`.",
    );
  }
  if (old > 0) {
    return warning(
      previous,
      `Still needed: ${what} are not under the present secret.`,
      "`sendwright rotate` puts everything under the present secret.",
    );
  }
  return ok(
    previous,
    previousCount === 0 ? "none needed" : "no longer needed: SENDWRIGHT_PREVIOUS_SECRETS can be removed",
  );
}
