export const dnsChecks = ["spf", "dkim", "dmarc", "mx"] as const;

/** `unknown`: it cannot be told from here. */
export const findingStatuses = ["ok", "warning", "failed", "unknown"] as const;

/** A record to publish, as the forms of DNS providers want it. */
export interface DnsRecord {
  readonly type: "TXT";
  readonly name: string;
  readonly value: string;
}

/** What one check of a domain found. JSON, the same in the page and the API. */
export interface Finding {
  readonly check: (typeof dnsChecks)[number];
  readonly status: (typeof findingStatuses)[number];
  readonly title: string;
  readonly explanation: string;
  /** Empty where there is nothing to do. */
  readonly remedy: string;
  /** The records that this is about, as they were seen. */
  readonly seen: readonly string[];
  readonly record?: DnsRecord;
}

const shownCharacters = 600;

/** A record as it may be shown: whoever publishes it decides what is in it, and how much. */
export function shown(record: string): string {
  const clean = record.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "\u{FFFD}");
  return clean.length > shownCharacters ? `${clean.slice(0, shownCharacters)}…` : clean;
}

/** The finding where nobody answered. */
export function unanswered(check: Finding["check"], name: string, code: string): Finding {
  return {
    check,
    status: "unknown",
    title: "The DNS gave no answer",
    explanation: `The question for ${name} was not answered (${code}).`,
    remedy:
      "Try again in a moment. If it stays so, look at the name servers of the domain, or name others in SENDWRIGHT_DNS_SERVERS.",
    seen: [],
  };
}
