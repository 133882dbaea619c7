import { formatDate } from "../message/mime.ts";

const lineFeed = 0x0a;
const space = 0x20;
const tab = 0x09;

/**
 * The same message as another one: with a Message-ID and a Date of its own (RFC 5322 §3.6.4, §3.6.1). All other bytes
 * stay as they are.
 * @param content as `composeMessage` gives it
 * @param messageId with angle brackets
 * @param date milliseconds since the epoch
 */
export function renewedMessage(
  content: Uint8Array,
  { messageId, date }: { readonly messageId: string; readonly date: number },
): Uint8Array {
  const missing = new Map([
    ["date", `Date: ${formatDate(date)}\r\n`],
    ["message-id", `Message-ID: ${messageId}\r\n`],
  ]);
  const parts: Uint8Array[] = [];
  let kept = 0;
  for (const { name, start, end } of headerFields(content)) {
    const renewed = missing.get(name);
    if (renewed === undefined) continue;
    missing.delete(name);
    parts.push(content.subarray(kept, start), Buffer.from(renewed));
    kept = end;
    if (missing.size === 0) break;
  }
  return Buffer.concat([Buffer.from([...missing.values()].join("")), ...parts, content.subarray(kept)]);
}

/** Each header field with its folded lines, up to the empty line. Names are in lower case. */
function* headerFields(content: Uint8Array): Generator<{ name: string; start: number; end: number }> {
  for (let start = 0; start < content.length; ) {
    let end = lineEnd(content, start);
    while (content[end] === space || content[end] === tab) end = lineEnd(content, end);
    const line = content.subarray(start, end);
    const colon = line.indexOf(":".charCodeAt(0));
    if (colon < 1) return;
    yield { name: Buffer.from(line.subarray(0, colon)).toString("latin1").toLowerCase(), start, end };
    start = end;
  }
}

/** Where the next line begins. */
function lineEnd(content: Uint8Array, start: number): number {
  const end = content.indexOf(lineFeed, start);
  return end === -1 ? content.length : end + 1;
}
