import type { Context } from "hono";
import { z } from "zod";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import { parse } from "../../core/parse.ts";
import type { Services } from "../../services.ts";
import { oauthClientInput } from "../../smtp-configs/oauth/client.ts";
import type { OwnAddress } from "../public-url.ts";
import { authorize, idParams, json, jsonBody, noContent, route, routes, type ServerEnv } from "../route.ts";
import { smtpConfig } from "../schema/smtp-configs.ts";
import { smtpConfigView } from "./smtp-config-views.ts";

const callbackPath = "/oauth/callback";

const address = route({
  for: "admin",
  method: "get",
  path: "/",
  summary: "Get the OAuth redirect URI",
  description:
    "Gets the exact redirect URI to register with an OAuth provider. The response is 409 `oauth.address_unknown` if Sendwright does not know its public URL. Set SENDWRIGHT_PUBLIC_URL then.",
  responses: { 200: json(z.object({ redirectUri: z.string() }), "Redirect URI") },
});

const setClient = route({
  for: "admin",
  method: "put",
  path: "/{id}/oauth",
  summary: "Save the OAuth client of an SMTP config",
  description:
    "Saves the OAuth client of a config with the authentication method `oauth`. The mask as `clientSecret` keeps the saved one, for the same provider and client only. Send null for a client without a secret. Another client disconnects the config; a new secret of the same client does not.",
  request: {
    params: idParams,
    body: jsonBody(oauthClientInput, {
      provider: "microsoft",
      tenant: "contoso.onmicrosoft.com",
      clientId: "6731de76-14a6-49ae-97bc-6eba6914391e",
      clientSecret: "its value, not its ID",
      clientSecretExpiresAt: "2027-01-31T00:00:00Z",
    }),
  },
  responses: { 200: json(smtpConfig, "SMTP config, with the secret masked") },
});

const start = route({
  for: "admin",
  method: "post",
  path: "/{id}/oauth/start",
  summary: "Connect an SMTP config to its provider",
  description:
    "Returns the URL to open in the admin's browser. The provider must redirect to the redirect URI within ten minutes; Sendwright then opens the config's page. Requires a session, because the response must come from the same browser.",
  request: { params: idParams },
  responses: { 200: json(z.object({ authorizationUrl: z.string() }), "URL of the provider") },
});

const disconnect = route({
  for: "admin",
  method: "delete",
  path: "/{id}/oauth",
  summary: "Disconnect an SMTP config from its provider",
  description:
    "Deletes the client, its secret and the tokens. Revokes the authorization if the provider has an endpoint for that.",
  request: { params: idParams },
  responses: { 204: noContent },
});

/** What to register, before there is a client. */
export function oauthAddressRoutes(ownAddress: OwnAddress) {
  return routes().openapi(address, (c) => c.json({ redirectUri: ownAddress(c.req.url) + callbackPath }, 200));
}

export function oauthRoutes({ configs, consents }: Services, ownAddress: OwnAddress) {
  return routes()
    .openapi(setClient, async (c) => {
      const input = parse(oauthClientInput, c.req.valid("json"));
      const { id } = c.req.valid("param");
      await consents.setClient(id, input, c.get("caller").actor);
      return c.json(smtpConfigView(await configs.get(id)), 200);
    })
    .openapi(start, async (c) => {
      const { actor, via } = c.get("caller");
      if (via === "api-key") {
        throw new SendwrightError(
          "auth.forbidden",
          "Connecting needs a browser. Sign in and connect on the config's page.",
        );
      }
      const { id } = c.req.valid("param");
      const redirectUri = ownAddress(c.req.url) + callbackPath;
      return c.json({ authorizationUrl: await consents.start(id, redirectUri, actor) }, 200);
    })
    .openapi(disconnect, async (c) => {
      await consents.disconnect(c.req.valid("param").id, c.get("caller").actor);
      return c.body(null, 204);
    });
}

/**
 * Where the provider sends the browser back to. It goes on to a page, with a word for the outcome: the reasons
 * are with the config, since what stands in an address may be anybody's.
 */
export function oauthCallback({ consents }: Services) {
  return async (c: Context<ServerEnv>): Promise<Response> => {
    try {
      const { actor } = await authorize(c, "admin");
      const { configId, error } = await consents.finish(new URL(c.req.url).searchParams, actor);
      return toPage(c, `/${encodeURIComponent(configId)}`, error === null ? "connected" : "failed");
    } catch (error) {
      if (isSendwrightError(error, "auth.required")) return toPage(c, "", "signed-out");
      if (isSendwrightError(error, "oauth.state_invalid")) return toPage(c, "", "invalid");
      throw error;
    }
  };
}

/** Relative, so that it fits under any base path. */
function toPage(c: Context<ServerEnv>, config: string, consent: string): Response {
  return c.redirect(`../settings/smtp${config}?consent=${consent}`, 303);
}
