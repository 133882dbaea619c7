// The API and the pages over HTTP: who may call, what a request may hold, and how a reply looks.
// RFC 9110: HTTP semantics. RFC 9457: problem details.
// It decides nothing about email: each route calls a service of the rooms below.
import type { Context } from "hono";
import { compress } from "hono/compress";
import { METHODS } from "hono/router";
import { ApiKeys } from "../accounts/api-keys.ts";
import type { Identified, SignedIn } from "../accounts/caller.ts";
import type { SignIn } from "../accounts/sign-in.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Services } from "../services.ts";
import { hostReply, hostReplyOf } from "./host-reply.ts";
import { callerByKey, identify } from "./middleware/authenticate.ts";
import { refuseCrossSite } from "./middleware/cross-site.ts";
import { securityHeaders } from "./middleware/security-headers.ts";
import { describeSecurity, openApiDocument } from "./openapi.ts";
import { builtPages, Pages } from "./pages.ts";
import { problemResponse } from "./problem.ts";
import { createOwnAddress, type OwnAddress } from "./public-url.ts";
import { alertRoutes } from "./resources/alerts.ts";
import { apiKeyRoutes } from "./resources/api-keys.ts";
import { auditLogRoutes } from "./resources/audit-log.ts";
import { emailRoutes } from "./resources/emails.ts";
import { matchingEmailRoutes } from "./resources/matching-emails.ts";
import { oauthAddressRoutes, oauthCallback, oauthRoutes } from "./resources/oauth.ts";
import { overviewRoutes } from "./resources/overview.ts";
import { providerRoutes } from "./resources/providers.ts";
import { sandboxRoutes } from "./resources/sandbox.ts";
import { meRoutes, sessionRoutes } from "./resources/session.ts";
import { settingsRoutes } from "./resources/settings.ts";
import { smtpConfigRouteRoutes } from "./resources/smtp-config-route.ts";
import { smtpConfigVersionRoutes } from "./resources/smtp-config-versions.ts";
import { smtpConfigRoutes } from "./resources/smtp-configs.ts";
import { systemRoutes } from "./resources/system.ts";
import { templatePartRoutes } from "./resources/template-parts.ts";
import { templateRoutes } from "./resources/templates.ts";
import { type App, routes, type ServerEnv } from "./route.ts";

export interface AppOptions {
  /** Who is signed in. API keys are looked after here. */
  readonly signedIn: SignedIn;
  /** The stand-alone server's own sign-in; without it there are no routes for it. */
  readonly signIn?: SignIn | undefined;
  /** An admin key of the operator's choice (SENDWRIGHT_API_KEY). */
  readonly apiKey?: string | undefined;
  /** Where browsers see Sendwright, if a proxy gives it another name. */
  readonly publicUrl?: string | undefined;
  /** What browsers see before Sendwright's own paths, such as `/mail`. Default: links are relative. */
  readonly basePath?: string | undefined;
  /** The folder of the built pages. */
  readonly pages?: string | undefined;
}

/** The status that other servers log for a client that is gone; it is never seen. */
const clientGone = 499;

/** The API, one line for each resource. The file of a resource says what its routes accept, return and allow. */
function addApi(app: App, services: Services, apiKeys: ApiKeys, ownAddress: OwnAddress) {
  return app
    .route("/api/overview", overviewRoutes(services))
    .route("/api/smtp-configs", smtpConfigRoutes(services))
    .route("/api/smtp-configs", smtpConfigRouteRoutes(services))
    .route("/api/smtp-configs", smtpConfigVersionRoutes(services))
    .route("/api/smtp-configs", oauthRoutes(services, ownAddress))
    .route("/api/oauth", oauthAddressRoutes(ownAddress))
    .route("/api/alerts", alertRoutes(services))
    .route("/api/providers", providerRoutes(services))
    .route("/api/emails", matchingEmailRoutes(services)) //  before /api/emails/{id}
    .route("/api/emails", emailRoutes(services))
    .route("/api/templates", templateRoutes(services))
    .route("/api/template-parts", templatePartRoutes(services))
    .route("/api/sandbox/emails", sandboxRoutes(services))
    .route("/api/api-keys", apiKeyRoutes(apiKeys))
    .route("/api/audit-log", auditLogRoutes(services))
    .route("/api/settings", settingsRoutes(services))
    .route("/api/me", meRoutes())
    .route("/", systemRoutes(services)); //  /api/health, /api/ready, /metrics
}

