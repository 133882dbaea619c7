import { SendwrightError } from "../core/errors.ts";
import type { Mailbox } from "../core/model.ts";
import type { Address } from "./address.ts";
import { encodeWords } from "./encoded-word.ts";

/**
 * Lines are folded at this column: RFC 2047 §2 allows 76 where an encoded word stands, RFC 5322
 * §2.1.1 recommends 78 elsewhere.
 */
const foldLength = 76;
/** RFC 5322 §2.1.1, without CRLF: longer lines are cut or refused on the way. */
export const maxLineLength = 998;
/**
 * Leaves room for `Reply-To: ` beside the first word of a display name. Longer names become encoded
 * words, the only form of a name that may be folded anywhere.
 */
const nameWordLength = 64;

/**
 * An unstructured field (RFC 5322 §2.2.1), folded, with its CRLF. The value is written as it is if
 * every reader gives it back unchanged, else as encoded words (RFC 2047).
 * @throws SendwrightError `header.invalid` if the value holds a line break or another control character.
 */
export function textField(name: string, value: string): string {
  refuseControls(name, value);
  const words = value === "" ? [] : value.split(" ");
  const roomForWord = maxLineLength - name.length - ": ".length;
  const isPlain = isPlainText(value) && words.every((word) => word.length <= roomForWord);
  return foldField(name, isPlain ? words : encodeWords(value, foldLength - name.length - ": ".length));
}

/**
 * A field of parsed mailboxes (RFC 5322 §3.6.3), folded, with its CRLF. Addresses are ASCII, except
 * for local parts that need SMTPUTF8: these are raw UTF-8 (RFC 6532).
 */
export function mailboxField(name: string, mailboxes: readonly (Mailbox & Address)[]): string {
  const words = mailboxes.flatMap((mailbox, index) => {
    const comma = index < mailboxes.length - 1 ? "," : "";
    if (mailbox.name === null) return [mailbox.address + comma];
    return [...phrase(mailbox.name), `<${mailbox.address}>${comma}`];
  });
  return foldField(name, words);
}

/**
 * Joins words to one field, folded before a word where the line would get too long (RFC 5322 §2.2.3).
 * A first word longer than that stays beside the name, if a line may have the two.
 */
export function foldField(name: string, words: readonly string[]): string {
  let field = `${name}:`;
  let column = field.length;
  for (const [index, word] of words.entries()) {
    const length = 1 + word.length;
    const isBetterBelow = index > 0 || length <= foldLength || column + length > maxLineLength;
    if (column + length > foldLength && isBetterBelow) {
      field += "\r\n";
      column = 0;
    }
    field += ` ${word}`;
    column += length;
  }
  return `${field}\r\n`;
}

/** Refused, not cleaned: whoever puts a line break in a value is adding a field of their own. */
export function refuseControls(name: string, value: string): void {
  if (/\p{Cc}/u.test(value)) {
    throw invalidHeader(name, "contains a line break, NUL or another control character; remove it");
  }
  if (!value.isWellFormed()) throw invalidHeader(name, "contains half a character (a lone UTF-16 surrogate)");
}

/** @param detail what is wrong, by which rule, and what to do; it follows the name of the header. */
export function invalidHeader(name: string, detail: string): SendwrightError {
  return new SendwrightError("header.invalid", `The header "${name}" ${detail}.`);
}

/**
 * True if readers give the text back as it is: printable ASCII, no space that a reader may trim or
 * merge, nothing that looks like the start of an encoded word.
 */
function isPlainText(text: string): boolean {
  return !/[^ -~]|^ | $| {2}|=\?/.test(text);
}

/** A phrase, such as a display name (RFC 5322 §3.2.5): atoms, else one quoted-string, else encoded words. */
export function phrase(name: string): string[] {
  const isAtoms = /^[\w !#$%&'*+/=?^`{|}~-]+$/.test(name);
  const written = isAtoms ? name : `"${name.replace(/["\\]/g, "\\$&")}"`;
  if (!isPlainText(name) || written.length > nameWordLength) return encodeWords(name, nameWordLength);
  return isAtoms ? name.split(" ") : [written];
}
