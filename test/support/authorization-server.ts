import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What the server does to the next questions instead of answering them as it should. */
export type Mischief =
  | {
      readonly kind: "error";
      readonly status?: number;
      readonly error: string;
      readonly description?: string;
    }
  | { readonly kind: "raw"; readonly status: number; readonly type: string; readonly body: string }
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "silence" };

/** An OAuth 2.0 provider on the loopback that does what a test tells it to (RFC 6749, 7009, 7636). */
export interface AuthorizationServer extends AsyncDisposable {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly client: { readonly clientId: string; readonly clientSecret: string };
  /** Seconds that access tokens live. */
  accessLifetime: number;
  /** Seconds that refresh tokens live, as it tells; null tells nothing. */
  refreshLifetime: number | null;
  /** Gives a new refresh token each time, and takes the old one no more. */
  rotates: boolean;
  /** At the token endpoint, until it is set back to null. */
  mischief: Mischief | null;
  /** The account does not consent. */
  denies: boolean;
  /** Every code, token and verifier that it has seen or given, for a search of leaks. */
  readonly secrets: ReadonlySet<string>;
  /** The bodies of all questions to the token endpoint, in order. */
  readonly asked: readonly URLSearchParams[];
  /** Whether a relay would take this access token now. */
  takes(accessToken: string): boolean;
  /** The latest access token, whether or not it is still good. */
  readonly accessToken: string;
  /** The account's owner withdraws the consent: no token is good any more. */
  revoke(): void;
  /** Ends the access tokens, as a change of the account may; refresh tokens stay. */
  expireAccessTokens(): void;
  /** Goes to the authorization endpoint as a browser would. @returns where it is sent back to. */
  consent(authorizationUrl: string): Promise<URL>;
}

interface Pending {
  readonly redirectUri: string;
  readonly challenge: string;
}

export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const client = { clientId: "sendwright-client", clientSecret: "client-s3cret-of-the-test" };
  const codes = new Map<string, Pending>();
  const refreshTokens = new Set<string>();
  const accessTokens = new Set<string>();
  const secrets = new Set<string>([client.clientSecret]);
  const asked: URLSearchParams[] = [];
  let accessToken = "";

  function fresh(kind: string): string {
    const token = `${kind}-${randomBytes(24).toString("base64url")}`;
    secrets.add(token);
    return token;
  }

  function authorize(url: URL, response: ServerResponse): void {
    const { searchParams } = url;
    const redirectUri = searchParams.get("redirect_uri") ?? "";
    const back = new URL(redirectUri);
    back.searchParams.set("state", searchParams.get("state") ?? "");
    const isRight =
      searchParams.get("response_type") === "code" &&
      searchParams.get("client_id") === client.clientId &&
      searchParams.get("code_challenge_method") === "S256";
    if (!isRight) back.searchParams.set("error", "invalid_request");
    else if (server.denies) {
      back.searchParams.set("error", "access_denied");
      back.searchParams.set("error_description", "The user denied the request");
    } else {
      const code = fresh("code");
      codes.set(code, { redirectUri, challenge: searchParams.get("code_challenge") ?? "" });
      back.searchParams.set("code", code);
    }
    response.writeHead(302, { location: back.href }).end();
  }

  async function token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = new URLSearchParams(await text(request));
    asked.push(body);
    for (const name of ["code_verifier", "code", "refresh_token"]) {
      const value = body.get(name);
      if (value !== null) secrets.add(value);
    }
    const { mischief } = server;
    switch (mischief?.kind) {
      case "silence":
        return;
      case "raw":
        response.writeHead(mischief.status, { "content-type": mischief.type }).end(mischief.body);
        return;
      case "redirect":
        response.writeHead(307, { location: mischief.location }).end();
        return;
      case "error":
        return refuse(response, mischief.error, mischief.description, mischief.status);
    }
    if (body.get("client_id") !== client.clientId || body.get("client_secret") !== client.clientSecret) {
      return refuse(response, "invalid_client", undefined, 401);
    }
    if (body.get("grant_type") === "authorization_code") {
      const code = body.get("code") ?? "";
      const pending = codes.get(code);
      codes.delete(code);
      const challenge = createHash("sha256")
        .update(body.get("code_verifier") ?? "")
        .digest("base64url");
      if (pending?.challenge !== challenge || pending.redirectUri !== body.get("redirect_uri")) {
        return refuse(response, "invalid_grant");
      }
      return issue(response, true);
    }
    const refreshToken = body.get("refresh_token") ?? "";
    if (!refreshTokens.has(refreshToken)) return refuse(response, "invalid_grant", "Token has been revoked.");
    if (server.rotates) refreshTokens.delete(refreshToken);
    issue(response, server.rotates);
  }

  function issue(response: ServerResponse, withRefreshToken: boolean): void {
    accessToken = fresh("access");
    accessTokens.add(accessToken);
    const refreshToken = withRefreshToken ? fresh("refresh") : null;
    if (refreshToken !== null) refreshTokens.add(refreshToken);
    answer(response, 200, {
      access_token: accessToken,
      token_type: "Bearer",
      expires_in: server.accessLifetime,
      ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
      ...(server.refreshLifetime === null ? {} : { refresh_token_expires_in: server.refreshLifetime }),
    });
  }

  function refuse(response: ServerResponse, error: string, description?: string, status = 400): void {
    answer(response, status, { error, error_description: description });
  }

  function answer(response: ServerResponse, status: number, body: object): void {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  const http = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    if (url.pathname === "/authorize") authorize(url, response);
    else if (url.pathname === "/token") void token(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  const server: AuthorizationServer = {
    authorizationEndpoint: `${base}/authorize`,
    tokenEndpoint: `${base}/token`,
    client,
    accessLifetime: 3600,
    refreshLifetime: null,
    rotates: false,
    mischief: null,
    denies: false,
    secrets,
    asked,
    takes: (given) => accessTokens.has(given),
    get accessToken() {
      return accessToken;
    },
    revoke() {
      refreshTokens.clear();
      accessTokens.clear();
    },
    expireAccessTokens: () => accessTokens.clear(),
    async consent(authorizationUrl) {
      const response = await fetch(authorizationUrl, { redirect: "manual" });
      return new URL(response.headers.get("location") ?? "");
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}
