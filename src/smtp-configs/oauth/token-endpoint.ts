import * as oauth from "oauth4webapi";
import type { Clock } from "../../core/clock.ts";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import type { Egress } from "../../net/egress.ts";
import { mask, redactor } from "../../smtp/redact.ts";
import { type AuthorizationServer, authorizationServerOf, type OauthClient } from "./client.ts";
import { isPassing, refused, unreachable } from "./refusal.ts";

/** What a provider gives for a code or a refresh token. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly accessExpiresAt: number;
  /** Null: the one that was used stays. */
  readonly refreshToken: string | null;
  /** Null where the provider sets no end, or tells none. */
  readonly refreshExpiresAt: number | null;
}

export interface CodeExchange {
  /** What came with the redirect. */
  readonly parameters: URLSearchParams;
  readonly state: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
}

/** The questions to a provider: the one place that speaks HTTP to it. */
export interface TokenEndpoint {
  /** Where the admin's browser goes to consent (RFC 6749 §4.1.1, with PKCE of RFC 7636). */
  authorizationUrl(client: OauthClient, request: AuthorizationRequest): Promise<string>;
  /** @throws SendwrightError `oauth.refused`, `oauth.unreachable` */
  exchange(client: OauthClient, exchange: CodeExchange): Promise<IssuedTokens>;
  /** @throws SendwrightError `oauth.refused`, `oauth.unreachable` */
  refresh(client: OauthClient, refreshToken: string): Promise<IssuedTokens>;
  /**
   * Ends a consent at the provider, where that can be asked for (RFC 7009). Does nothing elsewhere.
   * @throws SendwrightError `oauth.refused`, `oauth.unreachable`
   */
  revoke(client: OauthClient, refreshToken: string): Promise<void>;
}

export interface AuthorizationRequest {
  readonly state: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
  /** The mailbox, for the provider to propose. */
  readonly loginHint: string | null;
}

const timeoutMs = 10_000;
const maxAnswerBytes = 64 * 1024;
/** RFC 6749 §5.1 only recommends to say it. */
const usualLifetimeMs = 60 * 60_000;

/** @param egress decides where the endpoints of a provider that an admin has entered may be. */
export function createTokenEndpoint({ egress, clock }: { egress: Egress; clock: Clock }): TokenEndpoint {
  /** Runs one question, with an end to it, and turns what goes wrong into words without secrets. */
  async function ask<T>(
    client: OauthClient,
    secret: readonly string[],
    redirectUri: string | null,
    work: (server: oauth.AuthorizationServer, how: HowToAsk) => Promise<T>,
  ): Promise<T> {
    const server = authorizationServerOf(client);
    const outOfTime = new AbortController();
    const cancel = clock.after(timeoutMs, () => outOfTime.abort());
    try {
      if (client.provider === "custom") await checkEndpoint(server, egress);
      return await work(asKnown(server), {
        client: { client_id: client.clientId },
        authentication:
          client.clientSecret === null ? oauth.None() : oauth.ClientSecretPost(client.clientSecret),
        options: {
          signal: outOfTime.signal,
          // The schema has let http pass for the loopback alone.
          [oauth.allowInsecureRequests]: new URL(server.tokenEndpoint).protocol === "http:",
          [oauth.customFetch]: fetchLittle,
        },
      });
    } catch (error) {
      // Never the cause: it holds the request or the whole answer.
      throw inWords(error, server, [...secret, client.clientSecret ?? ""], redirectUri);
    } finally {
      cancel();
    }
  }

  function issued(answer: oauth.TokenEndpointResponse): IssuedTokens {
    const now = clock.now();
    const lifetime = answer.expires_in === undefined ? usualLifetimeMs : answer.expires_in * 1000;
    // Google and Keycloak each have a name for it; no RFC has.
    const refreshLifetime = seconds(answer.refresh_token_expires_in) ?? seconds(answer.refresh_expires_in);
    return {
      accessToken: answer.access_token,
      accessExpiresAt: now + lifetime,
      refreshToken: answer.refresh_token ?? null,
      refreshExpiresAt: refreshLifetime === null ? null : now + refreshLifetime * 1000,
    };
  }

  return {
    async authorizationUrl(client, { state, redirectUri, codeVerifier, loginHint }) {
      const { authorizationEndpoint, scope, parameters } = authorizationServerOf(client);
      const url = new URL(authorizationEndpoint);
      const query = {
        response_type: "code",
        client_id: client.clientId,
        redirect_uri: redirectUri,
        scope,
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: "S256",
        ...(loginHint === null ? {} : { login_hint: loginHint }),
        ...parameters,
      };
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      return url.href;
    },

    exchange(client, { parameters, state, redirectUri, codeVerifier }) {
      const given = new URLSearchParams(parameters);
      // RFC 9207 helps where a client cannot tell servers apart; each state here belongs to one.
      if (authorizationServerOf(client).issuer === null) given.delete("iss");
      const secret = [parameters.get("code") ?? "", codeVerifier];
      return ask(client, secret, redirectUri, async (server, { client, authentication, options }) => {
        const checked = oauth.validateAuthResponse(server, client, given, state);
        const response = await oauth.authorizationCodeGrantRequest(
          server,
          client,
          authentication,
          checked,
          redirectUri,
          codeVerifier,
          options,
        );
        return issued(await oauth.processAuthorizationCodeResponse(server, client, response));
      });
    },

    refresh: (client, refreshToken) =>
      ask(client, [refreshToken], null, async (server, { client, authentication, options }) => {
        const request = oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, options);
        return issued(await oauth.processRefreshTokenResponse(server, client, await request));
      }),

    async revoke(client, refreshToken) {
      if (authorizationServerOf(client).revocationEndpoint === null) return;
      await ask(client, [refreshToken], null, async (server, { client, authentication, options }) => {
        const request = oauth.revocationRequest(server, client, authentication, refreshToken, options);
        await oauth.processRevocationResponse(await request);
      });
    },
  };
}

