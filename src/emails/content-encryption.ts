import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { StoredContent } from "../store/tables/email-content.ts";

/** Sensitive contents are encrypted under a key that is bound to their email. */
export function protectContent(
  secrets: Secrets,
  email: { readonly id: string; readonly sensitive: boolean },
  content: Uint8Array,
): StoredContent {
  if (!email.sensitive) return { content, encrypted: false };
  const token = secrets.keyringFor("contents", email.id).encrypt(content);
  return { content: Buffer.from(token, "latin1"), encrypted: true };
}

/** @throws SendwrightError `email.content_gone` if none of the keys opens it; `secret.mismatch` */
export function revealContent(secrets: Secrets, emailId: string, stored: StoredContent): Uint8Array {
  if (!stored.encrypted) return stored.content;
  const keyring = secrets.keyringFor("contents", emailId);
  try {
    return keyring.decrypt(Buffer.from(stored.content).toString("latin1"));
  } catch (error) {
    if (!isSendwrightError(error, "token.invalid")) throw error;
    throw new SendwrightError(
      "email.content_gone",
      "This email's content was encrypted with a secret that is no longer available.",
      { cause: error },
    );
  }
}
