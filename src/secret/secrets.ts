// The keys that the secrets give: encryption, seals, and keys for one purpose.
// The Fernet specification: tokens. RFC 5869: keys derived for a purpose. RFC 7914: keys derived from passphrases.
// It does not read the environment or the database, and stores nothing.
import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import { purposeKey } from "./derive.ts";
import { type FernetKey, formatKey } from "./fernet.ts";
import { Keyring } from "./keyring.ts";
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
 * `intact`; `broken`: a known key sealed other values; `unknown-key`: none of the secrets gives the key of the
 * seal, which therefore proves nothing about the values.
 */
export type SealState = "intact" | "broken" | "unknown-key";

export interface SecretsDependencies {
  readonly primary: NamedKey;
  readonly others: readonly NamedKey[];
  readonly fits: boolean;
  readonly unknownKeyIds: readonly string[];
  readonly newKey: KeyRow | null;
  readonly clock: Clock;
}

/** The unlocked keys, as the rooms above use them. Encrypting and sealing use the primary key. */
export class Secrets extends Keyring {
  readonly #primary: NamedKey;
  readonly #others: readonly NamedKey[];
  readonly #clock: Clock;
  #fits: boolean;
  #newKey: KeyRow | null;
  /** Keys in use that none of the secrets gives. */
  readonly unknownKeyIds: readonly string[];

  constructor({ primary, others, fits, unknownKeyIds, newKey, clock }: SecretsDependencies) {
    super(
      primary.key,
      others.map(({ key }) => key),
      clock,
    );
    this.#primary = primary;
    this.#others = others;
    this.#clock = clock;
    this.#fits = fits;
    this.#newKey = newKey;
    this.unknownKeyIds = unknownKeyIds;
  }

  /** The key that encrypts. */
  get primaryKeyId(): string {
    return this.#primary.keyId;
  }

  /**
   * False while keys are in use and no secret gives one of them: what they encrypted cannot be read. A
   * new primary key is in use once it is stored.
   */
  get fits(): boolean {
    return this.#fits;
  }

  /**
   * The primary key's row while the database does not hold it. Store it before, or in one transaction
   * with, the first thing encrypted, else nothing can read that after a restart; then call
   * `newKeyStored`. If the secrets fit, store it at the start; if not, only when an admin enters a
   * password again: until then the right secret may still come back.
   */
  get newKey(): KeyRow | null {
    return this.#newKey;
  }

  newKeyStored(): void {
    this.#newKey = null;
    this.#fits = true;
  }

  seal(sealed: Sealed): string {
    return `${this.primaryKeyId}.${makeSeal(this.#primary.key, sealed)}`;
  }

  checkSeal(sealed: Sealed, seal: string): SealState {
    const sealing = [this.#primary, ...this.#others].find(({ keyId }) => seal.startsWith(`${keyId}.`));
    if (sealing === undefined) return "unknown-key";
    return sealHolds(sealing.key, sealed, seal.slice(sealing.keyId.length + 1)) ? "intact" : "broken";
  }

  /** Whether the seal is one of the primary key. */
  isCurrentSeal(seal: string): boolean {
    return seal.startsWith(`${this.primaryKeyId}.`);
  }

  /**
   * Keys for one purpose and one row, as a keyring of their own.
   * @throws SendwrightError `secret.mismatch` while the secrets do not fit.
   */
  keyringFor(purpose: "contents" | "oauth" | "webhook", id: string): Keyring {
    if (!this.#fits) {
      throw new SendwrightError(
        "secret.mismatch",
        "SENDWRIGHT_SECRET doesn't match this database. Set the secret it was created with, or enter the SMTP password again.",
      );
    }
    const keyFor = ({ key }: NamedKey) => purposeKey(key, purpose, id);
    return new Keyring(keyFor(this.#primary), this.#others.map(keyFor), this.#clock);
  }

  /** The secret that signs session cookies: 44 characters. */
  sessionSecret(): string {
    return formatKey(purposeKey(this.#primary.key, "sessions", ""));
  }
}