interface HowToAsk {
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
  readonly options: {
    readonly signal: AbortSignal;
    readonly [oauth.allowInsecureRequests]: boolean;
    readonly [oauth.customFetch]: typeof fetchLittle;
  };
}

function asKnown(server: AuthorizationServer): oauth.AuthorizationServer {
  return {
    issuer: server.issuer ?? new URL(server.tokenEndpoint).origin,
    authorization_endpoint: server.authorizationEndpoint,
    token_endpoint: server.tokenEndpoint,
    ...(server.revocationEndpoint === null ? {} : { revocation_endpoint: server.revocationEndpoint }),
  };
}

/**
 * An address that an admin has entered must not lead to what clouds trust without a password. That fetch
 * resolves the name again is no way around this: it then asks for a certificate of that name.
 * @throws SendwrightError `oauth.refused`, `oauth.unreachable`
 */
async function checkEndpoint(server: AuthorizationServer, egress: Egress): Promise<void> {
  const { hostname, port, protocol } = new URL(server.tokenEndpoint);
  await egress.resolve(hostname, port === "" ? (protocol === "http:" ? 80 : 443) : Number(port));
}

/** A POST whose answer is bounded; a redirect is no answer. Headers that say more than the body are left out. */
async function fetchLittle(
  url: string,
  { body, headers, method, signal }: oauth.CustomFetchOptions<string, URLSearchParams | undefined>,
): Promise<Response> {
  const request = { body: body ?? null, headers, method, signal: signal ?? null };
  const answer = await fetch(url, { ...request, redirect: "manual" });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  const type = answer.headers.get("content-type") ?? "";
  const text = Buffer.concat(chunks);
  return new Response(text.length === 0 ? null : text, {
    status: answer.status,
    headers: { "content-type": type },
  });
}

function inWords(
  error: unknown,
  server: AuthorizationServer,
  secrets: readonly string[],
  redirectUri: string | null,
): SendwrightError {
  if (isSendwrightError(error)) {
    // Of egress.ts: it speaks of mail servers, and of a name that may be inside.
    return error.code === "egress.refused"
      ? new SendwrightError(
          "oauth.refused",
          `The token endpoint is where Sendwright does not connect to. ${error.message}`,
          {
            smtp: { stage: "auth" },
          },
        )
      : unreachable(server, "its name cannot be resolved");
  }
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
    const answer = {
      error: clean(error.error, secrets),
      description: error.error_description === undefined ? null : describe(error.error_description, secrets),
    };
    const isBusy = error instanceof oauth.ResponseBodyError && (error.status === 429 || error.status >= 500);
    return isBusy || isPassing(answer)
      ? unreachable(server, `it answered ${answer.error}`)
      : refused(server, answer, redirectUri);
  }
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
    return unreachable(server, "its answer was not one of OAuth 2.0");
  }
  if (error instanceof DOMException && error.name === "AbortError") {
    return unreachable(server, `no answer within ${timeoutMs / 1000} seconds`);
  }
  const systemCode = error instanceof Error && error.cause instanceof Error ? codeOf(error.cause) : null;
  return unreachable(server, systemCode ?? "the connection failed");
}

function codeOf(error: Error): string | null {
  return "code" in error && typeof error.code === "string" ? error.code : null;
}

/** What a provider says, for people: without what Sendwright told it. */
function clean(text: string, secrets: readonly string[]): string {
  const hidden = secrets
    .filter((secret) => secret !== "")
    .reduce((shown, password) => redactor({ username: "", password, method: "oauth" }).text(shown), text);
  return hidden
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/\p{Cc}/gu, "")
    .trim();
}

/** A description may hold other tokens too: whatever is as long as one goes, but for the ids of a trace. */
function describe(text: string, secrets: readonly string[]): string {
  const traceId = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
  return clean(text, secrets).replaceAll(/[\w~+/=-]{24,}/g, (run) => (traceId.test(run) ? run : mask));
}

function seconds(value: unknown): number | null {
  return typeof value === "number" && value > 0 ? value : null;
}
