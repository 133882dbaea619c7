import type { SendwrightError } from "../../core/errors.ts";
import { invalidInput } from "../../core/parse.ts";

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
/** A text of more bytes is parsed by itself; see `parseJson`. */
const longTextBytes = 4_096;
/** Bytes beside the long texts, which are parsed in one go: 500 emails of a batch have 32 KiB each. */
export const maxRestBytes = 16 * 1024 * 1024;
/** More characters than any number has: making one of millions of digits takes its time. */
const longestToken = 1_000;

/** Where a text stands among the bytes of a body, without its quotes. */
export interface TextPlace {
  readonly start: number;
  readonly end: number;
}

const space = 0x20;
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;

/**
 * Measures a JSON text as it arrives, before it is kept or parsed: parsing a few megabytes of empty arrays or
 * of names that differ takes seconds and hundreds of megabytes. Whether it is JSON at all is for the parser to
 * say.
 */
export class JsonSize {
  readonly #limits: JsonLimits;
  /** For each level, whether it is an object. */
  readonly #levels: boolean[] = [];
  readonly #names = new Set<string>();
  #longNames = 0;
  #values = 1;
  /** Characters of the number or word that is being read. */
  #token = 0;
  #isNameNext = false;
  #isInText = false;
  #isEscaped = false;
  /** What is known of the name that is being read; null for another text. */
  #name: string | null = null;
  /** Bytes before the chunk that is being read. */
  #offset = 0;
  /** Where the text that is being read starts. */
  #textStart = 0;
  /** Bytes of the long texts. */
  #longBytes = 0;
  readonly #longTexts: TextPlace[] = [];

  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  /** The long texts, but for names, in their order. One without an end is among them. */
  get longTexts(): readonly TextPlace[] {
    const open = { start: this.#textStart, end: this.#offset };
    return this.#isInText && this.#isLong(open) ? [...this.#longTexts, open] : this.#longTexts;
  }

  /**
   * @param chunk what comes next.
   * @returns what is too much, once it is.
   */
  add(chunk: Uint8Array): SendwrightError | null {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < bytes.length; at += 1) {
      if (this.#isInText) at = this.#readText(bytes, at);
      else this.#readOne(bytes[at] ?? space, at);
      const tooMuch = this.#tooMuch(this.#offset + at);
      if (tooMuch !== null) return invalidInput([{ pointer: "", detail: tooMuch }]);
    }
    this.#offset += bytes.length;
    return null;
  }

  /** @returns where the text ends: at its closing quote, or with the chunk. */
  #readText(bytes: Buffer, start: number): number {
    let at = start;
    let isEscaped = this.#isEscaped;
    for (; at < bytes.length && (isEscaped || bytes[at] !== quote); at += 1) {
      isEscaped = !isEscaped && bytes[at] === backslash;
    }
    this.#isEscaped = isEscaped;
    const place = { start: this.#textStart, end: this.#offset + at };
    if (this.#name !== null && this.#name.length <= longestName) {
      this.#name += bytes.toString("latin1", start, Math.min(at, start + longestName + 1));
    }
    if (at < bytes.length) {
      this.#isInText = false;
      if (this.#isLong(place)) {
        this.#longTexts.push(place);
        this.#longBytes += place.end - place.start;
      }
      if (this.#name !== null && this.#name.length > longestName) this.#longNames += 1;
      else if (this.#name !== null) this.#names.add(this.#name);
    }
    return at;
  }

  #readOne(byte: number, at: number): void {
    switch (byte) {
      case quote:
        this.#isInText = true;
        this.#textStart = this.#offset + at + 1;
        this.#name = this.#isNameNext ? "" : null;
        this.#isNameNext = false;
        break;
      case openBrace:
      case openBracket:
        this.#isNameNext = byte === openBrace;
        this.#levels.push(this.#isNameNext);
        this.#values += 1;
        break;
      case closeBrace:
      case closeBracket:
        this.#levels.pop();
        this.#isNameNext = false;
        break;
      case comma:
        this.#isNameNext = this.#levels.at(-1) === true;
        this.#values += 1;
        break;
      default:
        this.#token = byte > space ? this.#token + 1 : 0;
        return;
    }
    this.#token = 0;
  }

  #isLong({ start, end }: TextPlace): boolean {
    return this.#name === null && end - start > longTextBytes;
  }

  /** @param read bytes. */
  #tooMuch(read: number): string | null {
    const { depth, values, names } = this.#limits;
    if (this.#levels.length > depth) return `is nested deeper than ${depth} levels`;
    if (this.#values > values) return `has more than ${values} values`;
    if (this.#names.size + this.#longNames > names) return `has more than ${names} different field names`;
    const open = { start: this.#textStart, end: read };
    const inLongText = this.#isInText && this.#isLong(open) ? read - open.start : 0;
    if (read - this.#longBytes - inLongText > maxRestBytes) {
      return `has more than ${maxRestBytes} bytes in field names, numbers and texts of up to ${longTextBytes} bytes`;
    }
    if (this.#token > longestToken) return `has a number with more than ${longestToken} characters`;
    return null;
  }
}
