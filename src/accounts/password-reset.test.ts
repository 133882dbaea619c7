import PostalMime from "postal-mime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../test/support/open-app.ts";
import { createLog } from "../core/log.ts";
import { revealContent } from "../emails/content-encryption.ts";
import { createApp } from "../http/app.ts";
import type { App } from "../http/route.ts";
import type { Problem } from "../http/schema/common.ts";
import { listAudit } from "../store/tables/audit-log.ts";
import { findContent } from "../store/tables/email-content.ts";
import { createResetLink } from "./admin-link.ts";
import { SignIn } from "./sign-in.ts";

const ada = { email: "ada@example.com", password: "a long sentence" };
const eve = { email: "eve@example.com", password: "a sentence of her own" };
const next = "another sentence";
const linuxFirefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

let opened: TestApp;
let signIn: SignIn;
let app: App;
let linkBase: string | null;
/** What the log holds, a line each. */
let logged: string[];

beforeEach(async () => {
  opened = await openApp();
  linkBase = "https://mail.example.com/sendwright/";
  logged = [];
  const { services } = opened;
  const log = createLog("silent");
  log.warn = (...words: unknown[]) => void logged.push(words.map(String).join(" "));
  log.error = log.warn;
  const secret = services.secrets.sessionSecret();
  signIn = new SignIn({ ...services, log, secret, publicUrl: null, linkBase: () => linkBase });
  app = createApp(services, { signedIn: (request) => signIn.signedIn(request), signIn });
  await signIn.createAdmin(ada);
});
afterEach(() => opened.close());

