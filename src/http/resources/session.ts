import type { Context } from "hono";
import { z } from "zod";
import type { Visitor } from "../../accounts/accounts.ts";
import type { Signed, SignIn } from "../../accounts/sign-in.ts";
import { parse } from "../../core/parse.ts";
import { remoteAddress } from "../middleware/remote-address.ts";
import { json, jsonBody, noContent, route, routes, type ServerEnv } from "../route.ts";
import {
  firstAdminRequest,
  forgottenPassword,
  me,
  newPassword,
  passwordReset,
  sessionList,
} from "../schema/accounts.ts";
import { meView, sessionView } from "./views.ts";

const credentials = z.strictObject({
  email: z.string().min(1).max(320),
  password: z.string().min(1).max(128),
});
const passwordChange = z.strictObject({ currentPassword: z.string().min(1).max(128), newPassword });

const whoAmI = route({
  for: "sender",
  method: "get",
  path: "/",
  summary: "Get the caller",
  description: "Gets the admin or API key that sends the request.",
  responses: { 200: json(me, "Caller") },
});

const signInRoute = route({
  for: "anyone",
  method: "post",
  path: "/auth/sign-in/email",
  summary: "Sign in",
  description: "Signs in and sets a session cookie for 30 days.",
  request: { body: jsonBody(credentials, { email: "admin@example.com", password: "a long sentence" }) },
  responses: { 200: json(me, "Signed in") },
});

const signOut = route({
  for: "anyone",
  method: "post",
  path: "/auth/sign-out",
  summary: "Sign out",
  description: "Ends the session.",
  responses: { 204: noContent },
});

const changePassword = route({
  for: "admin",
  method: "post",
  path: "/auth/change-password",
  summary: "Change your password",
  description: "Changes your password and ends all your other sessions.",
  request: {
    body: jsonBody(passwordChange, { currentPassword: "a long sentence", newPassword: "a longer sentence" }),
  },
  responses: { 204: noContent },
});

const listSessions = route({
  for: "admin",
  method: "get",
  path: "/auth/sessions",
  summary: "List your sessions",
  description: "Lists your sessions, latest first. `next` is always null.",
  responses: { 200: json(sessionList, "Sessions") },
});

const endOtherSessions = route({
  for: "admin",
  method: "delete",
  path: "/auth/sessions",
  summary: "Sign out everywhere else",
  description: "Ends all your sessions except the current one.",
  responses: { 204: noContent },
});

const forgotPassword = route({
  for: "anyone",
  method: "post",
  path: "/auth/forgot-password",
  summary: "Request a password reset",
  description:
    "Emails the admin with this address a link to set a new password. The link can be used once, within 30 minutes, and replaces earlier ones. The response is the same for every address. The limit is 3 requests in 15 minutes for an address, and 10 for a client.",
  request: { body: jsonBody(forgottenPassword, { email: "admin@example.com" }) },
  responses: { 202: { description: "Email queued if the address belongs to an admin" } },
});

const resetPassword = route({
  for: "anyone",
  method: "post",
  path: "/auth/reset-password",
  summary: "Set a new password with a link",
  description:
    "Sets a new password with the token of the emailed link, which can be used once. Ends all sessions of the admin and starts none.",
  request: { body: jsonBody(passwordReset, { token: "…", password: "a longer sentence" }) },
  responses: { 204: noContent },
});

const firstAdmin = route({
  for: "anyone",
  method: "post",
  path: "/first-admin",
  summary: "Create the first admin",
  description:
    "Creates the first admin with the token of the one-time link from the terminal, then signs in. With a token of `sendwright admin reset`, it sets a new password for an existing admin.",
  request: {
    body: jsonBody(firstAdminRequest, {
      token: "…",
      name: "Jo",
      email: "admin@example.com",
      password: "a long sentence",
    }),
  },
  responses: { 200: json(me, "Signed in") },
});

/** Who is asking, whoever tells: the stand-alone server or the host. */
export function meRoutes() {
  return routes().openapi(whoAmI, (c) => c.json(meView(c.get("caller")), 200));
}

/** Only of the stand-alone server: a host has a sign-in of its own. */
export function sessionRoutes(signIn: SignIn) {
  return routes()
    .openapi(signInRoute, async (c) => {
      const input = parse(credentials, c.req.valid("json"));
      return c.json(remember(c, await signIn.signIn(input, visitorOf(c))), 200);
    })
    .openapi(signOut, async (c) => {
      setCookies(c, await signIn.signOut(c.req.raw));
      return c.body(null, 204);
    })
    .openapi(changePassword, async (c) => {
      const input = parse(passwordChange, c.req.valid("json"));
      setCookies(c, await signIn.changePassword(c.req.raw, input, visitorOf(c)));
      return c.body(null, 204);
    })
    .openapi(forgotPassword, (c) => {
      const { email } = parse(forgottenPassword, c.req.valid("json"));
      signIn.passwordReset.ask(email, visitorOf(c));
      return c.body(null, 202);
    })
    .openapi(resetPassword, async (c) => {
      const { token, password } = parse(passwordReset, c.req.valid("json"));
      await signIn.passwordReset.redeem(token, password);
      return c.body(null, 204);
    })
    .openapi(listSessions, async (c) =>
      c.json({ items: (await signIn.sessions(c.req.raw)).map(sessionView), next: null }, 200),
    )
    .openapi(endOtherSessions, async (c) => {
      await signIn.endOtherSessions(c.req.raw);
      return c.body(null, 204);
    })
    .openapi(firstAdmin, async (c) => {
      const { token, ...admin } = parse(firstAdminRequest, c.req.valid("json"));
      return c.json(remember(c, await signIn.redeemLink(token, admin, visitorOf(c))), 200);
    });
}

function visitorOf(c: Context<ServerEnv>): Visitor {
  return {
    address: remoteAddress(c) ?? "",
    userAgent: c.req.header("user-agent") ?? "",
    acceptLanguage: c.req.header("accept-language") ?? "",
  };
}

function remember(c: Context<ServerEnv>, { caller, cookies }: Signed) {
  setCookies(c, cookies);
  return meView(caller);
}

function setCookies(c: Context<ServerEnv>, cookies: readonly string[]): void {
  for (const cookie of cookies) c.header("set-cookie", cookie, { append: true });
}
