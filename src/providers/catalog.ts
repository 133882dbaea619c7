// The catalog of well-known providers: data from their own documentation, and lookups in it.
// RFC 6409 and RFC 8314 for the ports; each entry links to the provider's page (`helpUrl`).
// It does not ask a provider anything, and Sendwright does not depend on it to send.
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

/** The providers of Google and Microsoft first, then the others by name. */
const wellKnown: readonly Provider[] = [...mailboxes, ...relays].toSorted(
  (one, two) => rank(one) - rank(two) || one.name.localeCompare(two.name, "en", { sensitivity: "base" }),
);

function rank({ id }: Provider): number {
  const index = ["gmail", "google-workspace-relay", "microsoft-365"].indexOf(id);
  return index === -1 ? 3 : index;
}

/** All providers, with the sandbox first if it runs. */
export function listProviders(sandbox: SandboxAddress | null): readonly Provider[] {
  return sandbox === null ? wellKnown : [sandboxProvider(sandbox), ...wellKnown];
}

/** The provider of an SMTP server; null if it is not known. */
export function providerOfServer(server: string): Provider | null {
  const host = normaliseHost(server);
  return wellKnown.find((provider) => serversOf(provider).some((known) => known === host)) ?? null;
}

/** The provider whose mailboxes have addresses of this domain, such as Gmail for gmail.com; null for other domains. */
export function providerOfMailDomain(domain: string): Provider | null {
  return wellKnown.find(({ mailDomains }) => mailDomains.includes(domain)) ?? null;
}

/** The provider that receives mail at this mail exchanger, by the longest matching suffix; null if it is not known. */
export function providerOfExchange(exchange: string): Provider | null {
  const host = exchange.toLowerCase();
  const matches = wellKnown
    .flatMap((provider) => provider.mxSuffixes.map((suffix) => ({ provider, suffix })))
    .filter(({ suffix }) => isBelow(host, suffix));
  const longest = matches.toSorted((one, two) => two.suffix.length - one.suffix.length)[0];
  return longest?.provider ?? null;
}

/** The provider of this mail domain or mail exchanger, if applications can't send through it; otherwise null. */
export function withoutSmtpAt(name: string): ProviderWithoutSmtp | null {
  const host = name.toLowerCase();
  return (
    withoutSmtp.find(
      ({ mailDomains, mxSuffixes }) =>
        mailDomains.includes(host) || mxSuffixes.some((suffix) => isBelow(host, suffix)),
    ) ?? null
  );
}

/** The server for a mail domain or mail exchanger of the provider: the server of its region. */
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
    // The sandbox listens on the loopback address only.
    useTls: false,
    usernameIs: "own",
    fromEmail: "sendwright@example.com",
    usernameHint: "Leave blank. The sandbox doesn't require authentication.",
    passwordHint: "Leave blank.",
    fromHint: "Any address. Nothing leaves this machine.",
    helpUrl: null,
  };
}
