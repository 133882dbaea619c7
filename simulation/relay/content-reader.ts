const finalDot = Buffer.from("\r\n.\r\n");

/** Collects the content of a message until its final dot (RFC 5321 §4.1.1.4). */
export class ContentReader {
  #parts: Buffer[] = [];

  /** @returns the content with its last CRLF, and what came after the dot; null while the dot is not there. */
  read(bytes: Buffer): { readonly content: Buffer; readonly rest: Buffer } | null {
    // The dot may be spread over what arrived before and now.
    const last = this.#parts.pop();
    const joined = last === undefined ? bytes : Buffer.concat([last, bytes]);
    const from = Math.max(0, (last?.length ?? 0) - finalDot.length);
    const end = joined.indexOf(finalDot, from);
    if (end === -1) {
      this.#parts.push(joined);
      return null;
    }
    const content = Buffer.concat([...this.#parts.splice(0), joined.subarray(0, end + 2)]);
    return { content, rest: joined.subarray(end + finalDot.length) };
  }
}
