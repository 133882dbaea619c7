import { isAscii } from "node:buffer";
import { SendwrightError } from "../core/errors.ts";

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const dot = 0x2e;
/** RFC 5321 §4.5.3.1.6, without the CRLF. */
const maxLineBytes = 998;
const crlf = Buffer.from("\r\n");
const end = Buffer.from(".\r\n");
const stuffedDot = Buffer.of(dot);

/** Large blocks need few passes through TLS and the operating system; the limit bounds what they buffer. */
export const blockBytes = 256 * 1024;

/** Whether a content takes more than one block, so that it holds up what waits behind it. */
export function isLarge(bytes: number): boolean {
  return bytes > blockBytes;
}

/** A content that is read in its turn, not before: large ones that wait need no memory. */
export interface DeferredContent {
  /** Its octets at the most; for an encrypted one the exact number shows when it is read. */
  readonly maxSize: number;
  /** Reads it, in parts of whole lines. It may be called again if the message moves to another session. */
  read(): Promise<readonly Uint8Array[]>;
}

/** The whole MIME document, its lines ending in CRLF. It is sent as it is. */
export type MessageContent = Uint8Array | DeferredContent;

/** Octets at the most, known before the content is read. */
export function maxSizeOf(content: MessageContent): number {
  return content instanceof Uint8Array ? content.length : content.maxSize;
}

/**
 * The content of a message, checked, and as DATA sends it. The composer makes lines of 7-bit text that end in CRLF;
 * that is checked here once more, as a bare CR or LF lets one relay see the end of a message where the next does not
 * (SMTP smuggling; RFC 5321 §2.3.8 forbids it), and an 8-bit byte needs an extension (RFC 6152).
 */
export class Content {
  /** As RFC 1870 §5 counts it: with CRLFs, without dot-stuffing and the final dot. */
  readonly size: number;
  /** Octets after the 354: dot-stuffed, with the final dot. */
  readonly wireBytes: number;
  readonly #parts: readonly Buffer[];
  /** The final dot, with the line end that the content lacks. */
  readonly #end: Buffer;

  /**
   * @param parts each but the last one ends in CRLF
   * @throws SendwrightError `input.invalid`
   */
  constructor(parts: readonly Uint8Array[], needsSmtpUtf8: boolean) {
    this.#parts = parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength));
    const dots = this.#parts.reduce((sum, part) => sum + checkLines(part), 0);
    if (!needsSmtpUtf8 && !this.#parts.every((part) => isAscii(part))) {
      throw new SendwrightError(
        "input.invalid",
        "The content isn't ASCII. Encode it, or send it with SMTPUTF8.",
      );
    }
    const endsInLine = (part: Buffer) => part.length === 0 || part.at(-1) === lineFeed;
    if (!this.#parts.slice(0, -1).every(endsInLine)) throw new TypeError("A part ends within a line.");
    const isComplete = this.#parts.every(endsInLine);
    this.#end = isComplete ? end : Buffer.concat([crlf, end]);
    const bytes = this.#parts.reduce((sum, { length }) => sum + length, 0);
    this.size = bytes + (isComplete ? 0 : crlf.length);
    this.wireBytes = this.size + dots + end.length;
  }

  /** What follows the 354, block by block, each stuffed when its turn comes: there is no second whole copy. */
  *blocks(): Generator<{ readonly bytes: Buffer; readonly isLast: boolean }> {
    const blocks = this.#parts.flatMap(blocksOf);
    const last = blocks.pop();
    for (const { part, start } of blocks) yield { bytes: stuff(part, start), isLast: false };
    const rest = last === undefined ? [] : [stuff(last.part, last.start)];
    yield { bytes: Buffer.concat([...rest, this.#end]), isLast: true };
  }
}

function blocksOf(part: Buffer): { readonly part: Buffer; readonly start: number }[] {
  const count = Math.ceil(part.length / blockBytes);
  return Array.from({ length: count }, (_, index) => ({ part, start: index * blockBytes }));
}

/** @returns how many lines begin with a dot. */
function checkLines(bytes: Buffer): number {
  const { length } = bytes;
  let start = 0;
  let dots = bytes[0] === dot ? 1 : 0;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] ?? 0;
    // The usual case has its own branch, because every byte of every email is read here.
    if (byte > carriageReturn || (byte !== carriageReturn && byte !== lineFeed)) continue;
    if (byte === lineFeed || bytes[at + 1] !== lineFeed) {
      throw new SendwrightError("input.invalid", "The content has a bare CR or LF. End each line in CRLF.");
    }
    checkLength(at - start);
    start = at + 2;
    if (bytes[start] === dot) dots++;
    at++;
  }
  checkLength(length - start);
  return dots;
}

function checkLength(lineBytes: number): void {
  if (lineBytes <= maxLineBytes) return;
  throw new SendwrightError(
    "input.invalid",
    `The content has a line longer than ${maxLineBytes} octets. Encode it.`,
  );
}

/**
 * RFC 5321 §4.5.2: a line that begins with a dot gets another one.
 * @returns the block of the part that begins at `start`; a block without such lines is not copied.
 */
function stuff(part: Buffer, start: number): Buffer {
  const stop = Math.min(start + blockBytes, part.length);
  const pieces: Buffer[] = [];
  if (part[start] === dot && (start === 0 || part[start - 1] === lineFeed)) pieces.push(stuffedDot);
  const block = part.subarray(start, stop);
  let from = 0;
  for (let at = block.indexOf("\n."); at !== -1; at = block.indexOf("\n.", from)) {
    // The dot belongs to this piece and begins the next one: it is sent twice.
    pieces.push(block.subarray(from, at + 2));
    from = at + 1;
  }
  if (pieces.length === 0) return block;
  pieces.push(block.subarray(from));
  return Buffer.concat(pieces);
}
