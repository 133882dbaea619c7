import { passwordMask } from "../settings.ts";
import type { HeldGrant } from "./access-tokens.ts";
import type { OauthProvider } from "./client.ts";

/** How a config is connected, as the API and the page show it: without secret and tokens. Times are RFC 3339. */
export interface OauthView {
  readonly provider: OauthProvider;
  readonly tenant: string | null;
  readonly clientId: string;
  /** The mask, or null for a public client. */
  readonly clientSecret: typeof passwordMask | null;
  readonly clientSecretExpiresAt: string | null;
  readonly authorizationEndpoint: string | null;
  readonly tokenEndpoint: string | null;
  readonly scope: string | null;
  /** Null until the first consent. */
  readonly connectedAt: string | null;
  readonly connectedBy: string | null;
  /** When the consent ends, where the provider tells and does not move that by itself. */
  readonly expiresAt: string | null;
  /** When the access token of the moment ends: it is renewed before. */
  readonly accessExpiresAt: string | null;
  /** Why the last consent came to nothing. */
  readonly consentError: string | null;
}

/** Null where no client is saved, or what is saved cannot be read. */
export function oauthViewOf(held: HeldGrant | null): OauthView | null {
  if (held?.grant == null) return null;
  const { client, tokens } = held.grant;
  return {
    ...client,
    clientSecret: client.clientSecret === null ? null : passwordMask,
    clientSecretExpiresAt: rfc3339(client.clientSecretExpiresAt),
    connectedAt: rfc3339(tokens?.connectedAt ?? null),
    connectedBy: tokens?.connectedBy ?? null,
    expiresAt: rfc3339(tokens === null || tokens.rolls ? null : tokens.refreshExpiresAt),
    accessExpiresAt: rfc3339(tokens?.accessExpiresAt ?? null),
    consentError: held.row.consentError,
  };
}

function rfc3339(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
