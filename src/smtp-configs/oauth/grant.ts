import { z } from "zod";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import type { Field } from "../../secret/fields.ts";
import type { Secrets } from "../../secret/secrets.ts";
import { type DestinationSettings, destinationFields, destinationOf } from "../destination.ts";
import { type OauthClient, oauthProviders } from "./client.ts";

/**
 * What a provider gave, and what for. All of it is one Fernet token under a key of the config's own: a person who
 * can write the database but lacks the key can neither read it, nor move it to another config, nor change
 * where its tokens or its client's secret go.
 */
export interface Grant {
  readonly client: OauthClient;
  /** Null until the first consent. */
  readonly tokens: Tokens | null;
}

export interface Tokens {
  /** Where the access token may be sent: the config's destination when the consent was asked for. */
  readonly destination: readonly Field[];
  readonly refreshToken: string;
  /** Null where the provider sets no end, or tells none. */
  readonly refreshExpiresAt: number | null;
  /** The provider moves that end with each renewal, so that no admin has to renew the consent. */
  readonly rolls: boolean;
  readonly accessToken: string;
  readonly accessExpiresAt: number;
  readonly obtainedAt: number;
  readonly connectedAt: number;
  /** The admin's name. */
  readonly connectedBy: string;
}

/** A consent that was asked for and not answered yet. */
export interface Consent {
  /** Who asked: no other admin may bring the answer. */
  readonly actorId: string;
  readonly client: OauthClient;
  readonly destination: readonly Field[];
  /** RFC 7636. */
  readonly codeVerifier: string;
  readonly redirectUri: string;
}

const client = z.strictObject({
  provider: z.enum(oauthProviders),
  tenant: z.string().nullable(),
  clientId: z.string(),
  clientSecret: z.string().nullable(),
  clientSecretExpiresAt: z.number().nullable(),
  authorizationEndpoint: z.string().nullable(),
  tokenEndpoint: z.string().nullable(),
  scope: z.string().nullable(),
});
const destination = z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]));
const grant: z.ZodType<Grant> = z.strictObject({
  client,
  tokens: z
    .strictObject({
      destination,
      refreshToken: z.string(),
      refreshExpiresAt: z.number().nullable(),
      rolls: z.boolean(),
      accessToken: z.string(),
      accessExpiresAt: z.number(),
      obtainedAt: z.number(),
      connectedAt: z.number(),
      connectedBy: z.string(),
    })
    .nullable(),
});
const consent: z.ZodType<Consent> = z.strictObject({
  actorId: z.string(),
  client,
  destination,
  codeVerifier: z.string(),
  redirectUri: z.string(),
});

/** The keys of a config's grant and of its consent: neither can stand in for the other. */
export function grantKeys(secrets: Secrets, configId: string) {
  return {
    grant: secrets.keyringFor("oauth", configId),
    consent: secrets.keyringFor("oauth", `${configId} consent`),
  };
}

/** @throws SendwrightError `secret.mismatch` while the secrets do not fit. */
export function sealGrant(secrets: Secrets, configId: string, value: Grant): string {
  return grantKeys(secrets, configId).grant.encrypt(JSON.stringify(value));
}

/** @throws SendwrightError `oauth.consent_required` if it was changed in the database or made with another secret. */
export function openGrant(secrets: Secrets, configId: string, enc: string): Grant {
  return open(grant, () => grantKeys(secrets, configId).grant.decrypt(enc));
}

/** @throws SendwrightError `secret.mismatch` while the secrets do not fit. */
export function sealConsent(secrets: Secrets, configId: string, value: Consent): string {
  return grantKeys(secrets, configId).consent.encrypt(JSON.stringify(value));
}

/** @throws SendwrightError `oauth.consent_required` as `openGrant` does. */
export function openConsent(secrets: Secrets, configId: string, enc: string): Consent {
  return open(consent, () => grantKeys(secrets, configId).consent.decrypt(enc));
}

/** What tokens are bound to, as seals cover it. */
export function boundTo(settings: DestinationSettings): readonly Field[] {
  return destinationFields(destinationOf(settings));
}

export function isBoundTo(to: readonly Field[], settings: DestinationSettings): boolean {
  const fields = boundTo(settings);
  return fields.length === to.length && fields.every((field, index) => field === to[index]);
}

function open<T>(schema: z.ZodType<T>, decrypt: () => Buffer): T {
  try {
    return schema.parse(JSON.parse(decrypt().toString("utf8")));
  } catch (cause) {
    if (isSendwrightError(cause, "secret.mismatch")) throw cause;
    throw new SendwrightError(
      "oauth.consent_required",
      "The stored connection was saved with another secret or modified outside Sendwright. Enter client and secret again and connect.",
    );
  }
}
