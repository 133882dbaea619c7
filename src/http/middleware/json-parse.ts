import { randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { TextPlace } from "./json-size.ts";

/** Bytes of long texts that are decoded and parsed in one go. */
const pieceBytes = 1024 * 1024;
/** The longest escape is `\u4e2d`. */
const longestEscape = 6;
const backslash = 0x5c;

/**
 * Parses JSON as `JSON.parse` does, its long texts by themselves and in pieces: one text of 40 MB in one go would keep
 * everybody else waiting, above all if it holds escapes or a character beyond Latin-1.
 * @param longTexts where they are, in their order.
 * @throws SyntaxError if it is no JSON; TypeError if it is not UTF-8.
 */
export async function parseJson(bytes: Uint8Array, longTexts: readonly TextPlace[]): Promise<unknown> {
  // Nobody can write into a body what stands for a text of it.
  const mark = randomUUID();
  const texts: string[] = [];
  const rest: string[] = [];
  let end = 0;
  let sinceTurn = 0;
  for (const { start, end: textEnd } of longTexts) {
    rest.push(decode(bytes.subarray(end, start), end > 0), `${mark} ${texts.length}`);
    texts.push(await parseText(bytes.subarray(start, textEnd)));
    end = textEnd;
    sinceTurn += textEnd - start;
    if (sinceTurn > pieceBytes) {
      sinceTurn = 0;
      await nextTurn();
    }
  }
  rest.push(decode(bytes.subarray(end), end > 0));
  await nextTurn();
  const value: unknown = JSON.parse(rest.join(""));
  return texts.length === 0 ? value : withTexts(value, mark, texts);
}

/** @param isWithin a mark at its beginning is a character of the body, and not the byte order mark before it. */
function decode(bytes: Uint8Array, isWithin: boolean): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: isWithin }).decode(bytes);
}

async function parseText(bytes: Uint8Array): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const pieces: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = pieceEnd(bytes, at);
    // What is left of a character is the decoder's until the next piece.
    const text = decoder.decode(bytes.subarray(at, end), { stream: end < bytes.length });
    pieces.push(JSON.parse(`"${text}"`) as string);
    at = end;
    if (at < bytes.length) await nextTurn();
  }
  return pieces.join("");
}

/** Where a piece ends: before an escape that would be cut. */
function pieceEnd(bytes: Uint8Array, start: number): number {
  const wanted = start + pieceBytes;
  if (wanted >= bytes.length) return bytes.length;
  for (let at = wanted - 1; at > wanted - longestEscape; at -= 1) {
    if (bytes[at] !== backslash) continue;
    let first = at;
    while (first > start && bytes[first - 1] === backslash) first -= 1;
    // Of a row of backslashes each second one is escaped.
    if ((at - first) % 2 === 0) return at;
  }
  return wanted;
}

/** The value with each text in the place of what stands for it. Its depth is limited where it was measured. */
function withTexts(value: unknown, mark: string, texts: readonly string[]): unknown {
  if (typeof value === "string") {
    return value.startsWith(mark) ? texts[Number(value.slice(mark.length + 1))] : value;
  }
  if (typeof value !== "object" || value === null) return value;
  for (const [key, member] of Object.entries(value)) {
    const whole = withTexts(member, mark, texts);
    // An assignment to `__proto__` would set the prototype.
    if (whole !== member) Object.defineProperty(value, key, { value: whole });
  }
  return value;
}
