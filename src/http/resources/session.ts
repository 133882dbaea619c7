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
  summary: "Who am I",
  description: "The admin or the key that the request is made with.",
  responses: { 200: json(me, "The caller") },
});

const signInRoute = route({
  for: "anyone",
  method: "post",
  path: "/auth/sign-in/email",
  summary: "Sign in",
  description: "Sets the session cookie, for 30 days.",
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
  summary: "Change one's own password",
  description: "Ends all other sessions.",
  request: {
    body: jsonBody(passwordChange, { currentPassword: "a long sentence", newPassword: "a longer sentence" }),
  },
  responses: { 204: noContent },
});

const listSessions = route({
  for: "admin",
  method: "get",
  path: "/auth/sessions",
  summary: "List one's own sessions",
  description: "Where the admin who asks is signed in, the latest first. `next` is always null.",
  responses: { 200: json(sessionList, "The sessions") },
});

const endOtherSessions = route({
  for: "admin",
  method: "delete",
  path: "/auth/sessions",
  summary: "Sign out everywhere else",
  description: "Ends all sessions of the admin who asks, but for the one that the request is made with.",
  responses: { 204: noContent },
});

const forgotPassword = route({
  for: "anyone",
  method: "post",
  path: "/auth/forgot-password",
  summary: "Ask for a new password",
  description:
    "If the address belongs to an admin, they get an email with a link that sets a new password, once, within 30 minutes. The answer is the same for every address. A newer link replaces an older one; nothing else changes. At most 3 in 15 minutes for an address, and 10 for a client.",
  request: { body: jsonBody(forgottenPassword, { email: "admin@example.com" }) },
  responses: { 202: { description: "If this address belongs to an admin, an email is on its way" } },
});

const resetPassword = route({
  for: "anyone",
  method: "post",
  path: "/auth/reset-password",
  summary: "Set a new password by a link",
  description:
    "With the token of the link from the email, which is then used up. Ends all sessions of the admin, and makes none.",
  request: { body: jsonBody(passwordReset, { token: "…", password: "a longer sentence" }) },
  responses: { 204: noContent },
});

const firstAdmin = route({
  for: "anyone",
  method: "post",
  path: "/first-admin",
  summary: "Make the first admin",
  description:
    "With the token of the one-time link that the terminal showed, which is then used up. With the token of `sendwright admin reset` an existing admin gets a new password. Signs in.",
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
