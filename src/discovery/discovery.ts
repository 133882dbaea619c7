import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Actor, TlsMode } from "../core/model.ts";
import { parse } from "../core/parse.ts";
import { UserRateLimit } from "../core/rate-limit.ts";
import { type Address, parseAddress } from "../message/address.ts";
import type { Dns, DnsOptions } from "../net/dns.ts";
import type { Egress } from "../net/egress.ts";
import { tlsFor } from "../smtp/relay.ts";
import { smtpConfigSearch } from "../smtp-configs/settings.ts";
import type { Store } from "../store/store.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import { type Proposal, type proposalSources, proposalsFor } from "./proposals.ts";
import { tryCandidate } from "./try-relay.ts";

/** Settings found for an address. JSON, as the page shows them and puts them into the form. */
export interface FoundSettings {
  readonly source: (typeof proposalSources)[number];
  /** The id of whose server it is, in the catalogue; null where it is not known. */
  readonly provider: string | null;
  readonly smtpServer: string;
  readonly smtpPort: number;
  readonly useTls: true;
  readonly tlsMode: TlsMode;
  /** Null where it is not made of the address. */
  readonly username: string | null;
  readonly usernameHint: string;
  readonly passwordHint: string;
  readonly helpUrl: string | null;
  /** The server answered, and TLS with it is in order. Nobody signed in. */
  readonly verified: boolean;
  /** What was seen, or why it cannot be used from here. */
  readonly detail: string;
}

export interface DiscoveryReport {
  /** The best first. */
  readonly candidates: readonly FoundSettings[];
  /** Who has the mailboxes of the domain; null where it is not known. */
  readonly provider: { readonly id: string; readonly name: string } | null;
  /** What else was learnt, a sentence each. */
  readonly notes: readonly string[];
}

export interface Discovery {
  /**
   * Looks for the settings of an address, and tries out what it finds without signing in.
   * @throws SendwrightError `input.invalid`; `test.busy` where this actor's last search still runs, or there
   * were too many in a minute; the reason of `signal`.
   */
  find(body: unknown, actor: Actor, signal?: AbortSignal): Promise<DiscoveryReport>;
}

export interface DiscoveryParts {
  readonly store: Store;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
  readonly openDns: (options: Pick<DnsOptions, "signal">) => Dns;
}

/** For all of it: somebody is waiting. */
const deadlineMs = 8_000;
/** For asking the DNS, which comes first. */
const dnsMs = 3_000;

export function createDiscovery({ store, egress, clock, log, openDns }: DiscoveryParts): Discovery {
  // Each search dials several servers.
  const rateLimit = new UserRateLimit(clock, { name: "settings lookup", perMinute: 10 });

  async function search(address: Address, signal: AbortSignal | undefined): Promise<DiscoveryReport> {
    const endsAt = clock.now() + deadlineMs;
    const dnsDeadline = new AbortController();
    const endDnsDeadline = clock.after(dnsMs, () => dnsDeadline.abort());
    const dns = openDns({ signal: dnsDeadline.signal });
    const { proposals, provider, notes } = await proposalsFor(address, dns).finally(endDnsDeadline);
    signal?.throwIfAborted();
    const timeoutMs = endsAt - clock.now();
    const tried = await Promise.all(
      proposals.map((proposal) => tryOut(proposal, address, { egress, clock, timeoutMs, signal })),
    );
    // A guess that does not answer was none.
    const candidates = tried
      .filter(({ source, verified }) => verified || source !== "guess")
      .toSorted((one, two) => Number(two.verified) - Number(one.verified));
    const id = provider === null ? null : { id: provider.id, name: provider.name };
    return {
      candidates,
      provider: id,
      notes: candidates.length > 0 ? notes : [...notes, ...nothing(address, notes)],
    };
  }

  return {
    async find(body, actor, signal) {
      const address = parseAddress(parse(smtpConfigSearch, body).email);
      const release = rateLimit.acquire(actor.id);
      let report: DiscoveryReport | null = null;
      try {
        report = await search(address, signal);
        return report;
      } finally {
        release();
        const found = (report?.candidates ?? []).map(
          ({ smtpServer, smtpPort, verified }) =>
            `${smtpServer}:${smtpPort}${verified ? "" : " (not verified)"}`,
        );
        const detail = { domain: address.domain, found, finished: report !== null };
        log.info(detail, "settings looked for");
        await writeAudit(store.db, {
          at: clock.now(),
          actor,
          action: "smtp_config.discovered",
          target: null,
          detail,
        });
      }
    },
  };
}

interface TryOptions {
  readonly egress: Egress;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

async function tryOut(proposal: Proposal, address: Address, options: TryOptions): Promise<FoundSettings> {
  const { source, provider, host, port, tls } = proposal;
  const result = await tryCandidate({ host, port, tls, caPem: null, ehloName: null }, options);
  const seen = result.works
    ? result.capabilities.authMechanisms.length > 0
      ? `${host} answers on port ${port}, and its certificate is in order.`
      : `${host} answers on port ${port}, but offers no sign-in.`
    : result.error.message;
  return {
    source,
    provider: provider?.id ?? null,
    smtpServer: host,
    smtpPort: port,
    useTls: true,
    tlsMode: tlsFor(true, "auto", port) === tls ? "auto" : tls,
    username: usernameFor(proposal, address),
    usernameHint: provider?.usernameHint ?? "Most likely your full email address.",
    passwordHint: provider?.passwordHint ?? "The password of your mailbox, or an app password.",
    helpUrl: provider?.helpUrl ?? null,
    verified: result.works,
    detail: [seen, ...outside(proposal, address)].join(" "),
  };
}

function usernameFor({ provider }: Proposal, { address, local }: Address): string | null {
  switch (provider?.usernameIs ?? "address") {
    case "address":
      return address;
    case "local-part":
      return local;
    case "own":
      return provider?.username ?? null;
  }
}

/** RFC 6186 §6: whoever can forge the DNS could name any server, so that a person has to agree to another domain. */
function outside({ source, host }: Proposal, { domain }: Address): string[] {
  if (source !== "srv" || host === domain || host.endsWith(`.${domain}`)) return [];
  return [`${domain} names it, but it is outside that domain: use it only if you know it.`];
}

function nothing({ domain }: Address, notes: readonly string[]): string[] {
  return notes.length > 0
    ? []
    : [`No settings were found for ${domain}. Choose your provider from the list, or enter its server.`];
}
