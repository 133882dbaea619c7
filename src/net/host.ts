import { domainToASCII } from "node:url";

const maxHostBytes = 253;
const label = /^(?!-)[a-z\d_-]{1,63}(?<!-)$/;

/**
 * A host name or IP address in the one form that is compared and dialled: lower case, A-labels, no
 * trailing dot, IPv6 compressed and without brackets. Null if it is neither: a URL, a port or a path is
 * no host. Underscores pass, because container networks resolve names that have them.
 */
export function normaliseHost(text: string): string | null {
  if (text.includes(":")) return normaliseIpv6(text.replace(/^\[(.*)\]$/s, "$1"));
  // Before IDNA, which would take `a/b` for `a` and decode `%41`.
  if (!/^[\p{L}\p{M}\p{N}._-]+$/u.test(text)) return null;
  const host = domainToASCII(text.replace(/\.$/, ""));
  // It reads `127.1` and `0x7f.1` as addresses, as some resolvers do: only the usual form is taken.
  if (isIpv4(host)) return host === text ? host : null;
  const isName = host.length <= maxHostBytes && host.split(".").every((part) => label.test(part));
  return isName ? host : null;
}

/**
 * What EHLO may say of us (RFC 5321 §4.1.1.1): a domain, or an address literal such as `[192.0.2.1]` or
 * `[IPv6:2001:db8::1]`. Null if it is neither.
 */
export function normaliseEhloName(text: string): string | null {
  const literal = /^\[(.*)\]$/s.exec(text)?.[1];
  if (literal === undefined) {
    const host = normaliseHost(text);
    return host === null || /[_:]/.test(host) || isIpv4(host) ? null : host;
  }
  if (/^ipv6:/i.test(literal)) {
    const ipv6 = normaliseIpv6(literal.slice(5));
    return ipv6 === null ? null : `[IPv6:${ipv6}]`;
  }
  return isIpv4(literal) && normaliseHost(literal) === literal ? text : null;
}

/** No host name ends in a number (RFC 1123 §2.1). */
function isIpv4(host: string): boolean {
  return /^[\d.]+$/.test(host);
}

/** The form of RFC 5952, which the URL parser gives. A zone (`%eth0`) is refused: it names a link. */
function normaliseIpv6(text: string): string | null {
  const url = `http://[${text}]`;
  return /^[\da-f:.]+$/i.test(text) && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : null;
}
