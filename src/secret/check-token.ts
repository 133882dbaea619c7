import { isSendwrightError } from "../core/errors.ts";
import { decrypt, encrypt, type FernetKey } from "./fernet.ts";

const content = "sendwright";

/** A token that tells later whether a key is the same, kept beside the key's derivation. */
export function makeCheckToken(key: FernetKey, now: number): string {
  return encrypt(key, content, { now });
}

/** Whether this key made the check token. */
export function fitsCheckToken(key: FernetKey, token: string): boolean {
  try {
    return decrypt(key, token).toString() === content;
  } catch (error) {
    if (isSendwrightError(error, "token.invalid")) return false;
    throw error;
  }
}
