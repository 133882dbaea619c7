/** The tags of a DKIM key or DMARC record: `name=value;…` (RFC 6376 §3.2). Null for what is none. */
export function parseTags(text: string): ReadonlyMap<string, string> | null {
  const tags = new Map<string, string>();
  const parts = text.split(";");
  // One semicolon may stand at the end.
  if (parts.at(-1)?.trim() === "") parts.pop();
  for (const part of parts) {
    const found = /^\s*([a-z]\w*)\s*=\s*([^;]*?)\s*$/is.exec(part);
    if (found === null) return null;
    const [, name = "", value = ""] = found;
    // Of a tag that comes twice nobody knows which is meant.
    if (tags.has(name.toLowerCase())) return null;
    tags.set(name.toLowerCase(), value);
  }
  return tags;
}
