import type { Address } from "../message/address.ts";
import type { Answer, Dns, MxRecord, SrvRecord } from "../net/dns.ts";
import {
  type Provider,
  providerOfExchange,
  providerOfMailDomain,
  serverFor,
  withoutSmtpAt,
} from "../providers/catalog.ts";
import { type Relay, tlsFor } from "../smtp/relay.ts";

/** The sources of proposals, the most trustworthy first. */
export const proposalSources = ["catalogue", "srv", "mx", "guess"] as const;

/** Settings that may be right and have not been tried. */
export interface Proposal {
  readonly source: (typeof proposalSources)[number];
  /** The provider of the server; null if it is not known. */
  readonly provider: Provider | null;
  readonly host: string;
  readonly port: number;
  readonly tls: Exclude<Relay["tls"], "none">;
}

export interface Proposals {
  readonly proposals: readonly Proposal[];
  /** The provider of the domain's mailboxes; null if it is not known. */
  readonly provider: { readonly id: string; readonly name: string } | null;
  /** Further findings, a sentence each. */
  readonly notes: readonly string[];
}

/** Servers used of each kind of record: the publisher of the records must not decide how many are dialed. */
const maxServers = 3;

/** Settings that may be used to send from this address, the best first: known facts before guesses. */
export async function proposalsFor({ domain }: Address, dns: Dns): Promise<Proposals> {
  const closed = withoutSmtpAt(domain);
  if (closed !== null) return { proposals: [], provider: closed, notes: [noSmtp(closed.name)] };
  const owner = providerOfMailDomain(domain);
  if (owner !== null) {
    return { proposals: [proposalOf(owner, domain, "catalogue")], provider: owner, notes: [] };
  }

  const [submissions, submission, exchanges] = await Promise.all([
    dns.srv(`_submissions._tcp.${domain}`),
    dns.srv(`_submission._tcp.${domain}`),
    dns.mx(domain),
  ]);
  const announced = [...announcedBy(submissions, "implicit"), ...announcedBy(submission, "starttls")];
  const host = mailHostOf(exchanges);
  const notes: string[] = [];
  if (announced.length === 0 && [submissions, submission].every(isDenied)) {
    notes.push(`${domain} announces in its SRV records that it doesn't support mail submission (RFC 6186).`);
    return { proposals: [], provider: host?.provider ?? null, notes };
  }
  if (host?.isClosed) notes.push(noSmtp(host.provider.name));
  if ([submissions, submission, exchanges].some(({ kind }) => kind === "failed")) {
    notes.push(`The DNS didn't respond to all queries about ${domain}, so more settings may exist.`);
  }
  const byExchange = host === null || host.isClosed ? [] : [proposalOf(host.provider, host.exchange, "mx")];
  const found = [...announced, ...byExchange];
  const isGuessing = found.length === 0 && host === null;
  return {
    proposals: withoutRepeats(isGuessing ? guesses(domain) : found),
    provider: host?.provider ?? null,
    notes,
  };
}

function noSmtp(name: string): string {
  return `${name} doesn't support SMTP, so only its own apps can send. Choose a provider that supports SMTP.`;
}

function proposalOf(provider: Provider, name: string, source: "catalogue" | "mx"): Proposal {
  const { smtpPort, useTls, tlsMode } = provider;
  const tls = tlsFor(useTls, tlsMode, smtpPort);
  if (tls === "none") throw new TypeError(`${provider.id} is in the catalogue without TLS.`);
  return { source, provider, host: serverFor(provider, name), port: smtpPort, tls };
}

/** The servers of SRV records (RFC 6186 §3.1, RFC 8314 §5.1), by priority, then the heavier first (RFC 2782). */
function announcedBy(answer: Answer<SrvRecord>, tls: Proposal["tls"]): Proposal[] {
  if (answer.kind !== "found") return [];
  return answer.records
    .filter(({ name }) => name !== "")
    .toSorted((one, two) => one.priority - two.priority || two.weight - one.weight)
    .slice(0, maxServers)
    .map(({ name, port }) => ({ source: "srv", provider: null, host: name.toLowerCase(), port, tls }));
}

/** Whether the domain denies the service: all targets are `.` (RFC 2782). */
function isDenied(answer: Answer<SrvRecord>): boolean {
  return answer.kind === "found" && answer.records.every(({ name }) => name === "");
}

type MailHost =
  | { readonly isClosed: false; readonly provider: Provider; readonly exchange: string }
  | { readonly isClosed: true; readonly provider: { readonly id: string; readonly name: string } };

/** The provider that receives the domain's mail, and so most likely has its mailboxes. */
function mailHostOf(answer: Answer<MxRecord>): MailHost | null {
  if (answer.kind !== "found") return null;
  for (const { exchange } of answer.records.toSorted((one, two) => one.priority - two.priority)) {
    const closed = withoutSmtpAt(exchange);
    if (closed !== null) return { isClosed: true, provider: closed };
    const provider = providerOfExchange(exchange);
    if (provider !== null) return { isClosed: false, provider, exchange: exchange.toLowerCase() };
  }
  return null;
}

/** Usual names of mail hosts, with the ports of submission. */
function guesses(domain: string): Proposal[] {
  return [`smtp.${domain}`, `mail.${domain}`].flatMap((host): Proposal[] => [
    { source: "guess", provider: null, host, port: 465, tls: "implicit" },
    { source: "guess", provider: null, host, port: 587, tls: "starttls" },
  ]);
}

function withoutRepeats(proposals: readonly Proposal[]): Proposal[] {
  const seen = new Set<string>();
  return proposals.filter(({ host, port, tls }) => {
    const key = `${host} ${port} ${tls}`;
    return !seen.has(key) && seen.add(key);
  });
}
