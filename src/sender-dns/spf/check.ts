import { isIP } from "node:net";
import type { Dns } from "../../net/dns.ts";
import { isPublicAddress } from "../../net/egress.ts";
import { type DnsRecord, type Finding, shown, unanswered } from "../finding.ts";
import { isAtHome, type Sender } from "../sender.ts";
import { merged, newSpf, withTerm } from "./advice.ts";
import {
  type Expansion,
  evaluate,
  expandSpf,
  includedDomains,
  maxLookups,
  maxVoidLookups,
} from "./evaluate.ts";
import { isSpf, parseSpf } from "./parse.ts";

type SpfFinding = Omit<Finding, "check" | "seen">;

/** Checks whether the domain lets the relay send for it (RFC 7208). */
export async function checkSpf(sender: Sender, dns: Dns): Promise<Finding> {
  const { domain, owner } = sender;
  const answer = await dns.txt(domain);
  if (answer.kind === "failed") return unanswered("spf", domain, answer.code);
  const records = answer.kind === "found" ? answer.records.filter(isSpf) : [];
  const asFinding = (finding: SpfFinding): Finding => ({
    check: "spf",
    seen: records.map(shown),
    ...finding,
  });

  if (isAtHome(sender)) return asFinding(athome(sender));
  if (owner !== null) return asFinding(foreign(sender, owner.name));
  const term = await termFor(sender, dns);
  const [text, ...others] = records;
  if (text === undefined) return asFinding(missing(sender, term));
  if (others.length > 0) {
    const one = merged(records);
    return asFinding({
      status: "failed",
      title: "There is more than one SPF record",
      explanation: `${domain} has ${records.length}. Receivers take that for an error and count none of them (RFC 7208 §4.5).`,
      remedy: "Delete them and publish this one instead, which joins them.",
      record: publish(domain, term === null ? one : withTerm(one, term)),
    });
  }
  const parsed = parseSpf(text);
  if (!parsed.ok) {
    return asFinding({
      status: "failed",
      title: "The SPF record cannot be read",
      explanation: `Receivers count nothing of a record with an error in it. ${parsed.problem}.`,
      remedy: "Correct that word, or remove it.",
    });
  }
  const expansion = await expandSpf(domain, parsed.record.terms, parsed.record.redirect, dns);
  return asFinding(broken(expansion) ?? (await findingOf({ sender, dns, text, term, expansion })));
}

function athome({ domain, owner }: Sender): SpfFinding {
  return {
    status: "ok",
    title: `${owner?.name} looks after this domain`,
    explanation: `${domain} belongs to the provider that sends: its own servers are allowed.`,
    remedy: "",
  };
}

function foreign({ domain, provider }: Sender, owner: string): SpfFinding {
  return {
    status: "failed",
    title: `${domain} is not yours to send with`,
    explanation: `Only ${owner} may send for ${domain}. What ${provider?.name ?? "another server"} sends with it looks forged, and many receivers refuse it.`,
    remedy: `Use a from email of a domain of your own, or send through ${owner}.`,
  };
}

/** The term that lets the relay send; null if none is known. */
async function termFor({ server, provider }: Sender, dns: Dns): Promise<string | null> {
  if (provider !== null) {
    const [include] = provider.spfIncludes;
    return include === undefined ? null : `include:${include}`;
  }
  const family = isIP(server);
  if (family !== 0) return isPublicAddress(server) ? `ip${family}:${server}` : null;
  return (await publicAddresses(server, dns)).length === 0 ? null : `a:${server}`;
}

function missing({ domain, provider }: Sender, term: string | null): SpfFinding {
  const record = term === null ? {} : { record: publish(domain, newSpf(term)) };
  if (provider?.envelope === "provider") {
    return {
      status: "warning",
      title: "There is no SPF record",
      explanation: `${envelopeOf(provider.name)} The domain ${domain} itself is open to forgery, though: receivers see no record for it.`,
      remedy:
        term === null
          ? `Publish one that names all who send for ${domain}. ${provider.name}'s own console says what it wants.`
          : `Publish this one. If others send for ${domain} too, add them before ~all.`,
      ...record,
    };
  }
  return {
    status: "failed",
    title: "There is no SPF record",
    explanation: `Nothing says who may send for ${domain}, so that receivers take its mail for suspicious; Gmail and Yahoo ask for SPF or DKIM of every sender.`,
    remedy:
      term === null
        ? "Publish one that names the servers that your relay sends from. Its provider knows them."
        : `Publish this one. If others send for ${domain} too, add them before ~all.`,
    ...record,
  };
}

