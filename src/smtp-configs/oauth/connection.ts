import type { OauthClient } from "./client.ts";
import type { HeldGrant } from "./grant-cache.ts";

/** How a config is connected with its provider, without secret and tokens. Times are milliseconds since the epoch. */
export interface OauthConnection extends Omit<OauthClient, "clientSecret"> {
  /** False for a public client. */
  readonly hasClientSecret: boolean;
  /** Null until the first consent. */
  readonly connectedAt: number | null;
  readonly connectedBy: string | null;
  /** When the consent ends; null if the provider tells no end, or moves it with each renewal. */
  readonly expiresAt: number | null;
  /** When the current access token ends: it is renewed before. */
  readonly accessExpiresAt: number | null;
  /** Why the last consent failed; null if it did not. */
  readonly consentError: string | null;
}

/** Null if no client is saved, or what is saved cannot be read. */
export function connectionOf(held: HeldGrant | null): OauthConnection | null {
  if (held?.grant == null) return null;
  const { client, tokens } = held.grant;
  const { clientSecret, ...shown } = client;
  return {
    ...shown,
    hasClientSecret: clientSecret !== null,
    connectedAt: tokens?.connectedAt ?? null,
    connectedBy: tokens?.connectedBy ?? null,
    expiresAt: tokens === null || tokens.rolls ? null : tokens.refreshExpiresAt,
    accessExpiresAt: tokens?.accessExpiresAt ?? null,
    consentError: held.row.consentError,
  };
}
