import { isSendwrightError } from "../core/errors.ts";
import { decrypt, encrypt, type FernetKey } from "./fernet.ts";

const content = "sendwright";

/** A token that later proves whether a key is the same; it is stored beside the key's derivation. */
export function makeCheckToken(key: FernetKey, now: number): string {
  return encrypt(key, content, { now });
}

/** Whether the check token is of this key. */
export function fitsCheckToken(key: FernetKey, token: string): boolean {
  try {
    return decrypt(key, token).toString() === content;
  } catch (error) {
    if (isSendwrightError(error, "token.invalid")) return false;
    throw error;
  }
}
