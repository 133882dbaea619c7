import type { PosthornError } from "../errors.ts";
import { invalidInput } from "../parse.ts";

/** How much a JSON text may hold. */
export interface JsonLimits {
  /** Levels of arrays and objects. */
  readonly depth: number;
  /** Values of every kind, arrays and objects included. */
  readonly values: number;
  /** Different names of fields. */
  readonly names: number;
}

/** Longer than the name of any field: each such name counts as a new one. */
const longestName = 200;

/** More characters than any number has: making one of millions of digits takes its time. */
const longestToken = 1_000;

const space = 0x20;
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;

/**
 * Looks at a JSON text before it is parsed, once from its beginning to where it is too much: parsing a few
 * megabytes of empty arrays or of names that differ takes seconds, and ends in memory that is never used.
 * Whether it is JSON at all is for the parser to say.
 * @throws PosthornError `input.invalid`
 */
export function checkJsonSize(json: Uint8Array, limits: JsonLimits): void {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  /** For each level, whether it is an object. */
  const levels: boolean[] = [];
  const names = new Set<string>();
  let values = 1;
  let longNames = 0;
  let isNameNext = false;
  let token = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case quote: {
        const end = endOfString(bytes, at + 1);
        if (isNameNext) {
          if (end - at > longestName) longNames += 1;
          else names.add(bytes.toString("latin1", at + 1, end));
          if (names.size + longNames > limits.names) {
            throw tooMuch(`has fields of more than ${limits.names} different names`);
          }
        }
        isNameNext = false;
        at = end;
        break;
      }
      case openBrace:
      case openBracket:
        isNameNext = bytes[at] === openBrace;
        levels.push(isNameNext);
        values += 1;
        if (levels.length > limits.depth) throw tooMuch(`is nested deeper than ${limits.depth} levels`);
        break;
      case closeBrace:
      case closeBracket:
        levels.pop();
        isNameNext = false;
        break;
      case comma:
        isNameNext = levels.at(-1) === true;
        values += 1;
        break;
      default:
        // A number or a word, or what stands between them.
        token = (bytes[at] ?? 0) > space ? token + 1 : 0;
        if (token > longestToken) throw tooMuch(`has a number of more than ${longestToken} characters`);
        continue;
    }
    token = 0;
    if (values > limits.values) throw tooMuch(`holds more than ${limits.values} values`);
  }
}

/** Where the string ends that begins here: at its closing quote, or with the text. */
function endOfString(bytes: Uint8Array, start: number): number {
  let at = start;
  for (; at < bytes.length && bytes[at] !== quote; at += 1) if (bytes[at] === backslash) at += 1;
  return at;
}

function tooMuch(detail: string): PosthornError {
  return invalidInput([{ pointer: "", detail }]);
}
