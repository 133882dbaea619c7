import type { Secrets } from "../secret/secrets.ts";
import type { StoredContent } from "../store/emails.ts";

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

/** @throws PosthornError `token.invalid` if none of the keys opens it. */
export function revealContent(secrets: Secrets, emailId: string, stored: StoredContent): Uint8Array {
  if (!stored.encrypted) return stored.content;
  return secrets.keyringFor("contents", emailId).decrypt(Buffer.from(stored.content).toString("latin1"));
}
