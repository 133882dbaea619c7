import type { TlsMode } from "../model.ts";

/**
 * How to reach a well-known provider, and what it wants: facts of its own documentation (`helpUrl`), in
 * our words. The form is filled in from them; nothing else in Posthorn depends on the provider.
 */
export interface Provider {
  readonly id: string;
  readonly name: string;
  /** Where there are regions, the one of the first. */
  readonly smtpServer: string;
  readonly smtpPort: number;
  readonly useTls: boolean;
  readonly tlsMode: TlsMode;
  /** Servers to choose from; empty where there is but one. */
  readonly regions: readonly ProviderRegion[];
  /** What everybody enters as username, such as SendGrid's word `apikey`; null where it is one's own. */
  readonly username: string | null;
  /** A sender that will do; null where it is one's own. */
  readonly fromEmail: string | null;
  /** What to enter, a sentence each. */
  readonly usernameHint: string;
  readonly passwordHint: string;
  readonly fromHint: string;
  /** The provider's page about it; null for the sandbox. */
  readonly helpUrl: string | null;
}

export interface ProviderRegion {
  readonly id: string;
  readonly name: string;
  readonly smtpServer: string;
}

/** Where the sandbox listens. */
export interface SandboxAddress {
  readonly host: string;
  readonly port: number;
}

/** STARTTLS on the submission port (RFC 6409). */
const submission = { smtpPort: 587, useTls: true, tlsMode: "auto" } as const;
/** TLS from the first byte, which RFC 8314 §3.3 prefers where a provider recommends it too. */
const submissions = { smtpPort: 465, useTls: true, tlsMode: "auto" } as const;
const oneServer = { regions: [], username: null, fromEmail: null } as const;

const verifiedSender = "An address or domain that you have verified there.";

