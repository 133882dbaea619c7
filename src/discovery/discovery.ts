// Finds the SMTP settings for an email address: catalog, SRV records, MX records, usual host names.
// RFC 6186 and RFC 8314 section 5.1 (SRV records of mail submission).
// It does not sign in, save settings, or look beyond the DNS: no autoconfig files are fetched.
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Actor, TlsMode } from "../core/model.ts";
import { parse } from "../core/parse.ts";
import { UserRateLimit } from "../core/rate-limit.ts";
import { type Address, parseAddress } from "../message/address.ts";
import type { OpenDns } from "../net/dns.ts";
import type { Egress } from "../net/egress.ts";
import { tlsFor } from "../smtp/relay.ts";
import { smtpConfigSearch } from "../smtp-configs/settings.ts";
import type { Store } from "../store/store.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import { type Proposal, type proposalSources, proposalsFor } from "./proposals.ts";
import { type TryRelayOptions, tryRelay } from "./try-relay.ts";

/** Settings found for an address. JSON: the page shows them and fills in the form. */
export interface FoundSettings {
  readonly source: (typeof proposalSources)[number];
  /** The id of the server's provider in the catalog; null if it is not known. */
  readonly provider: string | null;
  readonly smtpServer: string;
  readonly smtpPort: number;
  readonly useTls: true;
  readonly tlsMode: TlsMode;
  /** Null if the address does not determine it. */
  readonly username: string | null;
  readonly usernameHint: string;
  readonly passwordHint: string;
  readonly helpUrl: string | null;
  /** The server responded with valid TLS. Sendwright did not authenticate. */
  readonly verified: boolean;
  /** What the server answered, or why it cannot be used from this machine. */
  readonly detail: string;
}

export interface DiscoveryReport {
  /** The settings found, the best first. */
  readonly candidates: readonly FoundSettings[];
  /** The provider of the domain's mailboxes; null if it is not known. */
  readonly provider: { readonly id: string; readonly name: string } | null;
  /** Further findings, a sentence each. */
  readonly notes: readonly string[];
}

export interface DiscoveryDependencies {
  readonly store: Store;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
  readonly openDns: OpenDns;
}

/** For the whole search: a person waits for it. */
const deadlineMs = 8_000;
/** For the DNS, which comes first; the rest is for trying the servers. */
const dnsMs = 3_000;

export class Discovery {
  readonly #dependencies: DiscoveryDependencies;
  /** Each search dials several servers. */
  readonly #rateLimit: UserRateLimit;

  constructor(dependencies: DiscoveryDependencies) {
    this.#dependencies = dependencies;
    this.#rateLimit = new UserRateLimit(dependencies.clock, { name: "settings lookup", perMinute: 10 });
  }

  /**
   * Finds the settings for an address, and tries them without signing in.
   * @throws SendwrightError `input.invalid`; `test.busy` while this actor's last search still runs, or after
   * 10 in a minute; the reason of `signal`.
   */
  async find(body: unknown, actor: Actor, signal?: AbortSignal): Promise<DiscoveryReport> {
    const address = parseAddress(parse(smtpConfigSearch, body).email);
    const release = this.#rateLimit.acquire(actor.id);
    let report: DiscoveryReport | null = null;
    try {
      report = await this.#search(address, signal);
      return report;
    } finally {
      release();
      await this.#audit(address, report, actor);
    }
  }

  async #search(address: Address, signal: AbortSignal | undefined): Promise<DiscoveryReport> {
    const { egress, clock, openDns } = this.#dependencies;
    const endsAt = clock.monotonic() + deadlineMs;
    const dnsDeadline = new AbortController();
    const endDnsDeadline = clock.after(dnsMs, () => dnsDeadline.abort());
    const dns = openDns({ signal: dnsDeadline.signal });
    const { proposals, provider, notes } = await proposalsFor(address, dns).finally(endDnsDeadline);
    signal?.throwIfAborted();
    const options = { egress, clock, timeoutMs: endsAt - clock.monotonic(), ...(signal && { signal }) };
    const tried = await Promise.all(proposals.map((proposal) => tryOut(proposal, address, options)));
    // A guess is shown only if a server answers there.
    const candidates = tried
      .filter(({ source, verified }) => verified || source !== "guess")
      .toSorted((one, two) => Number(two.verified) - Number(one.verified));
    return {
      candidates,
      provider: provider === null ? null : { id: provider.id, name: provider.name },
      notes: candidates.length > 0 || notes.length > 0 ? notes : [nothingFound(address)],
    };
  }

  async #audit({ domain }: Address, report: DiscoveryReport | null, actor: Actor): Promise<void> {
    const { store, clock, log } = this.#dependencies;
    const found = (report?.candidates ?? []).map(
      ({ smtpServer, smtpPort, verified }) => `${smtpServer}:${smtpPort}${verified ? "" : " (not verified)"}`,
    );
    const detail = { domain, found, finished: report !== null };
    log.info(detail, "settings looked for");
    const action = "smtp_config.discovered";
    await writeAudit(store.db, { at: clock.now(), actor, action, target: null, detail });
  }
}

async function tryOut(
  proposal: Proposal,
  address: Address,
  options: TryRelayOptions,
): Promise<FoundSettings> {
  const { source, provider, host, port, tls } = proposal;
  const result = await tryRelay({ host, port, tls, caPem: null, ehloName: null }, options);
  const seen = result.works
    ? result.capabilities.authMechanisms.length > 0
      ? `${host} responded on port ${port} with a valid certificate.`
      : `${host} responded on port ${port}, but doesn't offer authentication.`
    : result.error.message;
  return {
    source,
    provider: provider?.id ?? null,
    smtpServer: host,
    smtpPort: port,
    useTls: true,
    tlsMode: tlsFor(true, "auto", port) === tls ? "auto" : tls,
    username: usernameFor(proposal, address),
    usernameHint: provider?.usernameHint ?? "Usually your full email address.",
    passwordHint: provider?.passwordHint ?? "Your mailbox password or an app password.",
    helpUrl: provider?.helpUrl ?? null,
    verified: result.works,
    detail: [seen, ...outsideDomain(proposal, address)].join(" "),
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

/** A note for a server outside the domain. RFC 6186 §6: a person has to accept it, because the DNS can be forged. */
function outsideDomain({ source, host }: Proposal, { domain }: Address): string[] {
  if (source !== "srv" || host === domain || host.endsWith(`.${domain}`)) return [];
  return [`${domain} names this server, but it is outside that domain. Use it only if you know it.`];
}

function nothingFound({ domain }: Address): string {
  return `Sendwright found no settings for ${domain}. Choose your provider from the list, or enter its SMTP server.`;
}
