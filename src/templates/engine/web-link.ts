const protocols: ReadonlySet<string> = new Set(["https:", "http:", "mailto:"]);

/**
 * True for an absolute `https:`, `http:` or `mailto:` URL that may stand in an `href` or `src`, and
 * as it is in plain text. Everything that can run (`javascript:`, `data:`, `vbscript:`) is refused.
 */
export function isLink(value: string): boolean {
  // The URL parser drops tabs and line breaks and trims spaces; a mail reader may not (WHATWG URL §4.4).
  if (/[\s<>"\\\p{Cc}]/u.test(value)) return false;
  const url = URL.parse(value);
  if (url === null || !protocols.has(url.protocol)) return false;
  // `https://bank.example@evil.example` leads elsewhere than it seems to.
  if (url.username !== "" || url.password !== "") return false;
  // The URL parser takes `https:evil` and `https:///evil` for `https://evil` (WHATWG URL §4.4).
  return url.protocol === "mailto:" || /^https?:\/\/[^/]/i.test(value);
}

/** True for a link to a page or a picture: `https:` or `http:`. */
export function isWebLink(value: string): boolean {
  return isLink(value) && !/^mailto:/i.test(value);
}
