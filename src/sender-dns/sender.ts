import type { Provider } from "../providers/catalog.ts";

/** The sender whose DNS is checked, and the server that sends for it. */
export interface Sender {
  /** The domain of the From email, which is also that of the envelope sender: A-labels, lower case. */
  readonly domain: string;
  /** The SMTP server. */
  readonly server: string;
  /** The provider of the server; null if it is not known. */
  readonly provider: Provider | null;
  /** The provider that owns the domain, such as Gmail for gmail.com; null for any other domain. */
  readonly owner: Provider | null;
}

/** Whether the provider that sends owns the domain: its DNS is then not the admin's concern. */
export function isAtHome({ provider, owner, server }: Sender): boolean {
  if (owner === null) return false;
  if (provider?.id === owner.id) return true;
  // Microsoft and Google each have several providers in the catalog, with the same SPF includes.
  const [include] = provider?.spfIncludes ?? [];
  if (include !== undefined) return owner.spfIncludes.includes(include);
  return owner.mailDomains.some((domain) => server.endsWith(`.${domain}`));
}
