import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type AuthorizationServer,
  startAuthorizationServer,
} from "../../../test/support/authorization-server.ts";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import { changeMonitoring } from "../../monitoring/monitoring-settings.ts";
import { type RelayedMessage, type RelayOptions, relayScript } from "../../testing/relay-script.ts";
import { type ScriptedServer, startScriptedServer } from "../../testing/scripted-server.ts";
import type { Problem } from "../schema/common.ts";
import type { Email } from "../schema/emails.ts";
import type { AuditEntry } from "../schema/monitoring.ts";
import type { SmtpConfig } from "../schema/smtp-configs.ts";
import type { TestReport } from "../schema/tests.ts";

const minute = 60_000;
const mailbox = "shop@example.com";

let app: TestApp;
let provider: AuthorizationServer;
let relay: Relay;
/** Who sends the requests of a browser. */
const admins = {
  "admin=1": { id: "user:1", name: "Ada" },
  "admin=2": { id: "user:2", name: "Grace" },
};

type Relay = ScriptedServer & { readonly messages: RelayedMessage[] };

/** A relay whose connections can be counted. */
async function startRelay(options: RelayOptions = {}): Promise<Relay> {
  const messages: RelayedMessage[] = [];
  const script = relayScript(options, (message) => messages.push(message));
  return Object.assign(await startScriptedServer(script), { messages });
}

