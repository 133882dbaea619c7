// Decides which recipients may get mail from this machine, and is the only way to the SMTP client that sends.
// RFC 5321 for the envelope that it changes; RFC 5322 for the field that names the original recipients.
// It does not choose a config, retry, or change what an email says.
import { SendwrightError } from "../core/errors.ts";
import { parseAddress } from "../message/address.ts";

/** Who may get mail. */
export type RecipientRule =
  | { readonly kind: "all" }
  /** These and no others. Addresses as `keyOf` gives them, domains in A-labels. */
  | { readonly kind: "only"; readonly addresses: ReadonlySet<string>; readonly domains: ReadonlySet<string> }
  /** These instead of the recipients. */
  | { readonly kind: "redirect"; readonly to: readonly string[] }
  /** The built-in sandbox instead of any SMTP server. */
  | { readonly kind: "capture" };

export const everyone: RecipientRule = { kind: "all" };

const variable = "SENDWRIGHT_RECIPIENTS";
const example = "qa@example.com";

/**
 * Parses `all`, `only:@acme.test,qa@acme.test`, `redirect:qa@acme.test` or `capture`. A domain does not include its
 * subdomains, and there are no wildcards.
 * @throws SendwrightError `input.invalid`, naming the variable and what to write instead.
 */
export function parseRecipientRule(text: string): RecipientRule {
  if (text === "all" || text === "capture") return { kind: text };
  const [, kind, list = ""] = /^(only|redirect):(.*)$/s.exec(text) ?? [];
  const entries = list
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  switch (kind) {
    case "only":
      return onlyThese(entries);
    case "redirect":
      return redirectedTo(entries);
    default:
      throw wrong(`must be all, only:…, redirect:… or capture, not ${JSON.stringify(text)}`);
  }
}

/** The rule as `parseRecipientRule` reads it. */
export function ruleText(rule: RecipientRule): string {
  const names = namesOf(rule);
  return names.length === 0 ? rule.kind : `${rule.kind}:${names.join(",")}`;
}

/** The addresses, and domains after an `@`, that a rule names. */
export function namesOf(rule: RecipientRule): readonly string[] {
  if (rule.kind === "redirect") return rule.to;
  if (rule.kind !== "only") return [];
  return [...[...rule.domains].map((domain) => `@${domain}`), ...rule.addresses];
}

/** What a rule does, in a sentence for logs and checks; null if every recipient gets mail. */
export function ruleSentence(rule: RecipientRule): string | null {
  switch (rule.kind) {
    case "all":
      return null;
    case "only":
      return `Sendwright sends only to ${namesOf(rule).join(", ")} and withholds all other email.`;
    case "redirect":
      return `Sendwright sends every email to ${rule.to.join(", ")} instead of its recipients.`;
    case "capture":
      return "The sandbox captures every email. No recipient gets mail.";
  }
}

/**
 * Whether `only` names a recipient. An address that cannot be parsed is nobody's, whatever a server would make of it.
 * Local parts are compared without case: a server that tells them apart by it is not known.
 */
export function isNamed({ addresses, domains }: RecipientRule & { kind: "only" }, address: string): boolean {
  try {
    return addresses.has(keyOf(address)) || domains.has(parseAddress(address).domain);
  } catch {
    return false;
  }
}

/** An address as it is compared. @throws SendwrightError `address.invalid` */
function keyOf(address: string): string {
  const { local, domain } = parseAddress(address);
  return `${local.toLowerCase()}@${domain}`;
}

function onlyThese(entries: readonly string[]): RecipientRule {
  if (entries.length === 0) {
    throw wrong(`has no address after only: add addresses or domains, such as only:@example.com,${example}`);
  }
  const addresses = new Set<string>();
  const domains = new Set<string>();
  for (const entry of entries) {
    if (entry.startsWith("@")) domains.add(domainOf(entry));
    else addresses.add(keyOf(checked(entry)));
  }
  return { kind: "only", addresses, domains };
}

function redirectedTo(entries: readonly string[]): RecipientRule {
  if (entries.length === 0) {
    throw wrong(`has no address after redirect: add the address for all mail, such as redirect:${example}`);
  }
  return { kind: "redirect", to: [...new Set(entries.map((entry) => checked(entry)))] };
}

function domainOf(entry: string): string {
  return parseAddress(checked(`anyone${entry}`, entry)).domain;
}

/** @returns the address in its one form. @param shown what stands in the variable */
function checked(address: string, shown = address): string {
  if (shown.includes("*")) {
    throw wrong(
      `must not contain wildcards such as ${JSON.stringify(shown)}: write @example.com for a whole domain`,
    );
  }
  try {
    return parseAddress(address).address;
  } catch {
    throw wrong(
      `contains ${JSON.stringify(shown)}, which is not an email address: write ${example}, or @example.com after only`,
    );
  }
}

function wrong(detail: string): SendwrightError {
  return new SendwrightError("input.invalid", `${variable} ${detail}.`, {
    issues: [{ pointer: variable, detail }],
  });
}
