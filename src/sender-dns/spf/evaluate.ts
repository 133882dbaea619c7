import { BlockList, isIP } from "node:net";
import type { Answer, Dns } from "../../net/dns.ts";
import { hasMacro, isSpf, parseSpf, type Qualifier, type SpfTerm } from "./parse.ts";

/** The limits of DNS lookups of a record (RFC 7208 §4.6.4). */
export const maxLookups = 10;
export const maxVoidLookups = 2;
/** The limit of names of one `mx` mechanism (RFC 7208 §4.6.4). */
const maxExchanges = 10;
/** Counting ends here: a record with more lookups is far over the limit, and may be an attack. */
const countedLookups = 40;

export interface Network {
  readonly address: string;
  readonly prefix: number;
}

/** A term with the result of its lookup. */
type PolicyTerm = { readonly qualifier: Qualifier } & (
  | { readonly kind: "all" }
  | { readonly kind: "networks"; readonly networks: readonly Network[] }
  | { readonly kind: "include"; readonly domain: string; readonly policy: SpfPolicy | null }
  /** The result depends on the message: macros, `exists`, `ptr`. */
  | { readonly kind: "open" }
);

/** An SPF record with everything that it refers to. */
export interface SpfPolicy {
  readonly domain: string;
  readonly terms: readonly PolicyTerm[];
  readonly redirect: { readonly domain: string; readonly policy: SpfPolicy | null } | null;
}

export interface Expansion {
  readonly policy: SpfPolicy;
  /** The number of terms that need a lookup; counting ends at 40. */
  readonly lookups: number;
  /** The number of these lookups that found nothing. */
  readonly voidLookups: number;
  /** The errors that make receivers ignore the record (permerror), a sentence each. */
  readonly problems: readonly string[];
  /** A lookup got no response, so the result is incomplete. */
  readonly isPartial: boolean;
}

/** Looks up everything that an SPF record of `domain` refers to and that does not depend on a message. */
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
    // In order, because otherwise chance would decide which terms are left out when counting ends.
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
      this.#problems.add(
        `${target} has more than ${maxExchanges} mail exchangers, which is too many for SPF.`,
      );
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
      this.#problems.add(`The included domain ${domain} has no SPF record.`);
      return null;
    }
    if (records.length > 1) {
      this.#problems.add(`The included domain ${domain} has more than one SPF record.`);
      return null;
    }
    const parsed = parseSpf(text);
    if (!parsed.ok) {
      this.#problems.add(`The record of the included domain ${domain} is invalid: ${parsed.problem}.`);
      return null;
    }
    return this.policy(domain, parsed.record.terms, parsed.record.redirect, path);
  }

  /** Counts a lookup, if any is left. */
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

/** The domains that are included at any depth with the qualifier `+`: an address that passes there passes here. */
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

export type SpfResult = "pass" | "fail" | "softfail" | "neutral" | "open";

const results = { "+": "pass", "-": "fail", "~": "softfail", "?": "neutral" } as const;

/** The result of an address (RFC 7208 §4.6.2); `open` if it depends on the message. */
export function evaluate({ terms, redirect }: SpfPolicy, address: string): SpfResult {
  let isOpen = false;
  for (const term of terms) {
    const match = matches(term, address);
    if (match === "open") isOpen = true;
    if (match !== true) continue;
    const result = results[term.qualifier];
    return isOpen && result !== "pass" ? "open" : result;
  }
  if (isOpen) return "open";
  if (redirect === null) return "neutral";
  return redirect.policy === null ? "open" : evaluate(redirect.policy, address);
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
      const inner = term.policy === null ? "open" : evaluate(term.policy, address);
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
