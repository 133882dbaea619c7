import { mask, redactor } from "./redact.ts";

/** Shorter names without an @ stand in other words too, so they are looked for as words of their own. */
const shortest = 8;

/**
 * Hides usernames in what a relay says, for readers who may not learn which account emails go through: as they are,
 * and if they are long enough also escaped or in base64, as with passwords.
 */
export function accountHider(usernames: Iterable<string>): (text: string) => string {
  const hiders = [...new Set(usernames)].filter((name) => name !== "").map(hiderOf);
  return (text) => hiders.reduce((shown, hide) => hide(shown), text);
}

function hiderOf(username: string): (text: string) => string {
  if (username.includes("@") || username.length >= shortest) {
    return redactor({ username: "", password: username, method: "auto" }).text;
  }
  const escaped = username.replaceAll(/[\\^$.*+?()[\]{}|/-]/gu, "\\$&");
  const word = new RegExp(`(?<![\\p{L}\\p{N}@._-])${escaped}(?![\\p{L}\\p{N}@_-])`, "giu");
  return (text) => text.replace(word, mask);
}
