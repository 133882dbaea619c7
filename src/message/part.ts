import { encodeQuotedPrintable } from "./quoted-printable.ts";

/** A MIME entity (RFC 2045 §2.4): its Content- fields, and its body without the line break after it. */
export interface Part {
  readonly fields: string;
  readonly body: readonly Uint8Array[];
}

/**
 * Nothing that quoted-printable or base64 makes holds this, and no line of a 7bit part begins so after
 * its dashes: that is why no boundary can occur in a part.
 */
const boundaryStart = "=_";
/**
 * What is not ASCII; blanks at the end of a line, a line `.` and one beginning `From `, which some
 * relays change (RFC 2049 §3); and what could be a boundary.
 */
const harmfulIn7bit = /[^\t\r\n -~]|[\t ](?:\r\n|$)|(?:^|\n)(?:From |--=_|\.(?:\r\n|$))/;
/** RFC 5322 §2.1.1 recommends it; longer lines become quoted-printable. */
const maxTextLine = 78;
/** RFC 2045 §6.8. */
const maxBase64Line = 76;

/** Lines of base64 in one step: a few milliseconds. */
const stepLines = 8_192;

const lineBreak = Buffer.from("\r\n", "latin1");

/**
 * A text part in UTF-8: 7bit where nothing on the way can harm it, else quoted-printable or base64,
 * whichever is shorter. Any line break of the text (CRLF, CR, LF) is one; the last one is implied.
 */
export function textPart(subtype: "plain" | "html", text: string): Part {
  return linesPart(`text/${subtype}; charset=utf-8`, withCrlf(text).replace(/\r\n$/, ""));
}

/** Text with the line breaks of mail. Any of CRLF, CR and LF is one. */
export function withCrlf(text: string): string {
  return text.replace(/\r\n?|\n/g, "\r\n");
}

/** A part of lines in UTF-8, of which the last one may have no CRLF. */
export function linesPart(contentType: string, lines: string): Part {
  if (is7bit(lines)) return leaf(contentType, "7bit", Buffer.from(lines, "latin1"));
  const bytes = Buffer.from(lines);
  const encoded = encodeQuotedPrintable(bytes);
  return encoded.length <= base64LineLength(bytes.length)
    ? leaf(contentType, "quoted-printable", encoded)
    : leaf(contentType, "base64", wrapBase64(bytes.toString("base64")));
}

/** Parts in one of the multipart types (RFC 2046 §5.1). `parameters` stand after the boundary. */
export function multipart(
  subtype: "alternative" | "mixed" | "related",
  seed: string,
  parts: readonly Part[],
  parameters = "",
): Part {
  // The first letter tells nested boundaries apart: none may be the beginning of another.
  const boundary = `${boundaryStart}${subtype.charAt(0)}${seed}`;
  const body = parts.flatMap((part) => [
    Buffer.from(`--${boundary}\r\n${part.fields}\r\n`, "latin1"),
    ...part.body,
    lineBreak,
  ]);
  return {
    fields: `Content-Type: multipart/${subtype};\r\n boundary="${boundary}"${parameters}\r\n`,
    body: [...body, Buffer.from(`--${boundary}--`, "latin1")],
  };
}

/** Canonical base64 in lines of 76 (RFC 2045 §6.8). */
function wrapBase64(base64: string): Uint8Array {
  const source = Buffer.from(base64, "latin1");
  // The last line has no line break.
  const output = Buffer.allocUnsafe(
    Math.max(0, base64LineLength((source.length / 4) * 3) - lineBreak.length),
  );
  let length = 0;
  for (let start = 0; start < source.length; start += maxBase64Line) {
    if (start > 0) length += lineBreak.copy(output, length);
    length += source.copy(output, length, start, start + maxBase64Line);
  }
  return output.subarray(0, length);
}

/**
 * The lines of base64 of some content, in steps, between which the caller may do something else.
 * @param content bytes, or these in base64.
 * @returns pieces that follow each other, or null for text that is not base64 in the one canonical form.
 */
export function* base64Lines(
  content: Uint8Array | string,
): Generator<undefined, readonly Uint8Array[] | null> {
  const isText = typeof content === "string";
  const stepLength = isText ? stepLines * maxBase64Line : (stepLines * maxBase64Line * 3) / 4;
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < content.length; start += stepLength) {
    const base64 = isText
      ? canonical(content.slice(start, start + stepLength), start + stepLength >= content.length)
      : bytesOf(content, start, start + stepLength).toString("base64");
    if (base64 === null) return null;
    if (start > 0) pieces.push(lineBreak);
    pieces.push(wrapBase64(base64));
    yield;
  }
  return pieces;
}

/** Null for what is not canonical. Only the end of the whole may be padded. */
function canonical(base64: string, isEnd: boolean): string | null {
  const isCanonical = Buffer.from(base64, "base64").toString("base64") === base64;
  return isCanonical && (isEnd || !base64.endsWith("=")) ? base64 : null;
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array, start: number, end: number): Buffer {
  return Buffer.from(buffer, byteOffset + start, Math.min(end, byteLength) - start);
}

function base64LineLength(byteLength: number): number {
  const length = Math.ceil(byteLength / 3) * 4;
  return length + Math.ceil(length / maxBase64Line) * lineBreak.length;
}

function leaf(contentType: string, encoding: string, body: Uint8Array): Part {
  return {
    fields: `Content-Type: ${contentType}\r\nContent-Transfer-Encoding: ${encoding}\r\n`,
    body: [body],
  };
}

/** Short lines of ASCII without anything harmful may go as they are. */
function is7bit(lines: string): boolean {
  return !harmfulIn7bit.test(lines) && lines.split("\r\n").every((line) => line.length <= maxTextLine);
}