async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return app.request(`/api/auth/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

/** Asks, and waits for what comes after the answer. */
async function ask(email: string, headers: Record<string, string> = {}): Promise<Response> {
  const response = await post("forgot-password", { email }, headers);
  await signIn.drain();
  return response;
}

/** The emails there are, the latest first. */
const emails = async () => (await opened.services.outbox.list({ limit: 50 })).items;

/** What the latest email says, though it is sensitive. */
async function latest() {
  const [email] = await emails();
  if (email === undefined) throw new Error("no email");
  const { store, secrets } = opened.services;
  const content = await findContent(store.db, email.id);
  const bytes = await revealContent(secrets, email.id, content!);
  const { text = "" } = await PostalMime.parse(bytes);
  return { email, text, token: /#token=(\S+)/.exec(text)?.[1] ?? "" };
}

const enter = async (credentials: object) => post("sign-in/email", credentials);
const isSignedIn = async (cookie: string) =>
  (await app.request("/api/me", { headers: { cookie } })).status === 200;
const redeem = async (token: string, password = next) => post("reset-password", { token, password });
const cookieOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");

describe("who has forgotten the password", () => {
  it("gets a link that sets a new one, once, and ends every session", async () => {
    const cookie = cookieOf(await enter(ada));
    expect((await ask("Ada@Example.com")).status).toBe(202);
    const { email, token, text } = await latest();
    expect(email).toMatchObject({
      template: "password-reset",
      caller: "system",
      sensitive: true,
      priority: "high",
      expiresAt: opened.clock.now() + 30 * 60_000,
      recipients: [{ address: ada.email }],
    });
    expect(text).toContain("https://mail.example.com/sendwright/reset-password#token=");
    expect(text).toContain("The link expires in 30 minutes.");
    expect(await isSignedIn(cookie)).toBe(true);
    expect((await enter(ada)).status).toBe(200);

    const done = await redeem(token);
    expect([done.status, done.headers.getSetCookie()]).toEqual([204, []]);
    expect(await isSignedIn(cookie)).toBe(false);
    expect((await enter(ada)).status).toBe(401);
    expect((await enter({ ...ada, password: next })).status).toBe(200);

    const again = await redeem(token, "a third sentence");
    expect([again.status, (await read<Problem>(again)).code]).toEqual([403, "auth.link_invalid"]);
    expect((await enter({ ...ada, password: next })).status).toBe(200);
  });

  it("is written to in a language of the browser, with the device that asked", async () => {
    await ask(ada.email, { "accept-language": "tlh, de-CH;q=0.9", "user-agent": linuxFirefox });
    const { email, text } = await latest();
    expect(email.subject).toBe("Ihr Passwort für Sendwright zurücksetzen");
    expect(text).toContain("Firefox (Linux)");
    expect(text).toContain("1. Januar 2026");
  });

  it("is written down, without the link", async () => {
    await ask(ada.email);
    const { token } = await latest();
    await redeem(token);
    const { db } = opened.services.store;
    const entries = await listAudit(db, { after: null, limit: 10 });
    const [userId] = token.split(".");
    expect(entries.slice(0, 2)).toMatchObject([
      { action: "admin.password_reset", target: userId, actor: { id: `user:${userId}` } },
      { action: "admin.reset_requested", target: userId, actor: { id: "anyone" } },
    ]);
    await ask(ada.email);
    const { token: stored } = await latest();
    const settings = await db.selectFrom("settings").selectAll().execute();
    const all = JSON.stringify([settings, await listAudit(db, { after: null, limit: 10 }), logged]);
    expect(all).not.toContain(stored.split(".")[1]);
  });
});

describe("a link for a new password", () => {
  it("ends after half an hour", async () => {
    await ask(ada.email);
    const { token } = await latest();
    await opened.clock.advance(30 * 60_000);
    expect((await redeem(token)).status).toBe(403);
    expect((await enter(ada)).status).toBe(200);
  });

  it("ends with a newer one, but not with one of somebody else or of the command line", async () => {
    await signIn.createAdmin(eve);
    await ask(ada.email);
    const first = await latest();
    await ask(eve.email);
    const { services, clock } = opened;
    await createResetLink(services.store.db, clock, "https://mail.example.com");
    const hers = await latest();
    await ask(ada.email);
    const second = await latest();
    expect((await redeem(first.token)).status).toBe(403);
    expect((await redeem(second.token)).status).toBe(204);
    expect((await enter(eve)).status).toBe(200);
    expect((await redeem(hers.token)).status).toBe(204);
  });

  it("ends when the password is changed otherwise", async () => {
    const cookie = cookieOf(await enter(ada));
    await ask(ada.email);
    const { token } = await latest();
    const change = { currentPassword: ada.password, newPassword: next };
    expect((await post("change-password", change, { cookie })).status).toBe(204);
    expect((await redeem(token)).status).toBe(403);
  });

  it("is one, also when it is used many times at once", async () => {
    await ask(ada.email);
    const { token } = await latest();
    const statuses = (await Promise.all([1, 2, 3].map(() => redeem(token)))).map(({ status }) => status);
    expect(statuses.sort()).toEqual([204, 403, 403]);
  });

  it("is whole, and of the admin whom it names", async () => {
    await signIn.createAdmin(eve);
    await ask(ada.email);
    const { token } = await latest();
    await ask(eve.email);
    const [evesId] = (await latest()).token.split(".");
    const [, secret] = token.split(".");
    for (const wrong of ["", ".", secret, `.${secret}`, `${evesId}.${secret}`, `${token}x`, token.slice(1)]) {
      expect((await redeem(wrong ?? "")).status).toBe(403);
    }
    expect((await redeem(token)).status).toBe(204);
  });

  it("stays when the new password is too short", async () => {
    await ask(ada.email);
    const { token } = await latest();
    const response = await redeem(token, "short");
    expect((await read<Problem>(response)).errors?.map(({ pointer }) => pointer)).toEqual(["/password"]);
    expect((await redeem(token)).status).toBe(204);
  });
});

describe("whoever asks", () => {
  const answerOf = async (response: Response) => [
    response.status,
    await response.text(),
    [...response.headers].sort(),
  ];

  it("gets the same answer for every address, before anything is looked up", async () => {
    const { db } = opened.services.store;
    const known = await post("forgot-password", { email: ada.email });
    // What depends on the address waits for longer than any answer takes.
    await opened.clock.advance(199);
    const begun = await db
      .selectFrom("settings")
      .select("key")
      .where("key", "like", "password_link:%")
      .execute();
    const unknown = await post("forgot-password", { email: "nobody@example.com" });
    expect(await answerOf(known)).toEqual(await answerOf(unknown));
    expect((await answerOf(unknown)).slice(0, 2)).toEqual([202, ""]);
    expect(begun).toEqual([]);
    await signIn.drain();
    expect((await emails()).map(({ recipients }) => recipients[0]?.address)).toEqual([ada.email]);
  });

  it("gets the same answer where nothing can be sent, and the log says why", async () => {
    linkBase = null;
    expect((await ask(ada.email, { host: "evil.example" })).status).toBe(202);
    expect(await emails()).toEqual([]);
    expect(logged).toEqual([expect.stringContaining("SENDWRIGHT_PUBLIC_URL")]);

    linkBase = "not a link";
    expect((await ask(ada.email)).status).toBe(202);
    expect(logged[1]).toContain("password reset email failed; no link sent");
  });

  it("cannot fill an inbox, whether or not there is one", async () => {
    for (const email of [ada.email, "nobody@example.com"]) {
      const statuses = [];
      for (let time = 0; time < 4; time += 1) statuses.push((await ask(email)).status);
      expect(statuses).toEqual([202, 202, 202, 429]);
    }
    expect(await emails()).toHaveLength(3);
    await opened.clock.advance(15 * 60_000);
    expect((await ask(ada.email)).status).toBe(202);
  });

  it("cannot go through many addresses", async () => {
    const statuses = [];
    for (let n = 0; n < 12; n += 1) statuses.push((await ask(`n${n}@example.com`)).status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(10);
    const response = await ask("another@example.com");
    expect(await read<Problem>(response)).toMatchObject({ code: "auth.too_many_attempts" });
  });

  it("is no other site", async () => {
    for (const path of ["forgot-password", "reset-password"]) {
      const response = await post(path, { email: ada.email }, { origin: "https://evil.example" });
      expect([response.status, (await read<Problem>(response)).code]).toEqual([403, "request.cross_site"]);
    }
    await signIn.drain();
    expect(await emails()).toEqual([]);
  });
});
