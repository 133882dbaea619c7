import * as oauth from "oauth4webapi";
import type { Clock } from "../../core/clock.ts";
import type { Egress } from "../../net/egress.ts";
import { type AuthorizationServer, authorizationServerOf, type OauthClient } from "./client.ts";
import { providerError, requestTimeoutMs } from "./provider-error.ts";

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

export interface AuthorizationRequest {
  readonly state: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
  /** The mailbox, for the provider to propose. */
  readonly loginHint: string | null;
}

const maxReplyBytes = 64 * 1024;
/** RFC 6749 §5.1 only recommends to say it. */
const usualLifetimeMs = 60 * 60_000;

export interface TokenEndpointDependencies {
  /** Decides where the endpoints of a provider that an admin has entered may be. */
  readonly egress: Egress;
  readonly clock: Clock;
}

/** The requests to providers: the one place that speaks HTTP to them. */
export class TokenEndpoint {
  readonly #dependencies: TokenEndpointDependencies;

  constructor(dependencies: TokenEndpointDependencies) {
    this.#dependencies = dependencies;
  }

  /** Where the admin's browser goes to consent (RFC 6749 §4.1.1, with PKCE of RFC 7636). */
  async authorizationUrl(client: OauthClient, request: AuthorizationRequest): Promise<string> {
    const { state, redirectUri, codeVerifier, loginHint } = request;
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
  }

  /** @throws SendwrightError `oauth.refused`, `oauth.unreachable` */
  exchange(
    client: OauthClient,
    { parameters, state, redirectUri, codeVerifier }: CodeExchange,
  ): Promise<IssuedTokens> {
    const given = new URLSearchParams(parameters);
    // RFC 9207 helps where a client cannot tell servers apart; each state here belongs to one.
    if (authorizationServerOf(client).issuer === null) given.delete("iss");
    const secrets = [parameters.get("code") ?? "", codeVerifier];
    return this.#request(
      client,
      secrets,
      redirectUri,
      async (server, { client, authentication, options }) => {
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
        return this.#issued(await oauth.processAuthorizationCodeResponse(server, client, response));
      },
    );
  }

  /** @throws SendwrightError `oauth.refused`, `oauth.unreachable` */
  refresh(client: OauthClient, refreshToken: string): Promise<IssuedTokens> {
    return this.#request(
      client,
      [refreshToken],
      null,
      async (server, { client, authentication, options }) => {
        const request = oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, options);
        return this.#issued(await oauth.processRefreshTokenResponse(server, client, await request));
      },
    );
  }

  /**
   * Ends a consent at the provider if it has an endpoint for that (RFC 7009); otherwise does nothing.
   * @throws SendwrightError `oauth.refused`, `oauth.unreachable`
   */
  async revoke(client: OauthClient, refreshToken: string): Promise<void> {
    if (authorizationServerOf(client).revocationEndpoint === null) return;
    await this.#request(client, [refreshToken], null, async (server, { client, authentication, options }) => {
      const request = oauth.revocationRequest(server, client, authentication, refreshToken, options);
      await oauth.processRevocationResponse(await request);
    });
  }

  /** Makes one request, within a time, and turns what goes wrong into words without secrets. */
  async #request<T>(
    client: OauthClient,
    secrets: readonly string[],
    redirectUri: string | null,
    work: (server: oauth.AuthorizationServer, request: RequestParts) => Promise<T>,
  ): Promise<T> {
    const { egress, clock } = this.#dependencies;
    const server = authorizationServerOf(client);
    const outOfTime = new AbortController();
    const cancel = clock.after(requestTimeoutMs, () => outOfTime.abort());
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
      throw providerError(error, server, [...secrets, client.clientSecret ?? ""], redirectUri);
    } finally {
      cancel();
    }
  }

  #issued(reply: oauth.TokenEndpointResponse): IssuedTokens {
    const now = this.#dependencies.clock.now();
    const lifetime = reply.expires_in === undefined ? usualLifetimeMs : reply.expires_in * 1000;
    // Google and Keycloak each have a name for it; no RFC has.
    const refreshLifetime = seconds(reply.refresh_token_expires_in) ?? seconds(reply.refresh_expires_in);
    return {
      accessToken: reply.access_token,
      accessExpiresAt: now + lifetime,
      refreshToken: reply.refresh_token ?? null,
      refreshExpiresAt: refreshLifetime === null ? null : now + refreshLifetime * 1000,
    };
  }
}

/** What oauth4webapi takes with each request. */
interface RequestParts {
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

/** A POST whose reply is bounded; a redirect is no reply. Of the headers only the type is passed on. */
async function fetchLittle(
  url: string,
  { body, headers, method, signal }: oauth.CustomFetchOptions<string, URLSearchParams | undefined>,
): Promise<Response> {
  const request = { body: body ?? null, headers, method, signal: signal ?? null };
  const reply = await fetch(url, { ...request, redirect: "manual" });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of reply.body ?? []) {
    size += chunk.length;
    if (size > maxReplyBytes) throw new Error("the reply is too long");
    chunks.push(chunk);
  }
  const type = reply.headers.get("content-type") ?? "";
  const text = Buffer.concat(chunks);
  return new Response(text.length === 0 ? null : text, {
    status: reply.status,
    headers: { "content-type": type },
  });
}

function seconds(value: unknown): number | null {
  return typeof value === "number" && value > 0 ? value : null;
}
