/** The tags of a DKIM key or DMARC record: `name=value;…` (RFC 6376 §3.2). Null for what is none. */
export function parseTags(text: string): ReadonlyMap<string, string> | null {
  const tags = new Map<string, string>();
  const parts = text.split(";");
  // One semicolon may stand at the end.
  if (parts.at(-1)?.trim() === "") parts.pop();
  for (const part of parts) {
    // No pattern for the whole: records are as long as whoever publishes them likes.
    const equals = part.indexOf("=");
    const name = part.slice(0, Math.max(0, equals)).trim().toLowerCase();
    // Of a tag that comes twice nobody knows which is meant.
    if (!/^[a-z]\w*$/.test(name) || tags.has(name)) return null;
    tags.set(name, part.slice(equals + 1).trim());
  }
  return tags;
}
