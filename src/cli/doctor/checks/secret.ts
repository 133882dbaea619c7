import type { Secrets } from "../../../secret/secrets.ts";
import type { EncryptionKey } from "../../../store/tables/encryption-keys.ts";
import type { SmtpConfig } from "../../../store/tables/smtp-configs.ts";
import { type Check, failed, ok, warning } from "./check.ts";

const secret = { id: "secret.fits", title: "Secret" };
const previous = { id: "secret.previous", title: "Previous secrets" };

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
  if (inUse.length === 0) return [ok(secret, "no key in the database yet; created on first start")];
  if (!secrets.fits) {
    return [
      failed(
        secret,
        "The secret doesn't match this database, so Sendwright can't read passwords or send emails.",
        "Set SENDWRIGHT_SECRET to the right secret, or restore the right sendwright.key. If it's lost, enter the password of each SMTP config again on the settings page.",
      ),
    ];
  }
  if (secrets.newKey !== null) {
    return [
      warning(
        secret,
        "The secret is new. This database still uses a previous one.",
        "Restart the server with the same SENDWRIGHT_SECRET and SENDWRIGHT_PREVIOUS_SECRETS as here, then run `sendwright rotate`.",
      ),
    ];
  }
  return [ok(secret, "matches the database"), checkPrevious(secrets, inUse, configs, previousCount)];
}

function checkPrevious(
  secrets: Secrets,
  inUse: readonly EncryptionKey[],
  configs: readonly SmtpConfig[],
  previousCount: number,
): Check {
  const old = inUse.filter(({ keyId }) => keyId !== secrets.primaryKeyId).length;
  const behind = configs.filter((config) => !secrets.isCurrentSeal(config.secret.seal)).length;
  const what = `${behind} of ${configs.length} SMTP configs, and possibly emails,`;
  if (secrets.unknownKeyIds.length > 0) {
    return warning(
      previous,
      `A previous secret may be missing: ${what} aren't encrypted with the current one.`,
      "Add it to SENDWRIGHT_PREVIOUS_SECRETS, restart the server and run `sendwright rotate`.",
    );
  }
  if (old > 0) {
    return warning(
      previous,
      `Still needed: ${what} aren't encrypted with the current secret.`,
      "Run `sendwright rotate` to re-encrypt everything with the current secret.",
    );
  }
  return ok(
    previous,
    previousCount === 0 ? "none needed" : "no longer needed; you can remove SENDWRIGHT_PREVIOUS_SECRETS",
  );
}
