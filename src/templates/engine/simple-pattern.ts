/** Texts longer than this fit no pattern: nobody needs them to, and matching stays cheap. */
const maxMatchedCharacters = 4096;
const maxPatternCharacters = 200;
const maxRepeated = 64;

const escaped = String.raw`\\(?:[pP]\{\w{1,40}\}|u[0-9a-fA-F]{4}|[dDwWsSnrt]|[^\w\s])`;
const set = String.raw`\[\^?(?:${escaped}|[^\\[\]])+\]`;
const piece = String.raw`(?:${escaped}|${set}|[^\\[\](){}|^$*+?.])(?:\{\d+(?:,\d*)?\}|[*+?])?`;
const pieces = new RegExp(`^\\^(?:${piece})+\\$$`, "u");

/**
 * An expression that cannot be made to run long: characters and sets between `^` and `$`, of which one may
 * be repeated a varying number of times. So there is no choice that a text could have tried over and over
 * (groups, alternatives and references are not taken).
 * @returns null for any other expression.
 */
export function parseSimplePattern(pattern: string): ((text: string) => boolean) | null {
  if (pattern.length > maxPatternCharacters || !pieces.test(pattern)) return null;
  const bare = pattern.replace(new RegExp(`${escaped}|${set}`, "gu"), "x");
  const repeats = bare.match(/\{\d+(?:,\d*)?\}|[*+?]/g) ?? [];
  if (repeats.filter((repeat) => !/^\{\d+\}$/.test(repeat)).length > 1) return null;
  if (repeats.flatMap((repeat) => repeat.match(/\d+/g) ?? []).some((count) => Number(count) > maxRepeated)) {
    return null;
  }
  try {
    const expression = new RegExp(pattern, "u");
    return (text) => text.length <= maxMatchedCharacters && expression.test(text);
  } catch {
    return null;
  }
}
