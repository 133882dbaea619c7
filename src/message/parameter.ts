import { encodeWords } from "./encoded-word.ts";

/** A word of a folded field, with its `;`, fits in a line of 76 after its space. */
const maxWordLength = 74;
/** What no reader trips over in a quoted-string: without `"`, `\`, `%` and what naive ones split at. */
const plainValue = /^[\w!#$&()+,.@^`{}~[\]-]+(?: [\w!#$&()+,.@^`{}~[\]-]+)*$/;

/**
 * A MIME parameter as words for folding, without the `;` after it: `name="value"`, or percent-encoded
 * UTF-8, in numbered pieces if it is long (RFC 2231 §3 and §4).
 */
export function parameter(name: string, value: string): string[] {
  const plain = `${name}="${value}"`;
  if (isPlain(value) && plain.length <= maxWordLength) return [plain];

  const whole = `${name}*=UTF-8''${percentEncode(value)}`;
  if (whole.length <= maxWordLength) return [whole];

  const words: string[] = [];
  let word = `${name}*0*=UTF-8''`;
  // By code points: some readers decode each piece by itself.
  for (const char of value) {
    const encoded = percentEncode(char);
    if (word.length + encoded.length > maxWordLength) {
      words.push(`${word};`);
      word = `${name}*${words.length}*=`;
    }
    word += encoded;
  }
  return [...words, word];
}

/**
 * A parameter as Outlook reads it best: encoded words in a quoted-string. RFC 2047 §5 does not
 * allow this, so that it only repeats, as `name` of Content-Type, what `filename` says properly.
 */
export function legacyParameter(name: string, value: string): string[] {
  const plain = `${name}="${value}"`;
  if (isPlain(value) && plain.length <= maxWordLength) return [plain];
  const words = encodeWords(value, maxWordLength - plain.length + value.length);
  return `${name}="${words.join(" ")}"`.split(" ");
}

function isPlain(value: string): boolean {
  return plainValue.test(value);
}

/** RFC 2231 §7 attribute-char: what encodeURIComponent leaves, without `*`, `'`, `(` and `)`. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[*'()]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
