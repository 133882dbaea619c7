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
      title: "More than one SPF record",
      explanation: `${domain} has ${records.length} SPF records. Receivers treat this as an error and ignore all of them (RFC 7208 §4.5).`,
      remedy: "Replace them with this record, which combines them.",
      record: publish(domain, term === null ? one : withTerm(one, term)),
    });
  }
  const parsed = parseSpf(text);
  if (!parsed.ok) {
    return asFinding({
      status: "failed",
      title: "The SPF record is invalid",
      explanation: `Receivers ignore a record with an error: ${parsed.problem}.`,
      remedy: "Correct or remove that word.",
    });
  }
  const expansion = await expandSpf(domain, parsed.record.terms, parsed.record.redirect, dns);
  return asFinding(broken(expansion) ?? (await findingOf({ sender, dns, text, term, expansion })));
}

function athome({ domain, owner }: Sender): SpfFinding {
  return {
    status: "ok",
    title: `${owner?.name} manages this domain`,
    explanation: `${domain} belongs to the provider that sends the mail, so its servers are allowed.`,
    remedy: "",
  };
}

function foreign({ domain, provider }: Sender, owner: string): SpfFinding {
  return {
    status: "failed",
    title: `Only ${owner} can send for this domain`,
    explanation: `Only ${owner} can send for ${domain}. Mail that ${provider?.name ?? "another server"} sends for it looks forged, and many receivers reject it.`,
    remedy: `Use a From email at your own domain, or send through ${owner}.`,
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
      title: "SPF record not found",
      explanation: `${envelopeOf(provider.name)} Still, ${domain} has no SPF record, so anyone can forge it.`,
      remedy:
        term === null
          ? `Publish an SPF record that names every server that sends for ${domain}. ${provider.name}'s console shows what to add.`
          : `Publish this record. If other servers send for ${domain} too, add them before ~all.`,
      ...record,
    };
  }
  return {
    status: "failed",
    title: "SPF record not found",
    explanation: `Receivers don't know which servers can send for ${domain}, so they treat its mail as suspicious. Gmail and Yahoo require SPF or DKIM from every sender.`,
    remedy:
      term === null
        ? "Publish an SPF record that names the servers that your SMTP server sends from. Ask its provider for them."
        : `Publish this record. If other servers send for ${domain} too, add them before ~all.`,
    ...record,
  };
}

/** The finding for a record that receivers ignore because of an error (permerror). */
function broken({ lookups, voidLookups, problems }: Expansion): SpfFinding | null {
  const errors = [
    ...(lookups > maxLookups
      ? [`The record needs ${lookups} DNS lookups, and receivers stop after ${maxLookups} (RFC 7208 §4.6.4).`]
      : []),
    ...(voidLookups > maxVoidLookups
      ? [
          `${voidLookups} of its names don't exist, and receivers stop after ${maxVoidLookups} (RFC 7208 §4.6.4).`,
        ]
      : []),
    ...problems,
  ];
  if (errors.length === 0) return null;
  return {
    status: "failed",
    title: "Receivers can't evaluate the SPF record",
    explanation: errors.slice(0, 4).join(" "),
    remedy:
      "Remove the includes of services that no longer send for you, and names that don't exist. Networks (ip4, ip6) don't need a lookup.",
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
      title: "The SPF record lets anyone send",
      explanation: `The record ends in +all, so any machine can send for ${domain}. Receivers hardly trust such a record.`,
      remedy: "Name the servers that send, and end the record with ~all.",
    };
  }
  if (provider === null) return byAddress(facts);
  const used = `It uses ${lookups} of ${maxLookups} lookups.`;
  const included = includedDomains(policy).find((domain) => provider.spfIncludes.includes(domain));
  if (included !== undefined) {
    return {
      status: "ok",
      title: `${provider.name} can send for this domain`,
      explanation: `The record includes ${included}. ${used}`,
      remedy: "",
    };
  }
  if (provider.envelope === "provider") {
    return {
      status: "ok",
      title: "The provider handles SPF",
      explanation: envelopeOf(provider.name),
      remedy: "",
    };
  }
  const [include] = provider.spfIncludes;
  if (include === undefined) return byAddress(facts);
  return facts.expansion.isPartial || isOpen(facts.expansion)
    ? undecided(facts)
    : notAllowed(
        facts,
        `The record doesn't include ${include}, which lists the servers that ${provider.name} sends from.`,
      );
}

function isOpen({ policy }: Expansion): boolean {
  return policy.terms.some(
    (term) => term.kind === "open" || (term.kind === "include" && term.policy === null),
  );
}

/** The finding for a relay whose own addresses are known, but not those that it sends from. */
async function byAddress(facts: Facts): Promise<SpfFinding> {
  const { sender, dns, expansion } = facts;
  const addresses =
    isIP(sender.server) !== 0
      ? [sender.server].filter(isPublicAddress)
      : await publicAddresses(sender.server, dns);
  if (addresses.length === 0) {
    return {
      status: "unknown",
      title: "The sending IP address is unknown",
      explanation: `${sender.server} has no public IP address, so receivers see a different one.`,
      remedy: "Find out which IP address your mail is sent from, and make sure that the record allows it.",
    };
  }
  const results = addresses.map((address) => evaluate(expansion.policy, address));
  if (results.every((result) => result === "pass")) {
    return {
      status: "ok",
      title: "The SPF record allows the server",
      explanation: `The record allows ${addresses.join(", ")}, the address of ${sender.server}. The server can send from other addresses, which its provider knows.`,
      remedy: "",
    };
  }
  if (results.includes("open") || expansion.isPartial) return undecided(facts);
  return notAllowed(
    facts,
    `The record doesn't allow ${addresses.join(", ")}, the address of ${sender.server}. The server can send from other addresses, so this may be harmless.`,
    "warning",
  );
}

function undecided({ sender }: Facts): SpfFinding {
  return {
    status: "unknown",
    title: "The SPF result depends on the message",
    explanation: `Parts of the record depend on the message, or the DNS didn't respond. Sendwright can't tell whether ${sender.provider?.name ?? sender.server} is allowed to send.`,
    remedy: "Send an email to your own mailbox and look for spf=pass in its header Authentication-Results.",
  };
}

function notAllowed(
  { sender, text, term }: Facts,
  explanation: string,
  status: Finding["status"] = "failed",
): SpfFinding {
  return {
    status,
    title: `SPF doesn't allow ${sender.provider?.name ?? "the server"}`,
    explanation,
    remedy:
      term === null
        ? "Ask your provider what to add to the record."
        : "Replace the record with this one, which is yours plus the missing server.",
    ...(term === null ? {} : { record: publish(sender.domain, withTerm(text, term)) }),
  };
}

function envelopeOf(name: string): string {
  return `Receivers check SPF for the envelope sender, which uses ${name}'s domain or one that you set up there. For DMARC, its DKIM signature counts.`;
}

function publish(domain: string, value: string): DnsRecord {
  return { type: "TXT", name: domain, value };
}

async function publicAddresses(server: string, dns: Dns): Promise<string[]> {
  const answer = await dns.addresses(server);
  return answer.kind === "found" ? answer.records.filter(isPublicAddress) : [];
}
