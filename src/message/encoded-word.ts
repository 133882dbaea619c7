/**
 * Encoded words (RFC 2047): text of any script in header fields, as ASCII. The charset is always
 * UTF-8; Q or B, whichever is shorter.
 */

/**
 * RFC 2047 §2 allows a word 75 characters, delimiters included, and its line 76: here a space, a quote
 * and a comma have room beside it.
 */
const maxWordLength = 73;
const delimitersLength = "=?UTF-8?Q??=".length;

/** What each byte becomes in Q. Only RFC 2047 §5(3) characters stay, so that it may stand in a phrase. */
const qForms = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  if (char === " ") return "_";
  if (/[A-Za-z0-9!*+/-]/.test(char)) return char;
  return `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * Encodes text as encoded words, to be separated by folding white space, which decoders drop.
 * A letter with its accents, or an emoji of several code points, stays in one word where it can.
 * @param firstLength room for the first word, in characters, if less than that of the others.
 */
export function encodeWords(text: string, firstLength: number = maxWordLength): string[] {
  const bytes = Buffer.from(text);
  const encoding = qLength(bytes) <= base64Length(bytes.length) ? q : b;
  const firstRoom = encoding.room(Math.min(firstLength, maxWordLength));
  if (encoding.cost(text) <= firstRoom) return [encoding.encode(text)];
  return split(text, encoding, firstRoom).map((piece) => encoding.encode(piece));
}

interface Encoding {
  readonly encode: (text: string) => string;
  /** How much of the room a text takes. */
  readonly cost: (text: string) => number;
  /** What fits in a word of this length: characters for Q, bytes before encoding for B. */
  readonly room: (wordLength: number) => number;
}

const q: Encoding = {
  encode: (text) => `=?UTF-8?Q?${Array.from(Buffer.from(text), (byte) => qForms[byte]).join("")}?=`,
  cost: (text) => qLength(Buffer.from(text)),
  room: (wordLength) => wordLength - delimitersLength,
};

const b: Encoding = {
  encode: (text) => `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`,
  cost: (text) => Buffer.byteLength(text),
  room: (wordLength) => Math.floor((wordLength - delimitersLength) / 4) * 3,
};

/** RFC 2047 §5: each word is complete by itself, so that a cut never goes through a character. */
function split(text: string, encoding: Encoding, firstRoom: number): string[] {
  const fullRoom = encoding.room(maxWordLength);
  const pieces: string[] = [];
  let piece = "";
  let left = firstRoom;
  for (const { segment } of graphemes.segment(text)) {
    const parts = encoding.cost(segment) > fullRoom ? Array.from(segment) : [segment];
    for (const part of parts) {
      const cost = encoding.cost(part);
      if (cost > left && piece !== "") {
        pieces.push(piece);
        piece = "";
        left = fullRoom;
      }
      piece += part;
      left -= cost;
    }
  }
  pieces.push(piece);
  return pieces;
}

function qLength(bytes: Uint8Array): number {
  let length = 0;
  for (const byte of bytes) length += qForms[byte]?.length ?? 0;
  return length;
}

function base64Length(byteLength: number): number {
  return Math.ceil(byteLength / 3) * 4;
}
