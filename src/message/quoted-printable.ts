/** Quoted-printable (RFC 2045 §6.7): bytes in, bytes out, by a table. */

/** Leaves room for the `=` of a soft line break: a line has at most 76 characters. */
const softLimit = 75;

const escaped = 0;
const literal = 1;
/** A space or a tab: literal unless a line ends there (rule 3). */
const blank = 2;
/** `.` and F, which relays corrupt at the start of a line (RFC 2049 §3). */
const delicate = 3;

const kinds = new Uint8Array(256).fill(literal, 0x21, 0x7f);
kinds[0x3d] = escaped;
kinds[0x20] = blank;
kinds[0x09] = blank;
kinds[0x2e] = delicate;
kinds[0x46] = delicate;

const hexDigits = Buffer.from("0123456789ABCDEF", "latin1");
const [cr, lf, equals] = [0x0d, 0x0a, 0x3d];

/**
 * Encodes text with CRLF line breaks. A CR or LF alone is no line break here: it is escaped like any
 * other control, so that the result has none.
 */
export function encodeQuotedPrintable(text: Uint8Array): Uint8Array {
  const output = Buffer.allocUnsafe(maxEncodedLength(text.length));
  let length = 0;
  let column = 0;

  for (let index = 0; index < text.length; index += 1) {
    const byte = text[index] ?? 0;
    const kind = kinds[byte];
    const isLiteral =
      kind === literal ||
      (kind === blank && !endsLine(text, index + 1)) ||
      (kind === delicate && !(startsLine(column) && isAtRisk(text, index)));
    // The common case by itself: this loop is most of what composing costs.
    if (isLiteral && column < softLimit) {
      output[length++] = byte;
      column += 1;
      continue;
    }
    if (byte === cr && text[index + 1] === lf) {
      output[length++] = cr;
      output[length++] = lf;
      column = 0;
      index += 1;
      continue;
    }

    const width = isLiteral ? 1 : 3;
    if (column + width > softLimit) {
      output[length++] = equals;
      output[length++] = cr;
      output[length++] = lf;
      column = 0;
    }
    if (isLiteral) {
      output[length++] = byte;
    } else {
      output[length++] = equals;
      output[length++] = hexDigits[byte >> 4] ?? 0;
      output[length++] = hexDigits[byte & 15] ?? 0;
    }
    column += width;
  }
  return output.subarray(0, length);
}

/** Also true at the limit: a soft line break comes before the next character. */
function startsLine(column: number): boolean {
  return column === 0 || column === softLimit;
}

function endsLine(text: Uint8Array, index: number): boolean {
  return index === text.length || (text[index] === cr && text[index + 1] === lf);
}

/** A `.`, or the F of `From `. */
function isAtRisk(text: Uint8Array, index: number): boolean {
  return text[index] === 0x2e || (text[index + 1] === 0x72 && text[index + 4] === 0x20);
}

/** Each byte escaped, and a soft line break after every 73rd column or later. */
function maxEncodedLength(byteLength: number): number {
  return byteLength * 3 + Math.ceil((byteLength * 3) / (softLimit - 2)) * 3;
}
