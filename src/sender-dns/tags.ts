/** The tags of a DKIM key or DMARC record: `name=value;…` (RFC 6376 §3.2). Null if the text is not such a list. */
export function parseTags(text: string): ReadonlyMap<string, string> | null {
  const tags = new Map<string, string>();
  const parts = text.split(";");
  // A semicolon after the last tag is allowed.
  if (parts.at(-1)?.trim() === "") parts.pop();
  for (const part of parts) {
    // No regular expression for the whole tag: its publisher decides how long it is.
    const equals = part.indexOf("=");
    const name = part.slice(0, Math.max(0, equals)).trim().toLowerCase();
    // A tag that comes twice makes the list invalid (RFC 6376 §3.2).
    if (!/^[a-z]\w*$/.test(name) || tags.has(name)) return null;
    tags.set(name, part.slice(equals + 1).trim());
  }
  return tags;
}