/** The finding for a record that receivers ignore because of an error (permerror). */
function broken({ lookups, voidLookups, problems }: Expansion): SpfFinding | null {
  const errors = [
    ...(lookups > maxLookups
      ? [`It needs ${lookups} look-ups in the DNS; receivers give up after ${maxLookups} (RFC 7208 §4.6.4).`]
      : []),
    ...(voidLookups > maxVoidLookups
      ? [
          `${voidLookups} of its names lead nowhere; receivers give up after ${maxVoidLookups} (RFC 7208 §4.6.4).`,
        ]
      : []),
    ...problems,
  ];
  if (errors.length === 0) return null;
  return {
    status: "failed",
    title: "Receivers give up on the SPF record",
    explanation: errors.slice(0, 4).join(" "),
    remedy:
      "Remove the includes of services that no longer send for you, and the names that lead nowhere. Networks (ip4, ip6) need no look-up.",
  };
}

interface Facts {
  readonly sender: Sender;
  readonly dns: Dns;
  readonly text: string;
  readonly term: string | null;
  readonly expansion: Expansion;
}

async function findingOf(facts: Facts): Promise<SpfFinding> {
  const { provider, domain } = facts.sender;
  const { policy, lookups } = facts.expansion;
  if (policy.terms.some(({ kind, qualifier }) => kind === "all" && qualifier === "+")) {
    return {
      status: "warning",
      title: "The SPF record lets everybody send",
      explanation: `It ends in +all: any machine may send for ${domain}. Receivers trust such a record little.`,
      remedy: "Name those who send, and end the record with ~all.",
    };
  }
  if (provider === null) return byAddress(facts);
  const used = `${lookups} of ${maxLookups} look-ups used.`;
  const included = includedDomains(policy).find((domain) => provider.spfIncludes.includes(domain));
  if (included !== undefined) {
    return {
      status: "ok",
      title: `${provider.name} may send for this domain`,
      explanation: `The record includes ${included}. ${used}`,
      remedy: "",
    };
  }
  if (provider.envelope === "provider") {
    return {
      status: "ok",
      title: "SPF is the provider's part",
      explanation: envelopeOf(provider.name),
      remedy: "",
    };
  }
  const [include] = provider.spfIncludes;
  if (include === undefined) return byAddress(facts);
  return facts.expansion.isPartial || isOpen(facts.expansion)
    ? undecided(facts)
    : notAllowed(facts, `The record does not include ${include}, from whose servers ${provider.name} sends.`);
}

function isOpen({ policy }: Expansion): boolean {
  return policy.terms.some(
    (term) => term.kind === "open" || (term.kind === "include" && term.policy === null),
  );
}

/** The finding for a relay of which only its own addresses are known, not those that it sends from. */
async function byAddress(facts: Facts): Promise<SpfFinding> {
  const { sender, dns, expansion } = facts;
  const addresses =
    isIP(sender.server) !== 0
      ? [sender.server].filter(isPublicAddress)
      : await publicAddresses(sender.server, dns);
  if (addresses.length === 0) {
    return {
      status: "unknown",
      title: "From which address the relay sends is not known",
      explanation: `${sender.server} has no public address, so that receivers see another one.`,
      remedy: "Find out from which address your mail leaves, and see that the record lets it through.",
    };
  }
  const results = addresses.map((address) => evaluate(expansion.policy, address));
  if (results.every((result) => result === "pass")) {
    return {
      status: "ok",
      title: "The SPF record lets the server through",
      explanation: `It allows ${addresses.join(", ")}, where ${sender.server} takes mail in. A relay may send from other addresses: its provider knows.`,
      remedy: "",
    };
  }
  if (results.includes("open") || expansion.isPartial) return undecided(facts);
  return notAllowed(
    facts,
    `It does not allow ${addresses.join(", ")}, where ${sender.server} takes mail in. A relay may send from other addresses, so that this is only a hint.`,
    "warning",
  );
}

function undecided({ sender }: Facts): SpfFinding {
  return {
    status: "unknown",
    title: "The SPF record decides for each message",
    explanation: `Parts of it depend on the message, or were not answered: whether ${sender.provider?.name ?? sender.server} may send cannot be told from here.`,
    remedy: "Send an email to a mailbox of yours and look for spf=pass in its header Authentication-Results.",
  };
}

function notAllowed(
  { sender, text, term }: Facts,
  explanation: string,
  status: Finding["status"] = "failed",
): SpfFinding {
  return {
    status,
    title: `The SPF record does not name ${sender.provider?.name ?? "the server"}`,
    explanation,
    remedy:
      term === null
        ? "Ask your provider what to add to the record."
        : "Replace the record by this one: it is yours, with one more who may send.",
    ...(term === null ? {} : { record: publish(sender.domain, withTerm(text, term)) }),
  };
}

function envelopeOf(name: string): string {
  return `SPF is checked on the envelope sender, where ${name} puts a domain of its own or one that it has you set up. For DMARC its DKIM signature counts then.`;
}

function publish(domain: string, value: string): DnsRecord {
  return { type: "TXT", name: domain, value };
}

async function publicAddresses(server: string, dns: Dns): Promise<string[]> {
  const answer = await dns.addresses(server);
  return answer.kind === "found" ? answer.records.filter(isPublicAddress) : [];
}
