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
  summary: "What to register at an OAuth provider",
  description:
    "Where the provider sends browsers back to, to the letter. Where Sendwright cannot know its own address: 409 `oauth.address_unknown`; SENDWRIGHT_PUBLIC_URL tells it.",
  responses: { 200: json(z.object({ redirectUri: z.string() }), "The redirect URI") },
});

const setClient = route({
  for: "admin",
  method: "put",
  path: "/{id}/oauth",
  summary: "Save the OAuth client of an SMTP config",
  description:
    "For a config with the sign-in method `oauth`. As `clientSecret` the mask keeps the saved one, for the same provider and client only; null is for a client without one. Another client ends the connection; a new secret of the same client does not.",
  request: {
    params: idParams,
    body: jsonBody(oauthClientInput, {
      provider: "microsoft",
      tenant: "contoso.onmicrosoft.com",
      clientId: "6731de76-14a6-49ae-97bc-6eba6914391e",
      clientSecret: "its value, not its id",
      clientSecretExpiresAt: "2027-01-31T00:00:00Z",
    }),
  },
  responses: { 200: json(smtpConfig, "The config, with the secret masked") },
});

const start = route({
  for: "admin",
  method: "post",
  path: "/{id}/oauth/start",
  summary: "Ask for the provider's consent",
  description:
    "Gives the address to send the admin's browser to. The provider sends it back to the redirect URI, within ten minutes, and Sendwright to the config's page. Only for who is signed in: the same browser brings the answer.",
  request: { params: idParams },
  responses: { 200: json(z.object({ authorizationUrl: z.string() }), "Where to go") },
});

const disconnect = route({
  for: "admin",
  method: "delete",
  path: "/{id}/oauth",
  summary: "Disconnect an SMTP config from its provider",
  description:
    "Forgets client, secret and tokens, and withdraws the consent where the provider has an endpoint for it.",
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
          "A consent is given in a browser: sign in and ask for it on the config's page.",
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
