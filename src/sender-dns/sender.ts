import type { Provider } from "../providers/catalog.ts";

/** Whose mail is judged, and through whom it goes. */
export interface Sender {
  /** Of the from email, which is also that of the envelope: A-labels, lower case. */
  readonly domain: string;
  /** The SMTP server. */
  readonly server: string;
  /** Whose server that is; null where it is not known. */
  readonly provider: Provider | null;
  /** The provider whose mailboxes the domain is for, as gmail.com is Gmail's; null for a domain of one's own. */
  readonly owner: Provider | null;
}

/** The domain belongs to the provider that sends: all that the DNS has to say is its own business. */
export function isAtHome({ provider, owner, server }: Sender): boolean {
  if (owner === null) return false;
  if (provider?.id === owner.id) return true;
  // Microsoft and Google have several names for one house.
  const [include] = provider?.spfIncludes ?? [];
  if (include !== undefined) return owner.spfIncludes.includes(include);
  return owner.mailDomains.some((domain) => server.endsWith(`.${domain}`));
}
