import type { Clock } from "../core/clock.ts";
import { isSendwrightError } from "../core/errors.ts";
import { encrypt, type FernetKey, invalidToken, type Opened, open, seal } from "./fernet.ts";

/** Several keys used as one, like MultiFernet: the first one encrypts, all of them decrypt. */
export interface Keyring {
  /** A token of this text (as UTF-8) or these bytes, made with the first key. */
  encrypt(plaintext: string | Uint8Array): string;
  /** @throws SendwrightError `token.invalid` if no key opens it. */
  decrypt(token: string): Buffer;
  /**
   * The same content under the first key, with the token's own time and a new IV.
   * @throws SendwrightError `token.invalid` if no key opens it.
   */
  rotate(token: string): string;
  /** Whether the first key opens the token, so that `rotate` would gain nothing. */
  isCurrent(token: string): boolean;
}

/** @param others keys that only decrypt, in the order in which they are tried. */
export function createKeyring(first: FernetKey, others: readonly FernetKey[], clock: Clock): Keyring {
  const keys = [first, ...others];
  function openWithAny(token: string): Opened {
    for (const key of keys) {
      const opened = tryOpen(key, token);
      if (opened !== null) return opened;
    }
    throw invalidToken();
  }
  return {
    encrypt: (plaintext) => encrypt(first, plaintext, { now: clock.now() }),
    decrypt: (token) => openWithAny(token).plaintext,
    rotate: (token) => seal(first, openWithAny(token)),
    isCurrent: (token) => tryOpen(first, token) !== null,
  };
}

function tryOpen(key: FernetKey, token: string): Opened | null {
  try {
    return open(key, token);
  } catch (error) {
    if (isSendwrightError(error, "token.invalid")) return null;
    throw error;
  }
}