/** For the stand-alone server: /api/auth/…, /api/first-admin */
function addSignIn(api: ReturnType<typeof addApi>, signIn: SignIn) {
  return api.route("/api", sessionRoutes(signIn));
}

/** For a typed client: `hc<AppType>(url)` of `hono/client`. */
export type AppType = ReturnType<typeof addSignIn>;

/** Everything that Sendwright serves over HTTP: the API, and the pages at every other path. */
export function createApp(services: Services, options: AppOptions): App {
  const { log } = services;
  const { signedIn, signIn, apiKey = null, publicUrl = null } = options;
  const basePath = options.basePath?.replace(/\/+$/, "") ?? null;
  const apiKeys = new ApiKeys({ ...services, environmentKey: apiKey });
  const pages = new Pages(options.pages ?? builtPages);
  const app = routes({ getPath: (request) => pathWithin(basePath ?? "", request.url) });

  app.use(securityHeaders);
  app.use(refuseCrossSite(publicUrl, async (request) => (await callerByKey(request, apiKeys)) !== undefined));
  // Scripts and styles alone: compressing a reply that mixes secrets with what others wrote would leak them.
  app.use("/assets/*", compress());
  app.use(async (c, next) => {
    let caller: Promise<Identified> | undefined;
    c.set("identify", () => {
      caller ??= identify(c.req.raw, apiKeys, signedIn);
      return caller;
    });
    c.set("memory", services.contentMemory);
    await next();
  });

  const api = addApi(app, services, apiKeys, createOwnAddress(publicUrl, basePath));
  if (signIn !== undefined) addSignIn(api, signIn);
  describeSecurity(app);
  let document: ReturnType<typeof openApiDocument> | undefined;
  app.get("/api/openapi.json", (c) => {
    document ??= openApiDocument(app, basePath === null ? ".." : `${basePath}/`);
    return c.json(document);
  });

  async function page(c: Context<ServerEnv>): Promise<Response> {
    // A host may have a sign-in page of its own to send browsers to. Scripts and styles are no secret.
    if (signIn === undefined && !c.req.path.startsWith("/assets/")) {
      const caller = await c.get("identify")();
      if (caller instanceof Response) throw hostReply(caller);
    }
    return pages.respond(c.req.path, basePath);
  }
  app.get("/oauth/callback", oauthCallback(services));
  app.get("/api/docs", page);
  app.all("/api/*", (c) => refusal(c, app, log));
  app.get("/*", page);
  app.notFound((c) => refusal(c, app, log));
  app.onError((error, c) => {
    const reply = hostReplyOf(error);
    if (reply !== undefined) return reply;
    // Work that was stopped because its client is gone did not fail.
    if (error === c.req.raw.signal.reason) return new Response(null, { status: clientGone });
    return problemResponse(error, log);
  });
  return app;
}

/** The path without the base path, whether or not a proxy or the host took it off already. */
function pathWithin(basePath: string, url: string): string {
  const { pathname } = new URL(url);
  if (basePath === "" || !`${pathname}/`.startsWith(`${basePath}/`)) return pathname;
  return pathname.slice(basePath.length) || "/";
}

/** Nothing has this path, or not with this method (RFC 9110 §15.5.6). */
function refusal(c: Context<ServerEnv>, app: App, log: Log): Response {
  const { method, path } = c.req;
  const isPage = !path.startsWith("/api/");
  const allowed = METHODS.map((name) => name.toUpperCase()).filter((name) =>
    app.router
      .match(name, path)[0]
      .some(([[, matched]]) => matched.method !== "ALL" && (isPage || matched.path !== "/*")),
  );
  if (allowed.length === 0) {
    return problemResponse(
      new SendwrightError("request.not_found", `${path} not found. Check the URL.`),
      log,
    );
  }
  const methods = allowed.join(", ");
  const detail = `${method} isn't supported on ${path}. Use ${methods}.`;
  const response = problemResponse(new SendwrightError("request.method_not_allowed", detail), log);
  response.headers.set("allow", methods);
  return response;
}
