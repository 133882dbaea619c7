import { isIP } from "node:net";
import { shown } from "../finding.ts";

/** The qualifiers of a term: pass, fail, softfail, neutral (RFC 7208 §4.6.2). */
export type Qualifier = "+" | "-" | "~" | "?";

/** A mechanism of an SPF record (RFC 7208 §5). `domain` null: the domain of the record itself. */
export type SpfTerm = { readonly qualifier: Qualifier } & (
  | { readonly kind: "all" }
  | { readonly kind: "include" | "exists"; readonly domain: string }
  | { readonly kind: "ptr"; readonly domain: string | null }
  | {
      readonly kind: "a" | "mx";
      readonly domain: string | null;
      readonly prefix4: number;
      readonly prefix6: number;
    }
  | { readonly kind: "ip"; readonly network: string; readonly prefix: number }
);

export interface SpfRecord {
  readonly terms: readonly SpfTerm[];
  /** The domain to use if no term matches; null if there is none, or if there is an `all`. */
  readonly redirect: string | null;
}

export type ParsedSpf =
  | { readonly ok: true; readonly record: SpfRecord }
  | {
      readonly ok: false;
      /** The wrong word and the reason. */
      readonly problem: string;
    };

/** Whether a record is SPF: the version, then a space or the end (RFC 7208 §4.5). */
export function isSpf(text: string): boolean {
  return /^v=spf1(?: |$)/i.test(text);
}

/** Parses the text of a record that `isSpf` (RFC 7208 §4.6, §12). Any error makes the whole record invalid. */
export function parseSpf(text: string): ParsedSpf {
  const terms: SpfTerm[] = [];
  const modifiers = new Map<string, string>();
  for (const word of text.split(" ").slice(1)) {
    if (word === "") continue;
    const modifier = /^([a-z][a-z\d._-]*)=(.*)$/i.exec(word);
    if (modifier !== null) {
      const [, name = "", value = ""] = modifier;
      const known = name.toLowerCase();
      // Unknown modifiers are ignored (§6).
      if (known !== "redirect" && known !== "exp") continue;
      if (modifiers.has(known)) return wrong(word, "repeats a modifier");
      if (!isDomainSpec(value)) return wrong(word, "needs a domain");
      modifiers.set(known, value.toLowerCase());
      continue;
    }
    const term = parseTerm(word);
    if (term === null) return wrong(word, "isn't an SPF mechanism");
    terms.push(term);
  }
  const hasAll = terms.some(({ kind }) => kind === "all");
  return { ok: true, record: { terms, redirect: hasAll ? null : (modifiers.get("redirect") ?? null) } };
}

function wrong(word: string, why: string): ParsedSpf {
  return { ok: false, problem: `${JSON.stringify(shown(word.slice(0, 80)))} ${why}` };
}

function parseTerm(word: string): SpfTerm | null {
  const found = /^([+~?-]?)(all|include|exists|ptr|a|mx|ip4|ip6)(?::([^/]+))?(\/.*)?$/i.exec(word);
  if (found === null) return null;
  const [, sign = "", name = "", value = null, prefixes = ""] = found;
  const qualifier = (sign === "" ? "+" : sign) as Qualifier;
  const kind = name.toLowerCase();
  if (kind === "ip4" || kind === "ip6") return ipTerm(qualifier, kind === "ip4" ? 4 : 6, value, prefixes);
  if (value !== null && !isDomainSpec(value)) return null;
  const domain = value?.toLowerCase() ?? null;
  switch (kind) {
    case "all":
      return value === null && prefixes === "" ? { qualifier, kind } : null;
    case "include":
    case "exists":
      return domain === null || prefixes !== "" ? null : { qualifier, kind, domain };
    case "ptr":
      return prefixes === "" ? { qualifier, kind, domain } : null;
    case "a":
    case "mx": {
      const lengths = prefixLengths(prefixes);
      return lengths === null ? null : { qualifier, kind, domain, ...lengths };
    }
    default:
      return null;
  }
}

function ipTerm(qualifier: Qualifier, family: 4 | 6, value: string | null, prefixes: string): SpfTerm | null {
  const longest = family === 4 ? 32 : 128;
  const prefix = prefixes === "" ? longest : lengthOf(prefixes, longest);
  if (value === null || isIP(value) !== family || value.includes("%") || prefix === null) return null;
  return { qualifier, kind: "ip", network: value, prefix };
}

/** `/24`, `//64` or `/24//64` (§5.6's dual-cidr-length). */
function prefixLengths(text: string): { prefix4: number; prefix6: number } | null {
  const found = /^(?:(\/\d+))?(?:\/(\/\d+))?$/.exec(text);
  if (found === null) return null;
  const prefix4 = found[1] === undefined ? 32 : lengthOf(found[1], 32);
  const prefix6 = found[2] === undefined ? 128 : lengthOf(found[2], 128);
  return prefix4 === null || prefix6 === null ? null : { prefix4, prefix6 };
}

function lengthOf(text: string, longest: number): number | null {
  const digits = /^\/(0|[1-9]\d{0,2})$/.exec(text)?.[1];
  return digits !== undefined && Number(digits) <= longest ? Number(digits) : null;
}

/** A name, or a text with macros such as `%{i}._spf.example.com`, which each message fills in (§7). */
function isDomainSpec(text: string): boolean {
  if (hasMacro(text)) return /^[\x21-\x7e]+$/.test(text);
  return isName(text);
}

export function hasMacro(domain: string): boolean {
  return domain.includes("%");
}

/** What can be looked up: labels of 63 octets, 253 in all. Underscores are usual in such names. */
function isName(text: string): boolean {
  const name = text.replace(/\.$/, "");
  return name.length <= 253 && name.split(".").every((label) => /^[\w-]{1,63}$/.test(label));
}
