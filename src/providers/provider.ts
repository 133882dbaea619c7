import type { TlsMode } from "../core/model.ts";

/**
 * How to reach a well-known provider, and what it wants: facts of its own documentation (`helpUrl`), in
 * our words. The form is filled in from them, and the DNS of the sender's domain is judged by them;
 * nothing else in Sendwright depends on the provider.
 */
export interface Provider {
  readonly id: string;
  readonly name: string;
  /** Offered before the others: where most look for theirs. */
  readonly isCommon: boolean;
  /** Where there are regions, the one of the first. */
  readonly smtpServer: string;
  readonly smtpPort: number;
  readonly useTls: boolean;
  readonly tlsMode: TlsMode;
  /** Servers to choose from; empty where there is but one. */
  readonly regions: readonly ProviderRegion[];
  /** What everybody enters as username, such as SendGrid's word `apikey`; null where it is one's own. */
  readonly username: string | null;
  /** What the username is made of: the email address, what stands before its @, or something of its own. */
  readonly usernameIs: "address" | "local-part" | "own";
  /** A sender that will do; null where it is one's own. */
  readonly fromEmail: string | null;
  /** What to enter, a sentence each. */
  readonly usernameHint: string;
  readonly passwordHint: string;
  readonly fromHint: string;
  /** The provider's page about it; null for the sandbox. */
  readonly helpUrl: string | null;
  /** Domains of its mailboxes, such as gmail.com. */
  readonly mailDomains: readonly string[];
  /** What the MX of domains ends in that have their mailboxes there, such as `google.com`. */
  readonly mxSuffixes: readonly string[];
  /**
   * What the SPF record of a sender's domain includes to let it send: the first is the one to publish, any
   * of them will do. Empty where none is needed or known.
   */
  readonly spfIncludes: readonly string[];
  /**
   * Who stands in the envelope, where SPF is checked: the `sender` as Sendwright hands it over, or a bounce
   * address of the `provider`.
   */
  readonly envelope: "sender" | "provider";
  /** Where its DKIM keys stand, below `_domainkey.`; empty where each domain has its own. */
  readonly dkimSelectors: readonly string[];
}

export interface ProviderRegion {
  readonly id: string;
  readonly name: string;
  readonly smtpServer: string;
  /** Mail domains, and what MX names end in, that belong to this region. */
  readonly serves?: readonly string[];
}

/** STARTTLS on the submission port (RFC 6409). */
export const submission = { smtpPort: 587, useTls: true, tlsMode: "auto" } as const;
/** TLS from the first byte, which RFC 8314 §3.3 prefers where a provider recommends it too. */
export const submissions = { smtpPort: 465, useTls: true, tlsMode: "auto" } as const;

const oneServer = { regions: [], username: null, fromEmail: null } as const;

/** What is usual of a service that applications send through. */
export const relayDefaults = {
  ...submission,
  ...oneServer,
  isCommon: false,
  usernameIs: "own",
  fromHint: "An address or domain that you have verified there.",
  mailDomains: [],
  mxSuffixes: [],
  spfIncludes: [],
  envelope: "provider",
  dkimSelectors: [],
} as const;

/** What is usual of a host of mailboxes. */
export const mailboxDefaults = {
  ...submissions,
  ...oneServer,
  isCommon: false,
  usernameIs: "address",
  usernameHint: "Your full email address.",
  passwordHint: "The password of the mailbox.",
  fromHint: "Your address there, or an alias of it.",
  mailDomains: [],
  mxSuffixes: [],
  spfIncludes: [],
  envelope: "sender",
  dkimSelectors: [],
} as const;

export function withRegions(regions: readonly ProviderRegion[]): Pick<Provider, "smtpServer" | "regions"> {
  return { smtpServer: regions[0]?.smtpServer ?? "", regions };
}
