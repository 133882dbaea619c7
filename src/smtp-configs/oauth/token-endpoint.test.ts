import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createEgress } from "../../net/egress.ts";
import { createFixedClock } from "../../testing/fixed-clock.ts";
import { oauthClientInput } from "./client.ts";
import { TokenEndpoint } from "./token-endpoint.ts";

/** These addresses are fixed, and no test goes there: what would be said to them is looked at here. */
interface Asked {
  readonly url: string;
  readonly body: Record<string, string>;
  readonly redirect: unknown;
}
let asked: Asked[];
let answer: Response;

beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const body = Object.fromEntries(new URLSearchParams(String(init.body)));
    asked.push({ url, body, redirect: init.redirect });
    return answer;
  });
});
afterEach(() => vi.unstubAllGlobals());

const clock = createFixedClock();
const endpoint = new TokenEndpoint({ egress: createEgress("default"), clock });
const secret = { clientId: "the-client", clientSecret: "the-secret" };
const google = oauthClientInput.parse({ provider: "google", ...secret });
const microsoft = oauthClientInput.parse({ provider: "microsoft", tenant: "contoso.com", ...secret });

it("withdraws a consent at Google, and asks nothing of Microsoft, which has no address for it", async () => {
  answer = new Response(null, { status: 200 });
  await endpoint.revoke(google, "the-refresh-token");
  await endpoint.revoke(microsoft, "the-refresh-token");
  expect(asked).toMatchObject([
    {
      url: "https://oauth2.googleapis.com/revoke",
      body: { token: "the-refresh-token" },
      redirect: "manual",
    },
  ]);
});

it("renews at Microsoft in the directory of the client, with its secret in the body alone", async () => {
  answer = Response.json({
    token_type: "Bearer",
    access_token: "the-access-token",
    refresh_token: "the-next-refresh-token",
    // As text, as some providers have it.
    expires_in: "3599",
  });
  expect(await endpoint.refresh(microsoft, "the-refresh-token")).toEqual({
    accessToken: "the-access-token",
    accessExpiresAt: clock.now() + 3_599_000,
    refreshToken: "the-next-refresh-token",
    refreshExpiresAt: null,
  });
  expect(asked).toEqual([
    {
      url: "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token",
      body: {
        grant_type: "refresh_token",
        refresh_token: "the-refresh-token",
        client_id: "the-client",
        client_secret: "the-secret",
      },
      redirect: "manual",
    },
  ]);
});

it("takes only Google's own name as the sender of Google's answer (RFC 9207)", async () => {
  const parameters = new URLSearchParams({ code: "c", state: "s", iss: "https://evil.example" });
  const exchange = { parameters, state: "s", redirectUri: "https://a.example", codeVerifier: "v".repeat(43) };
  await expect(endpoint.exchange(google, exchange)).rejects.toMatchObject({ code: "oauth.unreachable" });
  expect(asked).toEqual([]);
});

it("says what Microsoft said, with the ids of its trace and without what looks like a token", async () => {
  const trace = "b7c1a7d0-4a51-4d0b-9a35-6f3a2e5f1d00";
  answer = Response.json(
    {
      error: "invalid_client",
      error_description: `AADSTS7000222: expired. Trace ID: ${trace} the-secret ${"x".repeat(40)}`,
    },
    { status: 401 },
  );
  const error: unknown = await endpoint.refresh(microsoft, "the-refresh-token").catch((thrown) => thrown);
  expect(error).toMatchObject({ code: "oauth.refused" });
  expect((error as Error).cause).toBeUndefined();
  expect((error as Error).message).toMatch(/The client secret has expired.*AADSTS7000222/);
  expect((error as Error).message).toContain(`Trace ID: ${trace} ******** ********`);
});
