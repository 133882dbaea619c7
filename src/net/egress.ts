// Decides which addresses and ports may be dialed, and makes the requests that are not SMTP.
// RFC 6890 and the registries of IANA: addresses for special purposes.
// It does not speak SMTP, which is in smtp/, and does not choose the servers.
import { lookup as systemLookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { SendwrightError } from "../core/errors.ts";
import type { EgressMode } from "../core/model.ts";

export interface DialAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** The addresses of a name. */
export interface Resolution {
  /** The addresses that may be dialed, in the resolver's order. */
  readonly addresses: readonly DialAddress[];
  /** The addresses that may not be dialed; empty in `public-only`, which must not reveal the internal network. */
  readonly refused: readonly string[];
}

/** Decides which addresses and ports may be dialed. */
export interface Egress {
  /**
   * Resolves a name once. Dial the addresses given and do not resolve again: a second answer may differ
   * (DNS rebinding).
   * @throws SendwrightError `smtp.resolve`; `egress.refused` if no address or not this port may be dialed.
   */
  resolve(host: string, port: number): Promise<Resolution>;
}

/** Gives all addresses of a name. The default is `dns.lookup`, which also reads hosts files. */
export type Lookup = (host: string) => Promise<readonly { address: string; family: number }[]>;

export function createEgress(
  mode: EgressMode,
  lookup: Lookup = (host) => systemLookup(host, { all: true, order: "verbatim" }),
  /** The ports that `public-only` allows. */
  ports: ReadonlySet<number> = mailPorts,
): Egress {
  const publicOnly = mode === "public-only";

  /** The same error for names that do not exist and for internal names: it must not reveal the internal network. */
  const nowherePublic = (host: string) =>
    new SendwrightError("egress.refused", `${host} has no public IP address. Use a public SMTP server.`, {
      smtp: { stage: "resolve" },
    });

  return {
    async resolve(host, port) {
      if (publicOnly && !ports.has(port)) {
        throw new SendwrightError(
          "egress.refused",
          `Port ${port} isn't allowed here. Use one of ${[...ports].join(", ")}.`,
          { smtp: { stage: "resolve" } },
        );
      }
      let found: Awaited<ReturnType<Lookup>>;
      try {
        found = await lookup(withoutBrackets(host));
      } catch (cause) {
        throw publicOnly ? nowherePublic(host) : unresolved(host, cause);
      }
      const allowed = found.filter(({ address }) => mayDial(address, publicOnly));
      if (allowed.length > 0) {
        const refused = found.filter((one) => !allowed.includes(one)).map(({ address }) => address);
        return {
          addresses: allowed.map(({ address }) => ({ address, family: familyOf(address) })),
          refused: publicOnly ? [] : refused,
        };
      }
      if (publicOnly) throw nowherePublic(host);
      if (found.length === 0) throw unresolved(host, undefined);
      throw new SendwrightError(
        "egress.refused",
        `${host} resolves to ${found.map(({ address }) => address).join(", ")}. Sendwright doesn't connect to link-local and metadata addresses.`,
        { smtp: { stage: "resolve" } },
      );
    },
  };
}

/** The port of HTTPS, for the token endpoints of providers and for webhooks. */
export const webPorts: ReadonlySet<number> = new Set([443]);

/** SMTP (25), submission (587, RFC 6409), submissions (465, RFC 8314), and the additional ports of providers. */
const mailPorts: ReadonlySet<number> = new Set([25, 465, 587, 2465, 2525, 2587]);

export function familyOf(address: string): 4 | 6 {
  return isIP(address) === 6 ? 6 : 4;
}

function mayDial(address: string, publicOnly: boolean): boolean {
  const bare = address.replace(/%.*$/u, "");
  const family = isIP(bare) === 6 ? "ipv6" : "ipv4";
  if (isIP(bare) === 0 || neverDialed.check(bare, family)) return false;
  if (!publicOnly) return true;
  return (family === "ipv4" || globalUnicast.check(bare, "ipv6")) && !notPublic.check(bare, family);
}

/** Whether the address is reachable from the internet, and not only from this network. */
export function isPublicAddress(address: string): boolean {
  return mayDial(address, true);
}

/** Networks without mail servers. Among them are the metadata services, which cloud machines trust without a password. */
const neverDialed = blockList([
  ["0.0.0.0", 8], // "this host" (RFC 1122 §3.2.1.3): when dialed, it is the loopback
  ["169.254.0.0", 16], // link-local (RFC 3927), with the metadata services of most clouds
  ["100.100.100.200", 32], // metadata, Alibaba Cloud
  ["168.63.129.16", 32], // metadata, Azure
  ["192.0.0.192", 32], // metadata, Oracle Cloud
  ["224.0.0.0", 4], // multicast (RFC 5771)
  ["255.255.255.255", 32], // broadcast
  ["::", 128], // unspecified
  ["fe80::", 10], // link-local (RFC 4291)
  ["fd00:ec2::254", 128], // metadata, AWS
  ["fd20:ce::254", 128], // metadata, Google Cloud
  ["ff00::", 8], // multicast
]);

/** Networks that are not public, by the special-purpose registries of IANA (RFC 6890). */
const notPublic = blockList([
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["240.0.0.0", 4],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
]);

/** The public part of IPv6: global unicast, and the well-known prefix of NAT64 (RFC 6052). */
const globalUnicast = blockList([
  ["2000::", 3],
  ["64:ff9b::", 96],
]);

/** A block list in which each IPv4 network also covers the IPv6 addresses that embed it. */
function blockList(networks: readonly (readonly [network: string, prefix: number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of networks) {
    if (isIP(network) === 6) {
      list.addSubnet(network, prefix, "ipv6");
      continue;
    }
    const [high, low] = groupsOf(network);
    list.addSubnet(network, prefix, "ipv4");
    list.addSubnet(`::ffff:${high}:${low}`, 96 + prefix, "ipv6"); // mapped (RFC 4291 §2.5.5.2)
    list.addSubnet(`::ffff:0:${high}:${low}`, 96 + prefix, "ipv6"); // translated (RFC 2765 §2.1)
    list.addSubnet(`64:ff9b::${high}:${low}`, 96 + prefix, "ipv6"); // NAT64 (RFC 6052 §2.1)
    list.addSubnet(`64:ff9b:1::${high}:${low}`, 96 + prefix, "ipv6"); // NAT64, local (RFC 8215)
    list.addSubnet(`2002:${high}:${low}::`, 16 + prefix, "ipv6"); // 6to4 (RFC 3056 §2)
  }
  return list;
}

/** An IPv4 address as two groups of an IPv6 address. */
function groupsOf(address: string): [high: string, low: string] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
}

/** URLs and address literals write IPv6 addresses in brackets, such as `[::1]`. */
function withoutBrackets(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

function unresolved(host: string, cause: unknown): SendwrightError {
  const systemCode = (cause as NodeJS.ErrnoException | undefined)?.code ?? "ENOTFOUND";
  return new SendwrightError(
    "smtp.resolve",
    `Sendwright couldn't resolve ${host} (${systemCode}). Check the spelling.`,
    {
      cause,
      smtp: { stage: "resolve", systemCode },
    },
  );
}
