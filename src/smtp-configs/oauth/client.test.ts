import { describe, expect, it } from "vitest";
import { createEgress } from "../../net/egress.ts";
import { createFixedClock } from "../../testing/fixed-clock.ts";
import { authorizationServerOf, type OauthClient, oauthClientInput } from "./client.ts";
import { TokenEndpoint } from "./token-endpoint.ts";

const { authorizationUrl } = new TokenEndpoint({
  egress: createEgress("default"),
  clock: createFixedClock(),
});
const request = {
  state: "a-state",
  redirectUri: "https://mail.example.com/oauth/callback",
  // RFC 7636 appendix B.
  codeVerifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
  loginHint: "jo@example.com",
};

function client(given: object): OauthClient {
  return oauthClientInput.parse({ clientId: "the-client", clientSecret: "s", ...given });
}

describe("where a browser is sent", () => {
  it("at Google: offline, and asked each time, else there is no refresh token", async () => {
    const url = new URL(await authorizationUrl(client({ provider: "google" }), request));
    expect(url.origin + url.pathname).toBe("https://accounts.google.com/o/oauth2/v2/auth");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: "code",
      client_id: "the-client",
      redirect_uri: request.redirectUri,
      scope: "https://mail.google.com/",
      state: "a-state",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
      login_hint: "jo@example.com",
      access_type: "offline",
      prompt: "consent",
    });
  });

  it("at Microsoft: to the directory, for sending over SMTP", async () => {
    const contoso = client({ provider: "microsoft", tenant: "contoso.onmicrosoft.com" });
    const url = new URL(await authorizationUrl(contoso, request));
    expect(url.origin + url.pathname).toBe(
      "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/authorize",
    );
    expect(url.searchParams.get("scope")).toBe("https://outlook.office.com/SMTP.Send offline_access");
    expect(authorizationServerOf(client({ provider: "microsoft" })).tokenEndpoint).toBe(
      "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    );
  });

  it.each(["../../evil.example", "a/b", "evil.example#", "a?b", "", "a@b", "..", "a..b"])(
    "at Microsoft never by way of the tenant %j",
    (tenant) => {
      const input = { provider: "microsoft", tenant, clientId: "c", clientSecret: null };
      expect(oauthClientInput.safeParse(input).success).toBe(false);
    },
  );
});
