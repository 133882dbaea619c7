import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../test/support/open-app.ts";
import { createApp } from "../http/app.ts";
import type { App } from "../http/route.ts";
import type { Me, Session } from "../http/schema/accounts.ts";
import type { Problem } from "../http/schema/common.ts";
import type { AuditEntry } from "../http/schema/monitoring.ts";
import { createFirstAdminLink, createResetLink } from "./admin-link.ts";
import { SignIn } from "./sign-in.ts";

const baseUrl = "https://mail.example.com";
const ada = { email: "ada@example.com", password: "a long sentence" };

let opened: TestApp;
let signIn: SignIn;
let app: App;

function open(publicUrl: string | null): void {
  const { services } = opened;
  const secret = services.secrets.sessionSecret();
  signIn = new SignIn({ ...services, secret, publicUrl, linkBase: () => publicUrl });
  app = createApp(services, { signedIn: (request) => signIn.signedIn(request), signIn });
}

beforeEach(async () => {
  opened = await openApp();
  open(null);
});
afterEach(async () => {
  await signIn.drain();
  await opened.close();
});

async function post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const typed = body === undefined ? {} : { "content-type": "application/json" };
  return app.request(path, {
    method: "POST",
    headers: { ...typed, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const cookieOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");

const me = async (cookie: string) => app.request("/api/me", { headers: { cookie } });
const signInAs = (credentials: object) => post("/api/auth/sign-in/email", credentials);

async function tokenOf(link: string | null | Promise<string | null>): Promise<string> {
  return (await link)?.split("#token=")[1] ?? "";
}

async function users(): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from users`.execute(
    opened.services.store.db,
  );
  return rows[0]?.count ?? -1;
}

describe("the first admin", () => {
  it("is made by a link, which is then used up, and is signed in", async () => {
    const link = await createFirstAdminLink(opened.services.store.db, `${baseUrl}/mail/`);
    expect(link).toMatch(/^https:\/\/mail\.example\.com\/mail\/first-admin#token=[\w-]{43}$/);
    const token = await tokenOf(link);
    const response = await post("/api/first-admin", { token, name: "Ada", ...ada, email: "Ada@Example.com" });
    expect(response.status).toBe(200);
    expect(await read<Me>(response)).toMatchObject({ name: "Ada", email: "ada@example.com", via: "session" });
    expect((await me(cookieOf(response))).status).toBe(200);

    const again = await post("/api/first-admin", {
      token,
      email: "eve@example.com",
      password: "another sentence",
    });
    expect(again.status).toBe(403);
    expect(await read<Problem>(again)).toMatchObject({ code: "auth.link_invalid" });
    expect(await users()).toBe(1);
  });

  it("is one, also when the link is used twice at once", async () => {
    const token = await tokenOf(createFirstAdminLink(opened.services.store.db, baseUrl));
    const tries = ["a", "b", "c"].map((name) =>
      post("/api/first-admin", { token, email: `${name}@example.com`, password: ada.password }),
    );
    const statuses = (await Promise.all(tries)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 403, 403]);
    expect(await users()).toBe(1);
  });

  it("needs the latest link, whose token is nowhere stored", async () => {
    const { db } = opened.services.store;
    const old = await tokenOf(createFirstAdminLink(db, baseUrl));
    const token = await tokenOf(createFirstAdminLink(db, baseUrl));
    expect(JSON.stringify(await db.selectFrom("settings").selectAll().execute())).not.toContain(token);
    for (const wrong of [old, "", "x", `${token}x`]) {
      expect((await post("/api/first-admin", { token: wrong, ...ada })).status).toBe(403);
    }
    expect((await post("/api/first-admin", { token, ...ada })).status).toBe(200);
  });

  it("keeps the link when a field is wrong, and names every one", async () => {
    const token = await tokenOf(createFirstAdminLink(opened.services.store.db, baseUrl));
    const response = await post("/api/first-admin", { token, email: "x", password: "short", admin: true });
    const { errors = [] } = await read<Problem>(response);
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(["/admin", "/email", "/password"]);
    expect((await post("/api/first-admin", { token, ...ada })).status).toBe(200);
  });

  it("gets no link where there is an admin", async () => {
    await signIn.createAdmin(ada);
    expect(await createFirstAdminLink(opened.services.store.db, baseUrl)).toBeNull();
  });
});

describe("a reset link", () => {
  it("gives an admin a new password, ends their sessions, and lasts an hour", async () => {
    await signIn.createAdmin(ada);
    const cookie = cookieOf(await signInAs(ada));
    const { services, clock } = opened;
    const late = await tokenOf(createResetLink(services.store.db, clock, baseUrl));
    await clock.advance(60 * 60 * 1000);
    const changed = { email: ada.email, password: "another sentence" };
    expect((await post("/api/first-admin", { token: late, ...changed })).status).toBe(403);

    const token = await tokenOf(createResetLink(services.store.db, clock, baseUrl));
    expect((await post("/api/first-admin", { token, ...changed })).status).toBe(200);
    expect((await me(cookie)).status).toBe(401);
    expect((await signInAs(ada)).status).toBe(401);
    expect((await signInAs(changed)).status).toBe(200);
    expect(await users()).toBe(1);
  });
});

describe("signing in and out", () => {
  beforeEach(() => signIn.createAdmin(ada));

  it("sets a cookie that scripts and other sites cannot use", async () => {
    const [cookie = ""] = (await signInAs(ada)).headers.getSetCookie();
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Lax/i);
    expect(cookie).not.toMatch(/Secure/);
    open(baseUrl);
    const [secure = ""] = (await signInAs(ada)).headers.getSetCookie();
    expect(secure).toMatch(/^__Secure-.*Secure/);
  });

  it("does not mind how the address is written", async () => {
    expect((await signInAs({ ...ada, email: " ADA@example.com" })).status).toBe(200);
  });

  it("says the same of a wrong password and of an unknown address", async () => {
    const wrong = await signInAs({ ...ada, password: "wrong" });
    const unknown = await signInAs({ ...ada, email: "eve@example.com" });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(await wrong.text()).toBe(await unknown.text());
    expect(wrong.headers.getSetCookie()).toEqual([]);
  });

  it("lets nobody guess at speed, and goes on after a while", async () => {
    const guesses = Array.from({ length: 22 }, (_, guess) => signInAs({ ...ada, password: `${guess}` }));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(20);
    const refused = await signInAs(ada);
    expect(refused.status).toBe(429);
    expect(await read<Problem>(refused)).toMatchObject({ code: "auth.too_many_attempts" });
    await opened.clock.advance(5 * 60 * 1000);
    expect((await signInAs(ada)).status).toBe(200);
  });

  it("ends the session for good", async () => {
    const cookie = cookieOf(await signInAs(ada));
    expect((await me(cookie)).status).toBe(200);
    const response = await post("/api/auth/sign-out", undefined, { cookie });
    expect(response.status).toBe(204);
    expect(response.headers.getSetCookie().join()).toMatch(/sendwright\.session_token=; Max-Age=0/);
    expect((await me(cookie)).status).toBe(401);
  });

  it("does not take a cookie whose signature is not ours", async () => {
    const cookie = cookieOf(await signInAs(ada));
    expect((await me(`${cookie.slice(0, cookie.indexOf("."))}.forged`)).status).toBe(401);
    expect((await me(cookie.replace(/=[^.]+\./, "=anothertoken."))).status).toBe(401);
  });

  it("changes the password with the old one, and ends all other sessions", async () => {
    const elsewhere = cookieOf(await signInAs(ada));
    const cookie = cookieOf(await signInAs(ada));
    const change = { currentPassword: ada.password, newPassword: "another sentence" };
    const wrong = await post(
      "/api/auth/change-password",
      { ...change, currentPassword: "wrong" },
      { cookie },
    );
    expect(wrong.status).toBe(401);
    const done = await post("/api/auth/change-password", change, { cookie });
    expect(done.status).toBe(204);
    expect((await me(elsewhere)).status).toBe(401);
    expect((await me(cookieOf(done))).status).toBe(200);
    expect((await signInAs({ ...ada, password: change.newPassword })).status).toBe(200);
  });

  it("offers nobody to sign up, nor better-auth's own routes", async () => {
    for (const path of ["sign-up/email", "forget-password", "update-user", "list-sessions"]) {
      expect((await post(`/api/auth/${path}`, { ...ada, name: "Eve" })).status).toBe(404);
    }
    expect(await users()).toBe(1);
  });

  it("writes to the audit log who became an admin", async () => {
    const cookie = cookieOf(await signInAs(ada));
    const log = await app.request("/api/audit-log", { headers: { cookie } });
    const { items } = await read<{ items: AuditEntry[] }>(log);
    expect(items[0]).toMatchObject({ action: "admin.created", detail: { email: ada.email } });
  });
});

describe("sessions", () => {
  beforeEach(() => signIn.createAdmin(ada));

  const enter = async (userAgent: string) =>
    cookieOf(await post("/api/auth/sign-in/email", ada, { "user-agent": userAgent }));
  const list = async (cookie: string) =>
    (await read<{ items: Session[] }>(app.request("/api/auth/sessions", { headers: { cookie } }))).items;

  it("are listed by what browsers say they are, with the one that asks", async () => {
    const phone = await enter("Phone");
    const desk = await enter("Desk");
    const shown = (items: Session[]) =>
      items.map(({ userAgent, isCurrent }) => `${userAgent}${isCurrent ? " (this)" : ""}`).sort();
    expect(shown(await list(phone))).toEqual(["Desk", "Phone (this)"]);
    expect(shown(await list(desk))).toEqual(["Desk (this)", "Phone"]);
    expect(JSON.stringify(await list(desk))).not.toContain(desk.split("=")[1]?.split(".")[0]);
  });

  it("show when they were last used", async () => {
    const cookie = await enter("Desk");
    const { db } = opened.services.store;
    await sql`update sessions set updated_at = '2025-12-31T23:55:01.000Z'`.execute(db);
    await me(cookie);
    expect(await list(cookie)).toMatchObject([{ seenAt: "2025-12-31T23:55:01.000Z" }]);
    await opened.clock.advance(1_000);
    await me(cookie);
    expect(await list(cookie)).toMatchObject([{ seenAt: "2026-01-01T00:00:01.000Z" }]);
  });

  it("end everywhere else at once, and only the admin's own", async () => {
    await signIn.createAdmin({ email: "bo@example.com", password: "a sentence of Bo" });
    const bo = cookieOf(await signInAs({ email: "bo@example.com", password: "a sentence of Bo" }));
    const phone = await enter("Phone");
    const desk = await enter("Desk");
    const response = await app.request("/api/auth/sessions", { method: "DELETE", headers: { cookie: desk } });
    expect(response.status).toBe(204);
    expect([(await me(phone)).status, (await me(desk)).status, (await me(bo)).status]).toEqual([
      401, 200, 200,
    ]);
    expect(await list(desk)).toHaveLength(1);
  });

  it("are not what somebody with an API key has", async () => {
    const headers = await opened.bearer("admin");
    const response = app.request("/api/auth/sessions", { headers });
    expect(await read<{ items: Session[] }>(response)).toEqual({ items: [], next: null });
    expect((await app.request("/api/auth/sessions", { method: "DELETE", headers })).status).toBe(204);
    expect((await app.request("/api/auth/sessions")).status).toBe(401);
  });
});

describe("other sites", () => {
  const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };

  it("cannot sign anybody in, make an admin, or act with an admin's cookie", async () => {
    const token = await tokenOf(createFirstAdminLink(opened.services.store.db, baseUrl));
    const stolen = await post("/api/first-admin", { token, ...ada }, foreign);
    expect(await read<Problem>(stolen)).toMatchObject({ status: 403, code: "request.cross_site" });
    expect(await users()).toBe(0);

    await signIn.createAdmin(ada);
    const cookie = cookieOf(await signInAs(ada));
    expect((await post("/api/auth/sign-in/email", ada, foreign)).status).toBe(403);
    expect((await post("/api/auth/sign-out", undefined, { ...foreign, cookie })).status).toBe(403);
    expect((await post("/api/api-keys", { name: "x" }, { ...foreign, cookie })).status).toBe(403);
    expect((await me(cookie)).status).toBe(200);
  });
});
