import { z } from "zod";
import { SendwrightError } from "../../core/errors.ts";
import { passwordMask } from "../../core/model.ts";
import { isEndpoint } from "../../net/host.ts";

export const oauthProviders = ["google", "microsoft", "custom"] as const;
export type OauthProvider = (typeof oauthProviders)[number];

/** Sendwright as a provider knows it: what an admin has registered there. It holds a secret in the clear. */
export interface OauthClient {
  readonly provider: OauthProvider;
  /** Of Microsoft: the directory (tenant) whose accounts sign in. Null elsewhere. */
  readonly tenant: string | null;
  readonly clientId: string;
  /** Null for a public client (RFC 6749 §2.1). */
  readonly clientSecret: string | null;
  /** When the provider takes the secret no more, as the admin says: no provider tells. */
  readonly clientSecretExpiresAt: number | null;
  /** These three are of `custom`, and null elsewhere. */
  readonly authorizationEndpoint: string | null;
  readonly tokenEndpoint: string | null;
  readonly scope: string | null;
}

/** Where a provider is asked, and for what. */
export interface AuthorizationServer {
  readonly name: string;
  /** What it calls itself in its answers (RFC 9207), where that is known. */
  readonly issuer: string | null;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** RFC 7009; null where there is none. */
  readonly revocationEndpoint: string | null;
  readonly scope: string;
  /** What it needs in the request, so that it gives a refresh token, each time. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Google: "Using OAuth 2.0 for Web Server Applications"; Microsoft: "Authenticate … SMTP … using OAuth". */
export function authorizationServerOf(client: OauthClient): AuthorizationServer {
  switch (client.provider) {
    case "google":
      return {
        name: "Google",
        issuer: "https://accounts.google.com",
        authorizationEndpoint: "https://accounts.google.com/o/oauth2/v2/auth",
        tokenEndpoint: "https://oauth2.googleapis.com/token",
        revocationEndpoint: "https://oauth2.googleapis.com/revoke",
        scope: "https://mail.google.com/",
        parameters: { access_type: "offline", prompt: "consent" },
      };
    case "microsoft": {
      const base = `https://login.microsoftonline.com/${client.tenant ?? "common"}/oauth2/v2.0`;
      return {
        name: "Microsoft",
        issuer: null,
        authorizationEndpoint: `${base}/authorize`,
        tokenEndpoint: `${base}/token`,
        revocationEndpoint: null,
        scope: "https://outlook.office.com/SMTP.Send offline_access",
        parameters: { prompt: "select_account" },
      };
    }
    case "custom":
      return {
        name: "The provider",
        issuer: null,
        authorizationEndpoint: client.authorizationEndpoint ?? "",
        tokenEndpoint: client.tokenEndpoint ?? "",
        revocationEndpoint: null,
        scope: client.scope ?? "",
        parameters: {},
      };
  }
}

/** Whether tokens given to the one are good for the other. The secret may be a new one. */
export function sameClient(one: OauthClient, two: OauthClient): boolean {
  const names = [
    "provider",
    "tenant",
    "clientId",
    "authorizationEndpoint",
    "tokenEndpoint",
    "scope",
  ] as const;
  return names.every((name) => one[name] === two[name]);
}

function text(max: number, pattern: RegExp, error: string) {
  return z.string({ error }).max(max, `must have at most ${max} characters`).regex(pattern, error);
}

/** RFC 6749 appendix A: what identifiers and secrets are made of. */
const visible = /^[\x20-\x7e]+$/;

/** Https, or http to this very machine: secrets and tokens go there. */
const endpoint = z
  .string("must be a URL")
  .max(2000, "must have at most 2000 characters")
  .refine(
    isEndpoint,
    "must be an https URL without fragment or credentials; http is allowed on localhost only",
  )
  .nullable()
  .default(null);

/** The client of a config. `clientSecret`: the mask keeps the saved one, null is a public client. */
export const oauthClientInput = z
  .strictObject(
    {
      provider: z.enum(oauthProviders, `must be one of ${oauthProviders.join(", ")}`),
      tenant: text(
        253,
        /^[\w-]+(?:\.[\w-]+)*$/,
        "must be a directory ID or domain, common, organizations or consumers",
      )
        .nullable()
        .default(null),
      clientId: text(500, visible, "is required; copy it from the provider").transform((id) => id.trim()),
      clientSecret: z.union(
        [z.null(), text(2000, visible, `must be text: ${passwordMask} keeps the saved one, null removes it`)],
        { error: `is required: ${passwordMask} keeps the saved one, null removes it` },
      ),
      clientSecretExpiresAt: z.iso
        .datetime("must be a time such as 2027-01-31T00:00:00Z")
        .transform((value) => Date.parse(value))
        .nullable()
        .default(null),
      authorizationEndpoint: endpoint,
      tokenEndpoint: endpoint,
      scope: text(1000, visible, "must be scopes, separated by spaces").nullable().default(null),
    },
    "must be an object",
  )
  .superRefine((value, context) => {
    const wrong = (name: string, message: string) =>
      context.addIssue({ code: "custom", path: [name], message });
    for (const name of ["authorizationEndpoint", "tokenEndpoint", "scope"] as const) {
      if (value.provider === "custom" && value[name] === null) wrong(name, "is required");
      if (value.provider !== "custom" && value[name] !== null)
        wrong(name, "can only be used with the provider custom");
    }
    if (value.provider !== "microsoft" && value.tenant !== null)
      wrong("tenant", "can only be used with the provider microsoft");
  })
  .transform((value) =>
    value.provider === "microsoft" ? { ...value, tenant: value.tenant ?? "common" } : value,
  );
export type OauthClientInput = z.output<typeof oauthClientInput>;

/**
 * The client with its secret. A saved secret goes to the provider that it was saved for and to no other.
 * @throws SendwrightError `config.password_required` where the mask stands for nothing, or for another's secret.
 */
export function clientAfter(input: OauthClientInput, saved: OauthClient | null): OauthClient {
  if (input.clientSecret !== passwordMask) return input;
  const kept = saved?.clientSecret ?? null;
  if (kept !== null && saved !== null && sameClient(saved, input)) return { ...input, clientSecret: kept };
  const detail =
    kept === null
      ? "There's no saved client secret to keep. Enter one, or send null for none."
      : "The secret was saved for another provider or client. Enter the secret again.";
  throw new SendwrightError("config.password_required", detail, {
    issues: [{ pointer: "/clientSecret", detail }],
  });
}
