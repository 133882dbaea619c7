import type { TlsMode } from "../core/model.ts";

/**
 * The settings of a well-known provider: facts of its own documentation (`helpUrl`), in our words. They
 * fill in the form, and the DNS of the sender's domain is checked against them. Nothing else in Sendwright
 * depends on the provider.
 */
export interface Provider {
  readonly id: string;
  readonly name: string;
  /** Offered before the others, because many people have it. */
  readonly isCommon: boolean;
  /** The server of the first region, if the provider has regions. */
  readonly smtpServer: string;
  readonly smtpPort: number;
  readonly useTls: boolean;
  readonly tlsMode: TlsMode;
  /** Servers to choose from; empty if there is only one. */
  readonly regions: readonly ProviderRegion[];
  /** The username that all customers share, such as `apikey` at SendGrid; null if each has their own. */
  readonly username: string | null;
  /** What the username is: the email address, the part before its @, or something else. */
  readonly usernameIs: "address" | "local-part" | "own";
  /** A sender that works for everyone; null if each customer needs their own. */
  readonly fromEmail: string | null;
  /** What to enter, a sentence each. */
  readonly usernameHint: string;
  readonly passwordHint: string;
  readonly fromHint: string;
  /** The provider's page about SMTP; null for the sandbox. */
  readonly helpUrl: string | null;
  /** Domains of its mailboxes, such as gmail.com. */
  readonly mailDomains: readonly string[];
  /** The suffixes of the MX of domains with mailboxes there, such as `google.com`. */
  readonly mxSuffixes: readonly string[];
  /**
   * The SPF includes that let the provider send for a domain. Any of them is enough, and the first is the
   * one to publish. Empty if none is needed or known.
   */
  readonly spfIncludes: readonly string[];
  /**
   * The domain of the envelope sender, which SPF checks: that of the `sender` as Sendwright names it, or
   * that of a bounce address of the `provider`.
   */
  readonly envelope: "sender" | "provider";
  /** The names of its DKIM keys below `_domainkey.`; empty if each domain has its own. */
  readonly dkimSelectors: readonly string[];
  /** Null if it publishes none, or none that holds for every account. */
  readonly limits: ProviderLimits | null;
}

/**
 * What a provider lets an account send: facts of its own documentation, for the limits of a config. A limit that
 * depends on the plan, or that changes often, is in `hint` alone.
 */
export interface ProviderLimits extends Partial<LimitValues> {
  /** What to know about them: a sentence or two. Null if there is no more than the values say. */
  readonly hint: string | null;
  /** Whether the values also hold for mailboxes of a person's own domain. Default: true. */
  readonly holdsForOwnDomains?: boolean;
  /** The provider's page, and the day on which it said so. */
  readonly source: string;
  readonly readOn: string;
}

/** The limits of a config that a provider can name; null if it names none. */
export interface LimitValues {
  readonly maxPerSecond: number | null;
  readonly maxPerMinute: number | null;
  readonly maxPerHour: number | null;
  readonly maxPerDay: number | null;
  readonly maxRecipientsPerDay: number | null;
}

export interface ProviderRegion {
  readonly id: string;
  readonly name: string;
  readonly smtpServer: string;
  /** Mail domains and suffixes of MX names that belong to this region. */
  readonly serves?: readonly string[];
}

/** STARTTLS on the submission port (RFC 6409). */
export const submission = { smtpPort: 587, useTls: true, tlsMode: "auto" } as const;
/** TLS from the first byte, which RFC 8314 §3.3 prefers where a provider recommends it too. */
export const submissions = { smtpPort: 465, useTls: true, tlsMode: "auto" } as const;

const oneServer = { regions: [], username: null, fromEmail: null } as const;

/** The usual settings of a service that applications send through. */
export const relayDefaults = {
  ...submission,
  ...oneServer,
  isCommon: false,
  usernameIs: "own",
  fromHint: "An address or domain that you verified there.",
  mailDomains: [],
  mxSuffixes: [],
  spfIncludes: [],
  envelope: "provider",
  dkimSelectors: [],
  limits: null,
} as const;

/** The usual settings of a mailbox provider. */
export const mailboxDefaults = {
  ...submissions,
  ...oneServer,
  isCommon: false,
  usernameIs: "address",
  usernameHint: "Your full email address.",
  passwordHint: "The mailbox password.",
  fromHint: "Your address there, or one of its aliases.",
  mailDomains: [],
  mxSuffixes: [],
  spfIncludes: [],
  envelope: "sender",
  dkimSelectors: [],
  limits: null,
} as const;

export function withRegions(regions: readonly ProviderRegion[]): Pick<Provider, "smtpServer" | "regions"> {
  return { smtpServer: regions[0]?.smtpServer ?? "", regions };
}
