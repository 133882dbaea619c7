import { normaliseHost } from "../net/host.ts";
import { mailboxes } from "./mailboxes.ts";
import { mailboxDefaults, type Provider, type ProviderRegion } from "./provider.ts";
import { relays } from "./relays.ts";
import { type ProviderWithoutSmtp, withoutSmtp } from "./without-smtp.ts";

export type { Provider } from "./provider.ts";
export type { ProviderWithoutSmtp } from "./without-smtp.ts";

/** Where the sandbox listens. */
export interface SandboxAddress {
  readonly host: string;
  readonly port: number;
}

/** Those of Google and Microsoft first, the others by name. */
const wellKnown: readonly Provider[] = [...mailboxes, ...relays].toSorted(
  (one, two) => rank(one) - rank(two) || one.name.localeCompare(two.name, "en", { sensitivity: "base" }),
);

function rank({ id }: Provider): number {
  const place = ["gmail", "google-workspace-relay", "microsoft-365"].indexOf(id);
  return place === -1 ? 3 : place;
}

/** The catalogue by name; the sandbox comes first, where it runs. */
export function listProviders(sandbox: SandboxAddress | null): readonly Provider[] {
  return sandbox === null ? wellKnown : [sandboxProvider(sandbox), ...wellKnown];
}

/** Whose SMTP server this is; null for any other. */
export function providerOfServer(server: string): Provider | null {
  const host = normaliseHost(server);
  return wellKnown.find((provider) => serversOf(provider).some((known) => known === host)) ?? null;
}

/** Whose mailboxes have addresses of this domain, as Gmail's have gmail.com; null for one's own domain. */
export function providerOfMailDomain(domain: string): Provider | null {
  return wellKnown.find(({ mailDomains }) => mailDomains.includes(domain)) ?? null;
}

/** Who takes mail in at this mail exchanger; null for any other. The longest match counts. */
export function providerOfExchange(exchange: string): Provider | null {
  const host = exchange.toLowerCase();
  const matches = wellKnown
    .flatMap((provider) => provider.mxSuffixes.map((suffix) => ({ provider, suffix })))
    .filter(({ suffix }) => isBelow(host, suffix));
  const longest = matches.toSorted((one, two) => two.suffix.length - one.suffix.length)[0];
  return longest?.provider ?? null;
}

/** Who serves this domain, or takes its mail in at this exchanger, but lets no application send. */
export function withoutSmtpAt(name: string): ProviderWithoutSmtp | null {
  const host = name.toLowerCase();
  return (
    withoutSmtp.find(
      ({ mailDomains, mxSuffixes }) =>
        mailDomains.includes(host) || mxSuffixes.some((suffix) => isBelow(host, suffix)),
    ) ?? null
  );
}

/** The server for a mail domain or mail exchanger of the provider: that of its region. */
export function serverFor({ smtpServer, regions }: Provider, name: string): string {
  const serves = ({ serves = [] }: ProviderRegion) => serves.some((suffix) => isBelow(name, suffix));
  return regions.find(serves)?.smtpServer ?? smtpServer;
}

function serversOf({ smtpServer, regions }: Provider): string[] {
  return [smtpServer, ...regions.map((region) => region.smtpServer)];
}

function isBelow(name: string, suffix: string): boolean {
  return name === suffix || name.endsWith(`.${suffix}`);
}

function sandboxProvider({ host, port }: SandboxAddress): Provider {
  return {
    ...mailboxDefaults,
    id: "sandbox",
    name: "Built-in sandbox",
    isCommon: true,
    smtpServer: host,
    smtpPort: port,
    // It listens on the loopback alone.
    useTls: false,
    usernameIs: "own",
    fromEmail: "sendwright@example.com",
    usernameHint: "Leave empty: the sandbox wants no sign-in.",
    passwordHint: "None.",
    fromHint: "Any address: nothing leaves this machine.",
    helpUrl: null,
  };
}
