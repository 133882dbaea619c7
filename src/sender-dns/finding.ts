export const dnsChecks = ["spf", "dkim", "dmarc", "mx"] as const;

/** The results of a check. `unknown`: the DNS did not say enough. */
export const findingStatuses = ["ok", "warning", "failed", "unknown"] as const;

/** A record to publish, as the forms of DNS providers ask for it. */
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
  /** Empty if there is nothing to do. */
  readonly remedy: string;
  /** The records that the finding is about, as they were found. */
  readonly seen: readonly string[];
  readonly record?: DnsRecord;
}

const shownCharacters = 600;

/** A record without control characters and of limited length: its publisher must not decide what a page shows. */
export function shown(record: string): string {
  const clean = record.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "\u{FFFD}");
  return clean.length > shownCharacters ? `${clean.slice(0, shownCharacters)}…` : clean;
}

/** The finding for a query that the DNS did not answer. */
export function unanswered(check: Finding["check"], name: string, code: string): Finding {
  return {
    check,
    status: "unknown",
    title: "The DNS didn't respond",
    explanation: `The DNS didn't respond to the query for ${name} (${code}).`,
    remedy:
      "Try again in a moment. If it keeps failing, check the domain's name servers, or set other DNS servers in SENDWRIGHT_DNS_SERVERS.",
    seen: [],
  };
}
