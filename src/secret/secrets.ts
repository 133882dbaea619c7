import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import { purposeKey } from "./derive.ts";
import { type FernetKey, formatKey } from "./fernet.ts";
import { createKeyring, type Keyring } from "./keyring.ts";
import { makeSeal, type Sealed, sealHolds } from "./seal.ts";

/** A row of `encryption_key`: how a key is derived from its secret, and how to know it again. */
export interface KeyRow {
  readonly keyId: string;
  readonly kdf: string;
  /** base64url; null where the secret is the key. */
  readonly salt: string | null;
  /** What the kdf needs besides the salt. */
  readonly params: Readonly<Record<string, number>>;
  readonly checkToken: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Since when nothing is encrypted with it any more; null while something may be. */
  readonly retiredAt: number | null;
}

/** A key with the name under which `encryption_key` and seals speak of it. */
export interface NamedKey {
  readonly keyId: string;
  readonly key: FernetKey;
}

/**
 * `intact`; `broken`: made with a key at hand, but for other values; `unknown-key`: made with a key that
 * none of the secrets gives, so that nothing can be said about the values.
 */
export type SealState = "intact" | "broken" | "unknown-key";

/** The unlocked keys, as the rooms above use them. Encrypting and sealing use the primary key. */
export interface Secrets extends Keyring {
  /** The key that encrypts. */
  readonly primaryKeyId: string;
  /**
   * False while keys are in use and no secret gives one of them: what they encrypted cannot be read. A
   * new primary key is in use once it is stored.
   */
  readonly fits: boolean;
  /** Keys in use that none of the secrets gives. */
  readonly unknownKeyIds: readonly string[];
  /**
   * The primary key's row while the database does not hold it. Store it before, or in one transaction
   * with, the first thing encrypted, else nothing can read that after a restart; then call
   * `newKeyStored`. If the secrets fit, store it at the start; if not, only when an admin enters a
   * password again: until then the right secret may still come back.
   */
  readonly newKey: KeyRow | null;
  newKeyStored(): void;

  seal(sealed: Sealed): string;
  checkSeal(sealed: Sealed, seal: string): SealState;
  /** Whether the primary key made the seal. */
  isCurrentSeal(seal: string): boolean;

  /**
   * Keys for one purpose and one row, as a keyring of their own.
   * @throws SendwrightError `secret.mismatch` while the secrets do not fit.
   */
  keyringFor(purpose: "contents" | "oauth" | "webhook", id: string): Keyring;
  /** The secret that signs session cookies: 44 characters. */
  sessionSecret(): string;
}

export interface SecretsParts {
  readonly primary: NamedKey;
  readonly others: readonly NamedKey[];
  readonly fits: boolean;
  readonly unknownKeyIds: readonly string[];
  readonly newKey: KeyRow | null;
  readonly clock: Clock;
}

export function createSecrets(parts: SecretsParts): Secrets {
  const { primary, others, unknownKeyIds, clock } = parts;
  let { fits, newKey } = parts;
  const otherKeys = others.map(({ key }) => key);
  return {
    ...createKeyring(primary.key, otherKeys, clock),
    primaryKeyId: primary.keyId,
    get fits() {
      return fits;
    },
    unknownKeyIds,
    get newKey() {
      return newKey;
    },
    newKeyStored() {
      newKey = null;
      fits = true;
    },

    seal: (sealed) => `${primary.keyId}.${makeSeal(primary.key, sealed)}`,
    checkSeal(sealed, seal) {
      const maker = [primary, ...others].find(({ keyId }) => seal.startsWith(`${keyId}.`));
      if (maker === undefined) return "unknown-key";
      return sealHolds(maker.key, sealed, seal.slice(maker.keyId.length + 1)) ? "intact" : "broken";
    },
    isCurrentSeal: (seal) => seal.startsWith(`${primary.keyId}.`),

    keyringFor(purpose, id) {
      if (!fits) {
        throw new SendwrightError(
          "secret.mismatch",
          "SENDWRIGHT_SECRET does not fit this database. Set the secret it was made with, or enter the SMTP password again.",
        );
      }
      const keyFor = (key: FernetKey) => purposeKey(key, purpose, id);
      return createKeyring(keyFor(primary.key), otherKeys.map(keyFor), clock);
    },
    sessionSecret: () => formatKey(purposeKey(primary.key, "sessions", "")),
  };
}
