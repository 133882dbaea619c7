import { BlockList, isIP } from "node:net";
import type { Answer, Dns } from "../../net/dns.ts";
import { hasMacro, isSpf, parseSpf, type Qualifier, type SpfTerm } from "./parse.ts";

/** RFC 7208 §4.6.4. */
export const maxLookups = 10;
export const maxVoidLookups = 2;
/** Names of one `mx` mechanism (RFC 7208 §4.6.4). */
const maxExchanges = 10;
/** Where counting ends: a record that wants this many is past help, and may be meant to keep us busy. */
const countedLookups = 40;

export interface Network {
  readonly address: string;
  readonly prefix: number;
}

/** A term with what the DNS knows of it. */
type PolicyTerm = { readonly qualifier: Qualifier } & (
  | { readonly kind: "all" }
  | { readonly kind: "networks"; readonly networks: readonly Network[] }
  | { readonly kind: "include"; readonly domain: string; readonly policy: SpfPolicy | null }
  /** Only a message decides: macros, `exists`, `ptr`. */
  | { readonly kind: "open" }
);

/** An SPF record with all that it refers to. */
export interface SpfPolicy {
  readonly domain: string;
  readonly terms: readonly PolicyTerm[];
  readonly redirect: { readonly domain: string; readonly policy: SpfPolicy | null } | null;
}

export interface Expansion {
  readonly policy: SpfPolicy;
  /** Terms that ask the DNS; counting ends at 40. */
  readonly lookups: number;
  /** Of these, the ones that found nothing. */
  readonly voidLookups: number;
  /** What makes receivers give up (permerror), a sentence each. */
  readonly problems: readonly string[];
  /** Nobody answered somewhere: what is said is not the whole. */
  readonly isPartial: boolean;
}

/** Looks up all that an SPF record of `domain` refers to, as far as no message is needed for it. */
export async function expandSpf(
  domain: string,
  terms: readonly SpfTerm[],
  redirect: string | null,
  dns: Dns,
) {
  const expander = new Expander(dns);
  const policy = await expander.policy(domain, terms, redirect, []);
  return expander.result(policy);
}

class Expander {
  readonly #dns: Dns;
  readonly #problems = new Set<string>();
  #lookups = 0;
  #voidLookups = 0;
  #isPartial = false;

  constructor(dns: Dns) {
    this.#dns = dns;
  }