beforeEach(async () => {
  provider = await startAuthorizationServer();
  relay = await startRelay({
    auth: {
      username: mailbox,
      get password() {
        return provider.takes(provider.accessToken) ? provider.accessToken : "no token is good";
      },
      mechanisms: ["XOAUTH2"],
    },
  });
  app = await open();
});
afterEach(async () => {
  await app.close();
  await relay[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

async function open(options: Parameters<typeof openApp>[0] = {}): Promise<TestApp> {
  const opened = await openApp({
    signedIn: async (request) => {
      const actor = admins[(request.headers.get("cookie") ?? "") as keyof typeof admins];
      return actor === undefined ? null : { actor, scope: "admin", email: null, via: "session" };
    },
    ...options,
  });
  // The provider's questions are counted: none are to come from a check.
  await changeMonitoring(opened.services.store.db, { checkEveryHours: 0 });
  return opened;
}

const settings = () => ({
  smtpServer: "127.0.0.1",
  smtpPort: relay.port,
  useTls: false,
  allowCleartextAuth: true,
  username: mailbox,
  password: null,
  authMethod: "oauth",
  fromEmail: mailbox,
});

const client = () => ({
  provider: "custom",
  ...provider.client,
  scope: "smtp.send offline_access",
  authorizationEndpoint: provider.authorizationEndpoint,
  tokenEndpoint: provider.tokenEndpoint,
});

async function saved(): Promise<SmtpConfig> {
  const created = await app.call("POST", "/api/smtp-configs", settings());
  expect(created.status).toBe(201);
  return read<SmtpConfig>(created);
}

/** A config with its client, not connected yet. */
async function withClient(): Promise<string> {
  const { id } = await saved();
  const put = await app.call("PUT", `/api/smtp-configs/${id}/oauth`, client());
  expect(put.status).toBe(200);
  return id;
}

async function start(id: string): Promise<string> {
  const response = await app.call("POST", `/api/smtp-configs/${id}/oauth/start`);
  expect(response.status).toBe(200);
  return (await read<{ authorizationUrl: string }>(response)).authorizationUrl;
}

/** The browser comes back. @returns where it is sent to. */
async function back(url: URL, cookie = "admin=1"): Promise<string | null> {
  const response = await app.request(url.pathname + url.search, { headers: { cookie } });
  expect(response.status).toBe(303);
  return response.headers.get("location");
}

async function connect(id: string): Promise<string | null> {
  return back(await provider.consent(await start(id)));
}

async function connected(): Promise<string> {
  const id = await withClient();
  expect(await connect(id)).toBe(`../settings/smtp/${id}?consent=connected`);
  return id;
}

const get = async (id: string) => read<SmtpConfig>(app.call("GET", `/api/smtp-configs/${id}`));
const test = async (id: string) => read<TestReport>(app.call("POST", `/api/smtp-configs/${id}/test`));
const problemIn = (report: TestReport) => report.stages.find(({ status }) => status === "failed")?.problem;

describe("a consent", () => {
  it("leads to a sign-in with a token, in the test and in sending", async () => {
    const id = await connected();
    const config = await get(id);
    expect(config.problem).toBeNull();
    expect(config.oauth).toMatchObject({ connectedBy: "Ada", clientSecret: "********", consentError: null });
    expect(await test(id)).toMatchObject({ ok: true });

    const sent = await app.call("POST", "/api/emails", { to: "jo@example.net", subject: "Hi", text: "Hi" });
    expect(sent.status).toBe(202);
    await expect.poll(() => relay.messages.length).toBe(1);
    expect(relay.messages[0]?.username).toBe(mailbox);
  });

  it("leads to a sign-in by OAUTHBEARER where the relay offers that alone (RFC 7628)", async () => {
    await using bearer = await startRelay({
      auth: {
        username: mailbox,
        get password() {
          return provider.accessToken;
        },
        mechanisms: ["OAUTHBEARER"],
      },
    });
    const created = await app.call("POST", "/api/smtp-configs", { ...settings(), smtpPort: bearer.port });
    const { id } = await read<SmtpConfig>(created);
    await app.call("PUT", `/api/smtp-configs/${id}/oauth`, client());
    await connect(id);
    const report = await test(id);
    expect(report.ok).toBe(true);
    const auth = report.stages.find(({ stage }) => stage === "auth");
    expect(auth?.evidence).toMatchObject({ mechanism: "OAUTHBEARER" });
    expect(auth?.transcript[0]?.text).toBe("AUTH OAUTHBEARER ********");
  });

  it("asks with PKCE, and proposes the mailbox", async () => {
    const url = new URL(await start(await withClient()));
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: "code",
      client_id: provider.client.clientId,
      redirect_uri: "http://localhost/oauth/callback",
      scope: "smtp.send offline_access",
      code_challenge_method: "S256",
      login_hint: mailbox,
    });
    expect(url.searchParams.get("state")).toMatch(/^[\w-]{43}$/);
  });

  it("says why it came to nothing, and what exactly to register", async () => {
    const id = await withClient();
    provider.denies = true;
    expect(await connect(id)).toBe(`../settings/smtp/${id}?consent=failed`);
    expect((await get(id)).oauth?.consentError).toMatch(/denied at The provider.*access_denied/s);
    provider.denies = false;

    const url = new URL(await start(id));
    const answer = new URL("http://localhost/oauth/callback?error=redirect_uri_mismatch");
    answer.searchParams.set("state", url.searchParams.get("state") ?? "");
    await back(answer);
    expect((await get(id)).oauth?.consentError).toContain("http://localhost/oauth/callback");
  });

  it.each([
    [
      "invalid_client",
      "AADSTS7000222: The provided client secret keys are expired.",
      /has expired.*Certificates/s,
    ],
    ["invalid_client", "AADSTS7000215: Invalid client secret provided.", /value, not its ID/],
    ["invalid_grant", "AADSTS65001: The user or administrator has not consented.", /administrator/],
    ["unauthorized_client", undefined, /client ID or the client secret/],
  ])("explains %s (%s)", async (error, description, words) => {
    const id = await withClient();
    provider.mischief = { kind: "error", error, ...(description === undefined ? {} : { description }) };
    expect(await connect(id)).toBe(`../settings/smtp/${id}?consent=failed`);
    expect((await get(id)).oauth?.consentError).toMatch(words);
  });

  it("is good for the admin who asked for it, once, and for ten minutes", async () => {
    const id = await withClient();
    const answer = await provider.consent(await start(id));
    expect(await back(answer, "admin=2")).toBe("../settings/smtp?consent=invalid");
    expect(await back(answer, "")).toBe("../settings/smtp?consent=signed-out");
    expect(provider.asked).toHaveLength(0);
    expect(await back(answer)).toBe(`../settings/smtp/${id}?consent=connected`);
    expect(await back(answer)).toBe("../settings/smtp?consent=invalid");
    expect(provider.asked).toHaveLength(1);

    const late = await provider.consent(await start(id));
    await app.clock.advance(10 * minute);
    expect(await back(late)).toBe("../settings/smtp?consent=invalid");
    const invented = new URL("http://localhost/oauth/callback?code=x&state=made-up");
    expect(await back(invented)).toBe("../settings/smtp?consent=invalid");
  });

  it("that was asked for before is void", async () => {
    const id = await withClient();
    const first = await provider.consent(await start(id));
    const second = await provider.consent(await start(id));
    expect(await back(first)).toBe("../settings/smtp?consent=invalid");
    expect(await back(second)).toBe(`../settings/smtp/${id}?consent=connected`);
  });

  it("is not for a config that was changed meanwhile", async () => {
    const id = await withClient();
    const answer = await provider.consent(await start(id));
    const edited = { ...settings(), smtpServer: "localhost", version: 1 };
    expect((await app.call("PUT", `/api/smtp-configs/${id}`, edited)).status).toBe(200);
    expect(await back(answer)).toBe(`../settings/smtp/${id}?consent=failed`);
    expect((await get(id)).oauth).toMatchObject({ connectedAt: null, consentError: /changed while/ });
  });

  it("is asked for in a browser, not with a key", async () => {
    const id = await withClient();
    const headers = await app.bearer("admin");
    const response = await app.request(`/api/smtp-configs/${id}/oauth/start`, { method: "POST", headers });
    expect(response.status).toBe(403);
  });

  it("needs to know where Sendwright is", async () => {
    expect(await read(app.call("GET", "/api/oauth"))).toEqual({
      redirectUri: "http://localhost/oauth/callback",
    });
    const elsewhere = await app.request("http://mail.example.com/api/oauth", {
      headers: { cookie: "admin=1" },
    });
    expect(await read<Problem>(elsewhere)).toMatchObject({ status: 409, code: "oauth.address_unknown" });
    await app.close();
    app = await open({ publicUrl: "https://mail.example.com/post", basePath: "/post" });
    expect(await read(app.call("GET", "/post/api/oauth"))).toEqual({
      redirectUri: "https://mail.example.com/post/oauth/callback",
    });
  });
});

describe("the client", () => {
  it("keeps its secret under the mask, for the same client at the same endpoints alone", async () => {
    const id = await withClient();
    const put = (body: object) => app.call("PUT", `/api/smtp-configs/${id}/oauth`, body);
    const masked = { ...client(), clientSecret: "********" };
    expect((await put({ ...masked, clientSecretExpiresAt: "2026-02-01T00:00:00Z" })).status).toBe(200);
    const elsewhere = await put({ ...masked, tokenEndpoint: "https://evil.example/token" });
    expect(await read<Problem>(elsewhere)).toMatchObject({
      status: 409,
      code: "config.password_required",
      errors: [{ pointer: "/clientSecret" }],
    });
    expect((await put({ ...masked, clientId: "another" })).status).toBe(409);
    expect((await put({ ...client(), clientSecret: null })).status).toBe(200);
    expect((await get(id)).oauth?.clientSecret).toBeNull();
    expect((await put(masked)).status).toBe(409);
  });

  it("of the same name may get a new secret without a new consent; another client needs one", async () => {
    const id = await connected();
    const put = (body: object) => app.call("PUT", `/api/smtp-configs/${id}/oauth`, body);
    await put({ ...client(), clientSecret: "a newer one" });
    expect((await get(id)).oauth?.connectedAt).not.toBeNull();
    await put({ ...client(), clientId: "another" });
    expect(await get(id)).toMatchObject({
      oauth: { connectedAt: null },
      problem: { code: "oauth.consent_required" },
    });
  });

  it.each([
    [{ tokenEndpoint: "http://login.example.com/token" }, "/tokenEndpoint"],
    [{ tokenEndpoint: "https://user:pass@login.example.com/token" }, "/tokenEndpoint"],
    [{ tokenEndpoint: "file:///etc/passwd" }, "/tokenEndpoint"],
    [{ authorizationEndpoint: "javascript:alert(1)" }, "/authorizationEndpoint"],
    [{ provider: "google" }, "/authorizationEndpoint"],
    [{ tenant: "contoso" }, "/tenant"],
    [{ clientSecret: undefined }, "/clientSecret"],
    [{ clientSecret: "" }, "/clientSecret"],
    [{ colour: "red" }, "/colour"],
  ])("is refused with %j", async (change, pointer) => {
    const { id } = await saved();
    const response = await app.call("PUT", `/api/smtp-configs/${id}/oauth`, { ...client(), ...change });
    expect(response.status).toBe(400);
    const { errors = [] } = await read<Problem>(response);
    expect(errors.map((issue) => issue.pointer)).toContain(pointer);
  });

  it("is never asked at a metadata address", async () => {
    const { id } = await saved();
    const tokenEndpoint = "https://169.254.169.254/token";
    await app.call("PUT", `/api/smtp-configs/${id}/oauth`, { ...client(), tokenEndpoint });
    expect(await connect(id)).toBe(`../settings/smtp/${id}?consent=failed`);
    expect((await get(id)).oauth?.consentError).toContain("isn't allowed to connect");
  });

  it("is not asked inside where only public addresses are allowed", async () => {
    await app.close();
    app = await open({ egress: "public-only" });
    const id = await withClient();
    expect(await connect(id)).toBe(`../settings/smtp/${id}?consent=failed`);
    expect(provider.asked).toHaveLength(0);
  });

  it("is for configs that sign in with OAuth", async () => {
    const created = await app.call("POST", "/api/smtp-configs", { ...settings(), authMethod: "plain" });
    const { id } = await read<SmtpConfig>(created);
    expect((await app.call("PUT", `/api/smtp-configs/${id}/oauth`, client())).status).toBe(400);
  });
});

describe("a config that signs in with OAuth", () => {
  it("needs a username and takes no password", async () => {
    for (const wrong of [{ username: null }, { password: "secret" }]) {
      const response = await app.call("POST", "/api/smtp-configs", { ...settings(), ...wrong });
      expect(response.status).toBe(400);
    }
    const config = await saved();
    expect(config).toMatchObject({ oauth: null, problem: { code: "oauth.consent_required" } });
    const masked = { ...settings(), password: "********", version: config.version };
    expect((await app.call("PUT", `/api/smtp-configs/${config.id}`, masked)).status).toBe(400);
  });

  it("can be put back as it was given, connected or not", async () => {
    const id = await connected();
    const config = await get(id);
    const put = await app.call("PUT", `/api/smtp-configs/${id}`, config);
    expect(put.status).toBe(200);
    expect((await get(id)).oauth).toEqual(config.oauth);
  });

  it("sends its token nowhere else: saving and testing are refused, and nothing is dialled", async () => {
    const id = await connected();
    const { version } = await get(id);
    await using other = await startRelay();
    const changes = [{ smtpPort: other.port }, { smtpServer: "localhost" }, { username: "eve@example.com" }];
    for (const change of changes) {
      const edited = { ...settings(), ...change };
      const put = await app.call("PUT", `/api/smtp-configs/${id}`, { ...edited, version });
      expect(await read<Problem>(put)).toMatchObject({ status: 409, code: "oauth.consent_required" });
      expect((await app.call("POST", `/api/smtp-configs/${id}/test`, edited)).status).toBe(409);
    }
    expect(other.connections).toHaveLength(0);
    // What no token depends on may be changed.
    const named = { ...settings(), fromName: "The Shop", version };
    expect((await app.call("PUT", `/api/smtp-configs/${id}`, named)).status).toBe(200);

    expect((await app.call("DELETE", `/api/smtp-configs/${id}/oauth`)).status).toBe(204);
    const moved = { ...settings(), smtpPort: other.port, version: version + 1 };
    expect((await app.call("PUT", `/api/smtp-configs/${id}`, moved)).status).toBe(200);
  });

  it("that other hands have pointed elsewhere gets no token, and its consent must go first", async () => {
    const id = await connected();
    await using other = await startRelay();
    const { db } = app.services.store;
    await db.updateTable("smtp_config").set({ smtp_port: other.port }).where("id", "=", id).execute();
    expect((await get(id)).problem?.code).toBe("seal.broken");
    expect((await app.call("POST", `/api/smtp-configs/${id}/test`)).status).toBe(409);
    const { version } = await get(id);
    const repaired = { ...settings(), version };
    expect((await app.call("PUT", `/api/smtp-configs/${id}`, repaired)).status).toBe(409);
    expect(other.connections).toHaveLength(0);
  });

  it("whose tokens other hands have moved from another config gets none of them", async () => {
    const from = await connected();
    const to = await withClient();
    const { db } = app.services.store;
    const { grant_enc } = await db
      .selectFrom("oauth_grants")
      .select("grant_enc")
      .where("config_id", "=", from)
      .executeTakeFirstOrThrow();
    await db.updateTable("oauth_grants").set({ grant_enc }).where("config_id", "=", to).execute();
    expect(await get(to)).toMatchObject({ oauth: null, problem: { code: "oauth.consent_required" } });
  });

  it("forgets its consent with another sign-in method, and when it is deleted", async () => {
    const id = await connected();
    const { version } = await get(id);
    const rows = () => app.services.store.db.selectFrom("oauth_grants").selectAll().execute();
    const plain = { ...settings(), authMethod: "plain", password: "pw", version };
    expect((await app.call("PUT", `/api/smtp-configs/${id}`, plain)).status).toBe(200);
    expect(await rows()).toEqual([]);
    const other = await connected();
    expect((await app.call("DELETE", `/api/smtp-configs/${other}`)).status).toBe(204);
    expect(await rows()).toEqual([]);
  });

  it("sends nothing once it is disconnected", async () => {
    const id = await connected();
    await app.call("DELETE", `/api/smtp-configs/${id}/oauth`);
    expect(await get(id)).toMatchObject({ oauth: null, problem: { code: "oauth.consent_required" } });
    const report = await test(id);
    expect(problemIn(report)?.code).toBe("auth.oauth_consent_required");
    expect(report.stages.find(({ stage }) => stage === "connect")?.status).toBe("skipped");
    expect(relay.connections).toHaveLength(0);
  });
});

describe("a consent that ends", () => {
  it("is found by the test, though the access token is still young enough", async () => {
    const id = await connected();
    await app.clock.advance(2 * minute);
    provider.mischief = { kind: "error", error: "invalid_grant", description: "Token has been revoked." };
    const report = await test(id);
    expect(problemIn(report)).toMatchObject({ code: "auth.oauth_refused" });
    expect(problemIn(report)?.explanation).toContain("no longer accepts the authorization");
    expect((await get(id)).problem).toMatchObject({ code: "oauth.refused" });
    expect(relay.connections).toHaveLength(0);
  });

  it("pauses sending, fails no email, and sends once connected again", async () => {
    const id = await connected();
    provider.revoke();
    const posted = await app.call("POST", "/api/emails", { to: "jo@example.net", subject: "Hi", text: "Hi" });
    const { id: email } = await read<{ id: string }>(posted);
    const state = async () => read<Email>(app.call("GET", `/api/emails/${email}`));
    // The relay refuses the token; it is too young to be renewed at once.
    await expect.poll(async () => (await get(id)).pausedReason).toMatch(/rejected the credentials/);
    await app.clock.advance(55 * minute);
    await expect.poll(async () => (await get(id)).problem?.code).toBe("oauth.refused");
    expect(await state()).toMatchObject({ state: "queued" });
    const { concerns } = await read<{ concerns: object[] }>(app.call("GET", "/api/overview"));
    expect(concerns).toMatchObject([{ configId: id, code: "problem" }]);

    await connect(id);
    await expect.poll(() => relay.messages.length).toBe(1);
    await expect.poll(async () => (await state()).state).toBe("sent");
  });

  it("is one thing, a provider that is away another: emails wait, and are sent when it is back", async () => {
    const id = await connected();
    await app.clock.advance(54 * minute);
    provider.mischief = { kind: "raw", status: 502, type: "text/html", body: "Bad gateway" };
    provider.expireAccessTokens();
    const posted = await app.call("POST", "/api/emails", { to: "jo@example.net", subject: "Hi", text: "Hi" });
    const { id: email } = await read<{ id: string }>(posted);
    await expect.poll(async () => (await get(id)).pausedReason).not.toBeNull();
    const waiting = await read<Email>(app.call("GET", `/api/emails/${email}`));
    expect(waiting.state).toBe("queued");
    expect((await get(id)).problem).toBeNull();
    provider.mischief = null;
    await app.call("POST", `/api/smtp-configs/${id}/resume`);
    await expect
      .poll(async () => {
        await app.clock.advance(minute);
        return relay.messages.length;
      })
      .toBe(1);
  });

  it("is told of a week before, as is a client secret", async () => {
    provider.refreshLifetime = 7 * 24 * 3600;
    const id = await connected();
    const concerns = async () => {
      const overview = await read<{ concerns: { code: string; reason: string }[] }>(
        app.call("GET", "/api/overview"),
      );
      return overview.concerns.map(({ code, reason }) => `${code}: ${reason}`);
    };
    expect(await concerns()).toEqual([
      "expiring: 127.0.0.1: the provider's authorization expires on 2026-01-08. Connect this config to the provider again.",
    ]);
    provider.refreshLifetime = null;
    await connect(id);
    expect(await concerns()).toEqual([]);
    const secret = { ...client(), clientSecret: "********", clientSecretExpiresAt: "2026-01-05T00:00:00Z" };
    await app.call("PUT", `/api/smtp-configs/${id}/oauth`, secret);
    expect(await concerns()).toEqual([expect.stringContaining("the client secret expires on 2026-01-05")]);
    expect(await read(app.call("GET", "/api/health"))).toMatchObject({ ok: true });
  });
});

describe("a relay that refuses a token before its end", () => {
  it("gets a new one, once", async () => {
    await connected();
    await app.clock.advance(5 * minute);
    provider.expireAccessTokens();
    await app.call("POST", "/api/emails", { to: "jo@example.net", subject: "Hi", text: "Hi" });
    await expect.poll(() => relay.messages.length).toBe(1);
    expect(provider.asked.filter((body) => body.get("grant_type") === "refresh_token")).toHaveLength(1);
    expect(relay.connections).toHaveLength(2);
  });
});

describe("nothing secret", () => {
  it("is in replies, the log, the audit log, the transcript or the database in the clear", async () => {
    const lines: string[] = [];
    await app.close();
    const log = pino({ level: "trace" }, { write: (line: string) => lines.push(line) });
    app = await open({ log });
    provider.rotates = true;
    const id = await connected();
    const replies = [await get(id), await test(id)] as unknown[];
    await app.clock.advance(55 * minute);
    await expect.poll(() => provider.asked.length).toBe(2);
    // A provider that says back what it was told.
    const told = () => [...provider.secrets].join(" ");
    provider.mischief = { kind: "error", error: "invalid_grant", description: told() };
    await app.clock.advance(55 * minute);
    await expect.poll(async () => (await get(id)).problem?.code).toBe("oauth.refused");
    replies.push(await test(id), await get(id), await read(app.call("GET", "/api/overview")));
    provider.mischief = { kind: "error", error: "invalid_client", description: told() };
    await connect(id);
    replies.push(await get(id), await read(app.call("GET", "/api/health")));
    const audit = await read<{ items: AuditEntry[] }>(app.call("GET", "/api/audit-log"));
    const rows = await app.services.store.db.selectFrom("oauth_grants").selectAll().execute();
    await app.call("DELETE", `/api/smtp-configs/${id}/oauth`);
    const text = [JSON.stringify([replies, audit, rows]), ...lines].join("\n");
    expect(lines.length).toBeGreaterThan(1);
    expect(audit.items.map(({ action }) => action)).toEqual(
      expect.arrayContaining([
        "smtp_config.oauth_client_set",
        "smtp_config.oauth_connected",
        "smtp_config.oauth_refused",
      ]),
    );
    for (const secret of provider.secrets) {
      for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")]) {
        expect(text).not.toContain(form);
      }
    }
  });
});
