import { domainToASCII } from "node:url";

/** RFC 1035 §2.3.4, without the trailing dot. */
const maxHostBytes = 253;
const label = /^(?!-)[a-z\d_-]{1,63}(?<!-)$/;

/**
 * A host name or IP address in the form that is compared and dialed: lower case, A-labels, no trailing
 * dot, IPv6 compressed and without brackets. Null if the text is neither: a URL, a port or a path is not a
 * host. Underscores are allowed, because container networks resolve names that have them.
 */
export function normaliseHost(text: string): string | null {
  if (text.includes(":")) return normaliseIpv6(text.replace(/^\[(.*)\]$/s, "$1"));
  // Checked before IDNA, which would read `a/b` as `a` and decode `%41`.
  if (!/^[\p{L}\p{M}\p{N}._-]+$/u.test(text)) return null;
  const host = domainToASCII(text.replace(/\.$/, ""));
  // IDNA reads `127.1` and `0x7f.1` as addresses, as some resolvers do. Only the usual form is accepted.
  if (isIpv4(host)) return host === text ? host : null;
  const isName = host.length <= maxHostBytes && host.split(".").every((part) => label.test(part));
  return isName ? host : null;
}

/**
 * The name of this client in EHLO (RFC 5321 §4.1.1.1): a domain, or an address literal such as
 * `[192.0.2.1]` or `[IPv6:2001:db8::1]`. Null if the text is neither.
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

/** Whether a host in its normal form is an IP address. */
export function isAddress(host: string): boolean {
  return isIpv4(host) || host.includes(":");
}

/** Digits and dots are an address, because no host name ends in a number (RFC 1123 §2.1). */
function isIpv4(host: string): boolean {
  return /^[\d.]+$/.test(host);
}

/** The form of RFC 5952, which the URL parser gives. A zone (`%eth0`) is refused, because it names a link of one machine. */
function normaliseIpv6(text: string): string | null {
  const url = `http://[${text}]`;
  return /^[\da-f:.]+$/i.test(text) && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : null;
}

/** Whether secrets may be sent to this address: https, or http to this machine. */
export function isEndpoint(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password, hash } = new URL(value);
  if (username !== "" || password !== "" || hash !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

/**
 * Whether a host is this machine: as URLs write it, or an address of a socket, where IPv4 may be mapped into
 * IPv6. Other names are not, whatever a resolver answers.
 */
export function isLoopback(host: string): boolean {
  const address = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/^::ffff:/, "");
  // The URL parser writes the mapped 127.0.0.1 as `::ffff:7f00:1`.
  const loopback = /^(?:127(?:\.\d{1,3}){3}|7f[\da-f]{2}:[\da-f]{1,4})$/;
  return address === "localhost" || address === "::1" || loopback.test(address);
}