const wellKnown: readonly Provider[] = [
  {
    ...submission,
    ...oneServer,
    id: "gmail",
    name: "Gmail",
    smtpServer: "smtp.gmail.com",
    usernameHint: "Your full Gmail address.",
    passwordHint: "An app password of 16 letters, which needs 2-step verification. Not your Google password.",
    fromHint: "Your Gmail address or an alias of it: Google replaces any other.",
    helpUrl: "https://support.google.com/accounts/answer/185833",
  },
  {
    ...submission,
    ...oneServer,
    id: "google-workspace-relay",
    name: "Google Workspace relay",
    smtpServer: "smtp-relay.gmail.com",
    usernameHint: "Leave empty if the relay is set up for this machine's IP address, else a full address.",
    passwordHint: "An app password of that account.",
    fromHint: "An address of one of your Workspace domains.",
    helpUrl: "https://support.google.com/a/answer/2956491",
  },
  {
    ...submission,
    ...oneServer,
    id: "microsoft-365",
    name: "Microsoft 365",
    smtpServer: "smtp.office365.com",
    usernameHint: "The full address of the mailbox. Authenticated SMTP must be switched on for it.",
    passwordHint:
      "Its password, where Microsoft still takes one; else an OAuth token with the sign-in method XOAUTH2.",
    fromHint: "The address of the mailbox, or one that it may send as.",
    helpUrl:
      "https://learn.microsoft.com/exchange/mail-flow-best-practices/how-to-set-up-a-multifunction-device-or-application-to-send-email-using-microsoft-365-or-office-365",
  },
  {
    ...submission,
    ...withRegions(
      [
        ["us-east-1", "US East, N. Virginia"],
        ["us-east-2", "US East, Ohio"],
        ["us-west-1", "US West, N. California"],
        ["us-west-2", "US West, Oregon"],
        ["ca-central-1", "Canada, Central"],
        ["sa-east-1", "South America, São Paulo"],
        ["eu-central-1", "Europe, Frankfurt"],
        ["eu-central-2", "Europe, Zurich"],
        ["eu-north-1", "Europe, Stockholm"],
        ["eu-south-1", "Europe, Milan"],
        ["eu-west-1", "Europe, Ireland"],
        ["eu-west-2", "Europe, London"],
        ["eu-west-3", "Europe, Paris"],
        ["il-central-1", "Israel, Tel Aviv"],
        ["me-central-1", "Middle East, UAE"],
        ["me-south-1", "Middle East, Bahrain"],
        ["af-south-1", "Africa, Cape Town"],
        ["ap-northeast-1", "Asia Pacific, Tokyo"],
        ["ap-northeast-2", "Asia Pacific, Seoul"],
        ["ap-northeast-3", "Asia Pacific, Osaka"],
        ["ap-south-1", "Asia Pacific, Mumbai"],
        ["ap-south-2", "Asia Pacific, Hyderabad"],
        ["ap-southeast-1", "Asia Pacific, Singapore"],
        ["ap-southeast-2", "Asia Pacific, Sydney"],
        ["ap-southeast-3", "Asia Pacific, Jakarta"],
        ["us-gov-east-1", "GovCloud, US-East"],
        ["us-gov-west-1", "GovCloud, US-West"],
      ].map(([id = "", name = ""]) => ({
        id,
        name: `${name} (${id})`,
        smtpServer: `email-smtp.${id}.amazonaws.com`,
      })),
    ),
    id: "amazon-ses",
    name: "Amazon SES",
    username: null,
    fromEmail: null,
    usernameHint: "The SMTP user name that the SES console made, in the same region. Not an IAM access key.",
    passwordHint: "The SMTP password that was made with it. Not the secret of an IAM access key.",
    fromHint: "An address or domain that is verified in SES, in the same region.",
    helpUrl: "https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html",
  },
  {
    ...submission,
    ...oneServer,
    id: "brevo",
    name: "Brevo",
    smtpServer: "smtp-relay.brevo.com",
    usernameHint: "The SMTP login from Brevo's page SMTP & API.",
    passwordHint: "An SMTP key from the same page. Not an API key, nor the account's password.",
    fromHint: verifiedSender,
    helpUrl: "https://help.brevo.com/hc/en-us/articles/7959631848850-Create-and-manage-your-SMTP-keys",
  },
  {
    ...submissions,
    ...oneServer,
    id: "fastmail",
    name: "Fastmail",
    smtpServer: "smtp.fastmail.com",
    usernameHint: "Your full Fastmail address, with its domain.",
    passwordHint: "An app password with access to SMTP. Not your Fastmail password.",
    fromHint: "Your Fastmail address, or an alias of it.",
    helpUrl: "https://www.fastmail.help/hc/en-us/articles/1500000278342-Server-names-and-ports",
  },
  {
    ...submission,
    ...withRegions([
      { id: "us", name: "US", smtpServer: "smtp.mailgun.org" },
      { id: "eu", name: "EU", smtpServer: "smtp.eu.mailgun.org" },
    ]),
    id: "mailgun",
    name: "Mailgun",
    username: null,
    fromEmail: null,
    usernameHint: "An SMTP user of the sending domain, such as postmaster@mg.example.com.",
    passwordHint: "The password of that SMTP user. Not an API key, nor the account's password.",
    fromHint: "An address of the sending domain.",
    helpUrl:
      "https://help.mailgun.com/hc/en-us/articles/203380100-Where-can-I-find-my-API-keys-and-SMTP-credentials",
  },
  {
    ...submission,
    ...oneServer,
    id: "mailjet",
    name: "Mailjet",
    smtpServer: "in-v3.mailjet.com",
    usernameHint: "The API key.",
    passwordHint: "The secret key that belongs to the API key.",
    fromHint: verifiedSender,
    helpUrl: "https://dev.mailjet.com/smtp-relay/overview/",
  },
  {
    ...submission,
    ...oneServer,
    id: "postmark",
    name: "Postmark",
    smtpServer: "smtp.postmarkapp.com",
    usernameHint: "The Server API token, the same as for the password.",
    passwordHint: "The Server API token once more. Not the account's token.",
    fromHint: "A confirmed sender signature, or an address of a verified domain.",
    helpUrl:
      "https://postmarkapp.com/support/article/811-what-are-the-smtp-details-api-tokens-i-should-be-using",
  },
  {
    ...submissions,
    ...oneServer,
    id: "resend",
    name: "Resend",
    smtpServer: "smtp.resend.com",
    username: "resend",
    usernameHint: "The word resend, for everybody.",
    passwordHint: "An API key. It begins with re_.",
    fromHint: "An address of a domain that you have verified there.",
    helpUrl: "https://resend.com/docs/send-with-smtp",
  },
  {
    ...submission,
    ...oneServer,
    id: "sendgrid",
    name: "SendGrid",
    smtpServer: "smtp.sendgrid.net",
    username: "apikey",
    usernameHint: "The word apikey, for everybody. Not the API key itself.",
    passwordHint: "An API key with the permission Mail Send. It begins with SG.",
    fromHint: "A verified sender, or an address of an authenticated domain.",
    helpUrl:
      "https://www.twilio.com/docs/sendgrid/for-developers/sending-email/integrating-with-the-smtp-api",
  },
  {
    ...submission,
    ...withRegions([
      { id: "any", name: "Nearest", smtpServer: "mail.smtp2go.com" },
      { id: "us", name: "US", smtpServer: "mail-us.smtp2go.com" },
      { id: "eu", name: "EU and UK", smtpServer: "mail-eu.smtp2go.com" },
      { id: "au", name: "Australia", smtpServer: "mail-au.smtp2go.com" },
    ]),
    id: "smtp2go",
    name: "SMTP2GO",
    username: null,
    fromEmail: null,
    usernameHint: "An SMTP user from SMTP2GO's page Sending, SMTP Users.",
    passwordHint: "The password of that SMTP user. Not the account's password.",
    fromHint: "A verified sender: an address or a whole domain.",
    helpUrl: "https://developers.smtp2go.com/docs/smtp-relay",
  },
  {
    ...submissions,
    ...withRegions(
      [
        ["us", "United States", "zoho.com"],
        ["eu", "Europe", "zoho.eu"],
        ["in", "India", "zoho.in"],
        ["au", "Australia", "zoho.com.au"],
        ["jp", "Japan", "zoho.jp"],
        ["ca", "Canada", "zohocloud.ca"],
        ["sa", "Saudi Arabia", "zoho.sa"],
        ["cn", "China", "zoho.com.cn"],
      ].flatMap(([id = "", name = "", domain = ""]) => [
        { id: `${id}-paid`, name: `${name}, own domain on a paid plan`, smtpServer: `smtppro.${domain}` },
        { id, name: `${name}, personal or free plan`, smtpServer: `smtp.${domain}` },
      ]),
    ),
    id: "zoho",
    name: "Zoho Mail",
    username: null,
    fromEmail: null,
    usernameHint: "Your full Zoho address. Choose the region where the account was made.",
    passwordHint: "Your Zoho password; with two-factor authentication an application-specific password.",
    fromHint: "Your Zoho address, or an alias of it.",
    helpUrl: "https://www.zoho.com/mail/help/zoho-smtp.html",
  },
];

/** The catalogue by name; the sandbox comes first, where it runs. */
export function listProviders(sandbox: SandboxAddress | null): readonly Provider[] {
  return sandbox === null ? wellKnown : [sandboxProvider(sandbox), ...wellKnown];
}

function sandboxProvider({ host, port }: SandboxAddress): Provider {
  return {
    ...oneServer,
    id: "sandbox",
    name: "Built-in sandbox",
    smtpServer: host,
    smtpPort: port,
    // It listens on the loopback alone.
    useTls: false,
    tlsMode: "auto",
    fromEmail: "posthorn@example.com",
    usernameHint: "Leave empty: the sandbox wants no sign-in.",
    passwordHint: "None.",
    fromHint: "Any address: nothing leaves this machine.",
    helpUrl: null,
  };
}

function withRegions(regions: readonly ProviderRegion[]): Pick<Provider, "smtpServer" | "regions"> {
  return { smtpServer: regions[0]?.smtpServer ?? "", regions };
}
