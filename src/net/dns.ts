import { Resolver } from "node:dns/promises";

/** What the DNS says of a name. `none` is an answer; `failed` means that no server answered. */
export type Answer<Data> =
  | { readonly kind: "found"; readonly records: readonly Data[] }
  | {
      readonly kind: "none";
      /** False: the name itself does not exist (NXDOMAIN). */
      readonly nameExists: boolean;
    }
  | {
      readonly kind: "failed";
      /** The error code of c-ares, such as `ESERVFAIL` or `ETIMEOUT`. */
      readonly code: string;
    };

export interface MxRecord {
  /** Lower is tried first. */
  readonly priority: number;
  /** Empty for the root, `.`: the domain accepts no mail (RFC 7505). */
  readonly exchange: string;
}

/** A record that names the server of a service (RFC 2782). */
export interface SrvRecord {
  /** Lower is tried first. */
  readonly priority: number;
  /** Among records of the same priority, the heavier is chosen more often. */
  readonly weight: number;
  readonly port: number;
  /** Empty for the root, `.`: the service is not offered. */
  readonly name: string;
}

/** Looks names up in the DNS, not in hosts files. CNAMEs are followed. Never throws: errors are answers. */
export interface Dns {
  /** The strings of each record joined (RFC 7208 §3.3). */
  txt(name: string): Promise<Answer<string>>;
  mx(name: string): Promise<Answer<MxRecord>>;
  srv(name: string): Promise<Answer<SrvRecord>>;
  /** A and AAAA. */
  addresses(name: string): Promise<Answer<string>>;
}

export interface DnsOptions {
  /** `address` or `address:port`, tried in order; null: the servers of the system. */
  readonly servers: readonly string[] | null;
  /** Ends the questions under way, which count as not answered. */
  readonly signal: AbortSignal;
}

/** Each question is asked twice, because packets get lost, and not more often, because a person waits. */
const tries = { timeout: 1_500, tries: 2 };

/** `openDns` with the servers already chosen. */
export type OpenDns = (options: Pick<DnsOptions, "signal">) => Dns;

/** A resolver for one round of questions. An answer that is truncated over UDP is asked for again over TCP. */
export function openDns({ servers, signal }: DnsOptions): Dns {
  const resolver = new Resolver(tries);
  if (servers !== null) resolver.setServers(servers);
  signal.addEventListener("abort", () => resolver.cancel(), { once: true });

  async function ask<Data>(question: () => Promise<Data[]>): Promise<Answer<Data>> {
    if (signal.aborted) return { kind: "failed", code: "ETIMEOUT" };
    try {
      const records = await question();
      return records.length > 0 ? { kind: "found", records } : { kind: "none", nameExists: true };
    } catch (error) {
      const { code = "EUNKNOWN" } = error as NodeJS.ErrnoException;
      if (code === "ENODATA") return { kind: "none", nameExists: true };
      if (code === "ENOTFOUND") return { kind: "none", nameExists: false };
      return { kind: "failed", code: code === "ECANCELLED" ? "ETIMEOUT" : code };
    }
  }

  return {
    txt: (name) => ask(async () => (await resolver.resolveTxt(name)).map((strings) => strings.join(""))),
    mx: (name) => ask(() => resolver.resolveMx(name)),
    srv: (name) => ask(() => resolver.resolveSrv(name)),
    async addresses(name) {
      const [four, six] = await Promise.all([
        ask(() => resolver.resolve4(name)),
        ask(() => resolver.resolve6(name)),
      ]);
      const records = [four, six].flatMap((answer) => (answer.kind === "found" ? answer.records : []));
      if (records.length > 0) return { kind: "found", records };
      // A failed answer counts more than an empty one: there may be records.
      return six.kind === "failed" ? six : four;
    },
  };
}
