import { redactor } from "../../smtp/redact.ts";

const mask = "***";

/**
 * Hides in a text what a bug report must not reveal: secrets, in every form in which a relay repeats them, names
 * that people sign in with, and everything of an address but its domain.
 */
export function createMasker(
  secrets: readonly string[],
  usernames: readonly string[],
): (text: string) => string {
  const redactors = [...new Set(secrets)]
    // The longest first: one may be a part of another.
    .sort((a, b) => b.length - a.length)
    .map((password) => redactor({ username: "", password, method: "auto" }));
  const names = [...new Set(usernames)]
    .filter((name) => name.length >= shortestName)
    .sort((a, b) => b.length - a.length);
  return (text) => {
    const withoutSecrets = redactors.reduce((masked, { text: redact }) => redact(masked), text);
    const withoutAddresses = maskAddresses(withoutSecrets);
    return names.reduce((masked, name) => masked.replaceAll(name, mask), withoutAddresses);
  };
}

/** Shorter ones stand in ordinary words too. */
const shortestName = 3;

/**
 * `jo@example.com` becomes `***@example.com`. Also with a quoted local part (RFC 5321 §4.1.2), and with the sign
 * written as in a URL.
 */
export function maskAddresses(text: string): string {
  return text.replaceAll(/(?:"(?:[^"\\]|\\.)*"|[^\s<>()[\],;:"@]+)(@|%40)(?=[\p{L}\p{N}[])/giu, `${mask}$1`);
}

/** A username as it may be shown: that there is one, and whether it is an address. */
export function maskUsername(username: string): string {
  const at = username.lastIndexOf("@");
  return at === -1 ? mask : `${mask}${username.slice(at)}`;
}
