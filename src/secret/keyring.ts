import type { Clock } from "../core/clock.ts";
import { isSendwrightError } from "../core/errors.ts";
import { encrypt, type FernetKey, invalidToken, type Opened, open, seal } from "./fernet.ts";

/** Several keys used as one, like MultiFernet: the first one encrypts, all of them decrypt. */
export class Keyring {
  readonly #first: FernetKey;
  readonly #all: readonly FernetKey[];
  readonly #clock: Clock;

  /** @param others keys that only decrypt, in the order in which they are tried. */
  constructor(first: FernetKey, others: readonly FernetKey[], clock: Clock) {
    this.#first = first;
    this.#all = [first, ...others];
    this.#clock = clock;
  }

  /** A token of this text (as UTF-8) or these bytes, under the first key. */
  encrypt(plaintext: string | Uint8Array): string {
    return encrypt(this.#first, plaintext, { now: this.#clock.now() });
  }

  /** @throws SendwrightError `token.invalid` if no key opens it. */
  decrypt(token: string): Buffer {
    return this.#open(token).plaintext;
  }

  /**
   * The same content under the first key, with the token's own time and a new IV.
   * @throws SendwrightError `token.invalid` if no key opens it.
   */
  rotate(token: string): string {
    return seal(this.#first, this.#open(token));
  }

  /** Whether the first key opens the token, so that `rotate` would gain nothing. */
  isCurrent(token: string): boolean {
    return tryOpen(this.#first, token) !== null;
  }

  #open(token: string): Opened {
    for (const key of this.#all) {
      const opened = tryOpen(key, token);
      if (opened !== null) return opened;
    }
    throw invalidToken();
  }
}

function tryOpen(key: FernetKey, token: string): Opened | null {
  try {
    return open(key, token);
  } catch (error) {
    if (isSendwrightError(error, "token.invalid")) return null;
    throw error;
  }
}