  result(policy: SpfPolicy): Expansion {
    return {
      policy,
      lookups: this.#lookups,
      voidLookups: this.#voidLookups,
      problems: [...this.#problems],
      isPartial: this.#isPartial,
    };
  }

  /** `above`: the domains whose records led here. */
  async policy(
    domain: string,
    terms: readonly SpfTerm[],
    redirect: string | null,
    above: readonly string[],
  ): Promise<SpfPolicy> {
    const path = [...above, domain];
    const expanded: PolicyTerm[] = [];
    // One after the other, so that what is left out at the end of counting does not depend on luck.
    for (const term of terms) expanded.push(await this.#term(domain, term, path));
    return {
      domain,
      terms: expanded,
      redirect:
        redirect === null ? null : { domain: redirect, policy: await this.#referredTo(redirect, path) },
    };
  }

  async #term(domain: string, term: SpfTerm, path: readonly string[]): Promise<PolicyTerm> {
    const { qualifier } = term;
    switch (term.kind) {
      case "all":
        return { qualifier, kind: "all" };
      case "ip":
        return { qualifier, kind: "networks", networks: [{ address: term.network, prefix: term.prefix }] };
      case "include":
        return {
          qualifier,
          kind: "include",
          domain: term.domain,
          policy: await this.#referredTo(term.domain, path),
        };
      case "a":
      case "mx": {
        const target = term.domain ?? domain;
        if (!this.#mayLookUp() || hasMacro(target)) return { qualifier, kind: "open" };
        const found =
          term.kind === "a"
            ? this.#counted(await this.#dns.addresses(target))
            : await this.#exchanges(target);
        const networks = found.map((address) => ({
          address,
          prefix: isIP(address) === 4 ? term.prefix4 : term.prefix6,
        }));
        return { qualifier, kind: "networks", networks };
      }
      case "exists":
      case "ptr":
        this.#mayLookUp();
        return { qualifier, kind: "open" };
    }
  }

  async #exchanges(target: string): Promise<readonly string[]> {
    const exchanges = this.#counted(await this.#dns.mx(target)).filter(({ exchange }) => exchange !== "");
    if (exchanges.length > maxExchanges) {
      this.#problems.add(`${target} has more than ${maxExchanges} mail exchangers, too many for SPF.`);
      return [];
    }
    const answers = await Promise.all(exchanges.map(({ exchange }) => this.#dns.addresses(exchange)));
    return answers.flatMap((answer) => (answer.kind === "found" ? answer.records : []));
  }

  async #referredTo(domain: string, path: readonly string[]): Promise<SpfPolicy | null> {
    if (!this.#mayLookUp() || hasMacro(domain)) return null;
    if (path.includes(domain)) {
      this.#problems.add(`${domain} includes itself.`);
      return null;
    }
    const answer = await this.#dns.txt(domain);
    const records = this.#counted(answer).filter(isSpf);
    const [text] = records;
    if (answer.kind === "failed") return null;
    if (text === undefined) {
      this.#problems.add(`${domain}, which is included, has no SPF record.`);
      return null;
    }
    if (records.length > 1) {
      this.#problems.add(`${domain}, which is included, has more than one SPF record.`);
      return null;
    }
    const parsed = parseSpf(text);
    if (!parsed.ok) {
      this.#problems.add(`The record of ${domain}, which is included, cannot be read: ${parsed.problem}.`);
      return null;
    }
    return this.policy(domain, parsed.record.terms, parsed.record.redirect, path);
  }

  /** Takes a look-up, if there are any left. */
  #mayLookUp(): boolean {
    if (this.#lookups >= countedLookups) return false;
    this.#lookups += 1;
    return true;
  }

  #counted<Data>(answer: Answer<Data>): readonly Data[] {
    if (answer.kind === "found") return answer.records;
    if (answer.kind === "none") this.#voidLookups += 1;
    else this.#isPartial = true;
    return [];
  }
}

/** Every domain that is included, at any depth, so that whoever it lets through passes. */
export function includedDomains({ terms, redirect }: SpfPolicy): string[] {
  const included = terms.flatMap((term) =>
    term.kind === "include" && term.qualifier === "+"
      ? [term.domain, ...(term.policy === null ? [] : includedDomains(term.policy))]
      : [],
  );
  if (redirect === null) return included;
  return [
    ...included,
    redirect.domain,
    ...(redirect.policy === null ? [] : includedDomains(redirect.policy)),
  ];
}

export type Judgement = "pass" | "fail" | "softfail" | "neutral" | "open";

const judgements = { "+": "pass", "-": "fail", "~": "softfail", "?": "neutral" } as const;

/** What a receiver makes of an address (RFC 7208 §4.6.2); `open` where a message would decide. */
export function judge({ terms, redirect }: SpfPolicy, address: string): Judgement {
  let isOpen = false;
  for (const term of terms) {
    const match = matches(term, address);
    if (match === "open") isOpen = true;
    if (match !== true) continue;
    const judgement = judgements[term.qualifier];
    return isOpen && judgement !== "pass" ? "open" : judgement;
  }
  if (isOpen) return "open";
  if (redirect === null) return "neutral";
  return redirect.policy === null ? "open" : judge(redirect.policy, address);
}

function matches(term: PolicyTerm, address: string): boolean | "open" {
  switch (term.kind) {
    case "all":
      return true;
    case "open":
      return "open";
    case "networks":
      return term.networks.some((network) => holds(network, address));
    case "include": {
      const inner = term.policy === null ? "open" : judge(term.policy, address);
      return inner === "open" ? "open" : inner === "pass";
    }
  }
}

function holds(network: Network, address: string): boolean {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (isIP(network.address) !== isIP(address)) return false;
  const list = new BlockList();
  list.addSubnet(network.address, network.prefix, family);
  return list.check(address, family);
}
