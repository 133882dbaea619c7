import { isAscii } from "node:buffer";
import { SendwrightError } from "../core/errors.ts";

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const dot = 0x2e;
/** RFC 5321 §4.5.3.1.6, without the CRLF. */
const maxLineBytes = 998;
const crlf = Buffer.from("\r\n");
const end = Buffer.from(".\r\n");

/** The content of a message, checked. */
export interface Content {
  /** As RFC 1870 §5 counts it: with CRLFs, without dot-stuffing and the final dot. */
  readonly size: number;
  /** What follows the 354: dot-stuffed, with the final dot. */
  readonly wire: Buffer;
}

/**
 * Prepares a message for DATA. The composer makes lines of 7-bit text that end in CRLF; that is checked
 * here once more, as a bare CR or LF lets one relay see the end of a message where the next does not
 * (SMTP smuggling; RFC 5321 §2.3.8 forbids it), and an 8-bit byte needs an extension (RFC 6152).
 * @throws SendwrightError `input.invalid`
 */
export function prepareContent(content: Uint8Array, needsSmtpUtf8: boolean): Content {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  checkLines(bytes);
  if (!needsSmtpUtf8 && !isAscii(bytes)) {
    throw new SendwrightError(
      "input.invalid",
      "The content has bytes outside ASCII: encode it, or send it with SMTPUTF8.",
    );
  }
  const lines = bytes.length === 0 || bytes.at(-1) === lineFeed ? [bytes] : [bytes, crlf];
  const size = lines.reduce((sum, part) => sum + part.length, 0);
  return { size, wire: Buffer.concat([...lines.flatMap(stuff), end]) };
}

function checkLines(bytes: Buffer): void {
  const { length } = bytes;
  let start = 0;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] ?? 0;
    // The usual case has its own branch, because every byte of every email is read here.
    if (byte > carriageReturn || (byte !== carriageReturn && byte !== lineFeed)) continue;
    if (byte === lineFeed || bytes[at + 1] !== lineFeed) {
      throw new SendwrightError(
        "input.invalid",
        "The content has a bare CR or LF: each line must end in CRLF.",
      );
    }
    checkLength(at - start);
    start = at + 2;
    at++;
  }
  checkLength(bytes.length - start);
}

function checkLength(lineBytes: number): void {
  if (lineBytes <= maxLineBytes) return;
  throw new SendwrightError(
    "input.invalid",
    `The content has a line longer than ${maxLineBytes} octets: encode it.`,
  );
}

/** RFC 5321 §4.5.2: a line that begins with a dot gets another one. Cut into pieces before each such dot. */
function stuff(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let start = 0;
  if (bytes[0] === dot) pieces.push(Buffer.of(dot));
  for (let at = bytes.indexOf("\n."); at !== -1; at = bytes.indexOf("\n.", start)) {
    // The dot belongs to this piece and begins the next one: it is sent twice.
    pieces.push(bytes.subarray(start, at + 2));
    start = at + 1;
  }
  pieces.push(bytes.subarray(start));
  return pieces;
}
