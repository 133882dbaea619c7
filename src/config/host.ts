import { domainToASCII } from "node:url";

const maxHostBytes = 253;
const label = /^(?!-)[a-z\d_-]{1,63}(?<!-)$/;
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

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
  // `127.1` and `0x7f.1` are addresses to some resolvers and names to others.
  if (/^\d|\.\d/.test(text) && /^[\d.]+$/.test(host)) return ipv4.test(text) ? text : null;
  if (host === "" || host.length > maxHostBytes) return null;
  const labels = host.split(".");
  return labels.every((part) => label.test(part)) && !/^(?:\d+|0x[\da-f]*)$/.test(labels.at(-1) ?? "")
    ? host
    : null;
}

/**
 * What EHLO may say of us (RFC 5321 §4.1.1.1): a domain, or an address literal such as `[192.0.2.1]` or
 * `[IPv6:2001:db8::1]`. Null if it is neither.
 */
export function normaliseEhloName(text: string): string | null {
  const literal = /^\[(.*)\]$/s.exec(text)?.[1];
  if (literal === undefined) {
    const host = normaliseHost(text);
    return host === null || host.includes("_") || host.includes(":") || ipv4.test(host) ? null : host;
  }
  if (ipv4.test(literal)) return text;
  const ipv6 = /^ipv6:/i.test(literal) ? normaliseIpv6(literal.slice(5)) : null;
  return ipv6 === null ? null : `[IPv6:${ipv6}]`;
}

/** The form of RFC 5952, which the URL parser gives. A zone (`%eth0`) is refused: it names a link. */
function normaliseIpv6(text: string): string | null {
  const url = `http://[${text}]`;
  return /^[\da-f:.]+$/i.test(text) && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : null;
}
