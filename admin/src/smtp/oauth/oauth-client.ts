import type { SmtpConfig } from "../../api/types.ts";
import type { OauthBody } from "../api.ts";
import { sameHost } from "../form/destination.ts";

type Provider = OauthBody["provider"];

/** The client's fields as their inputs hold them. */
export interface OauthForm {
  readonly provider: Provider;
  readonly tenant: string;
  readonly clientId: string;
  /** Null: the saved one stays. */
  readonly clientSecret: string | null;
  /** A day, as date inputs write it; empty for none. */
  readonly clientSecretExpiresOn: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly scope: string;
}

export type OauthField = Exclude<keyof OauthForm, "clientSecretExpiresOn"> | "clientSecretExpiresAt";
export const oauthFields: readonly OauthField[] = [
  "provider",
  "tenant",
  "clientId",
  "clientSecret",
  "clientSecretExpiresAt",
  "authorizationEndpoint",
  "tokenEndpoint",
  "scope",
];

/** What GET shows where a secret is saved; sent back, it keeps that secret. */
const mask = "********";

/** The client as it is saved; for a new one the provider whose server is named. */
export function oauthFormOf(saved: SmtpConfig["oauth"], smtpServer: string): OauthForm {
  return {
    provider: saved?.provider ?? providerAt(smtpServer),
    tenant: saved?.tenant ?? "",
    clientId: saved?.clientId ?? "",
    clientSecret: saved == null || saved.clientSecret === null ? "" : null,
    clientSecretExpiresOn: saved?.clientSecretExpiresAt?.slice(0, 10) ?? "",
    authorizationEndpoint: saved?.authorizationEndpoint ?? "",
    tokenEndpoint: saved?.tokenEndpoint ?? "",
    scope: saved?.scope ?? "",
  };
}

/** The body for the API: fields of other providers are left out of it. */
export function oauthBodyOf(form: OauthForm): OauthBody {
  const isCustom = form.provider === "custom";
  const isMicrosoft = form.provider === "microsoft";
  const day = form.clientSecretExpiresOn;
  const secret = form.clientSecret?.trim();
  return {
    provider: form.provider,
    tenant: isMicrosoft ? textOrNull(form.tenant) : null,
    clientId: form.clientId.trim(),
    clientSecret: secret === undefined ? mask : textOrNull(secret),
    clientSecretExpiresAt: day === "" ? null : `${day}T00:00:00Z`,
    authorizationEndpoint: isCustom ? textOrNull(form.authorizationEndpoint) : null,
    tokenEndpoint: isCustom ? textOrNull(form.tokenEndpoint) : null,
    scope: isCustom ? textOrNull(form.scope) : null,
  };
}

export function sameOauthForm(one: OauthForm, two: OauthForm): boolean {
  return (Object.keys(one) as (keyof OauthForm)[]).every((field) => one[field] === two[field]);
}

/** Whose sign-in a server takes. */
export function providerAt(smtpServer: string): Provider {
  if (["smtp.gmail.com", "smtp-relay.gmail.com"].some((host) => sameHost(host, smtpServer))) return "google";
  const microsoft = ["smtp.office365.com", "smtp-mail.outlook.com"];
  return microsoft.some((host) => sameHost(host, smtpServer)) ? "microsoft" : "custom";
}

function textOrNull(value: string): string | null {
  const trimmed = value.trim();
  return trimmed === "" ? null : trimmed;
}
