import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "../../src/core/log.ts";
import { rotate } from "../../src/maintenance/key-rotation.ts";
import { createEgress } from "../../src/net/egress.ts";
import { generateKey } from "../../src/secret/fernet.ts";
import type { Secrets } from "../../src/secret/secrets.ts";
import { unlock } from "../../src/secret/unlock.ts";
import { AccessTokens } from "../../src/smtp-configs/oauth/access-tokens.ts";
import type { OauthClient } from "../../src/smtp-configs/oauth/client.ts";
import { boundTo, openGrant, sealGrant } from "../../src/smtp-configs/oauth/grant.ts";
import { TokenEndpoint } from "../../src/smtp-configs/oauth/token-endpoint.ts";
import type { Store } from "../../src/store/store.ts";
import { insertEncryptionKey, listEncryptionKeys } from "../../src/store/tables/encryption-keys.ts";
import { deleteOauthGrant, findOauthGrant, writeOauthGrant } from "../../src/store/tables/oauth-grants.ts";
import { createFixedClock, type FixedClock } from "../../src/testing/fixed-clock.ts";
import { type AuthorizationServer, startAuthorizationServer } from "../support/authorization-server.ts";
import { smtpConfig } from "../support/smtp-config.ts";
import { databases, type OpenDatabase } from "./databases.ts";

const minute = 60_000;
const config = smtpConfig({ settings: { username: "shop@example.com", authMethod: "oauth" } });
const destination = boundTo(config.settings);

describe.each(databases)("access tokens on $name", ({ shared, start, open, stop }) => {
  let database: OpenDatabase;
  let store: Store;
  let provider: AuthorizationServer;
  let clock: FixedClock;
  let secret: string;
  let secrets: Secrets;
  let tokens: AccessTokens;
  let changes: number;
  const nodes: AccessTokens[] = [];

  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await open();
    store = database.store;
    provider = await startAuthorizationServer();
    clock = createFixedClock();
    changes = 0;
    secret = generateKey();
    secrets = await unlocked(secret);
    if (secrets.newKey !== null) await insertEncryptionKey(store.db, secrets.newKey);
    secrets.newKeyStored();
    tokens = node(store);
  });
  afterEach(async () => {
    for (const one of nodes.splice(0)) void one.stop();
    await provider[Symbol.asyncDispose]();
    await database.dispose();
  });

  async function unlocked(primary: string, ...previous: string[]): Promise<Secrets> {
    return unlock({ rows: await listEncryptionKeys(store.db), primary, previous, clock });
  }

  function node(on: Store): AccessTokens {
    const endpoint = new TokenEndpoint({ egress: createEgress("default"), clock });
    const log = createLog("silent");
    const created = new AccessTokens({
      store: on,
      secrets,
      endpoint,
      clock,
      log,
      onChanged: () => changes++,
    });
    nodes.push(created);
    return created;
  }

  /** As after a consent, just now. */
  async function connected(): Promise<void> {
    const verifier = "v".repeat(43);
    const endpoint = new TokenEndpoint({ egress: createEgress("default"), clock });
    const client: OauthClient = {
      provider: "custom",
      tenant: null,
      ...provider.client,
      clientSecretExpiresAt: null,
      scope: "mail",
      authorizationEndpoint: provider.authorizationEndpoint,
      tokenEndpoint: provider.tokenEndpoint,
    };
    const redirectUri = "http://localhost/oauth/callback";
    const request = { state: "s", redirectUri, codeVerifier: verifier, loginHint: null };
    const back = await provider.consent(await endpoint.authorizationUrl(client, request));
    const exchange = { parameters: back.searchParams, state: "s", redirectUri, codeVerifier: verifier };
    const { refreshToken, ...issued } = await endpoint.exchange(client, exchange);
    const now = clock.now();
    const enc = sealGrant(secrets, config.id, {
      client,
      tokens: {
        ...issued,
        refreshToken: refreshToken ?? "",
        destination,
        rolls: false,
        obtainedAt: now,
        connectedAt: now,
        connectedBy: "Ada",
      },
    });
    await writeOauthGrant(store.db, config.id, await findOauthGrant(store.db, config.id), enc);
  }

  const token = (from = tokens, maxAgeMs?: number) => from.tokenFor(config.id, destination, maxAgeMs);
  const renewals = () => provider.asked.filter((body) => body.get("grant_type") === "refresh_token").length;
  const stored = async () => {
    const row = await findOauthGrant(store.db, config.id);
    return row === undefined ? null : openGrant(secrets, config.id, row.grantEnc).tokens;
  };
  /** Until what the timers have set in motion is done: sockets do not turn with the clock. */
  const settled = (count: number) => expect.poll(renewals).toBe(count);

  /** With the timer of the first renewal, and on a shared database with that of the first look at it. */
  async function startRenewing(): Promise<void> {
    await tokens.start();
    await expect.poll(() => clock.waiting).toBe(shared ? 2 : 1);
  }

  /** Until the last renewal has ended and the next one has its timer, so that the clock may move on. */
  async function renewalPlanned(): Promise<void> {
    await expect.poll(async () => (await findOauthGrant(store.db, config.id))?.renewingUntil).toBeNull();
    await expect.poll(() => clock.waiting).toBe(1);
  }

  it("are used until five minutes before their end, then renewed unasked", async () => {
    await connected();
    await tokens.start();
    const first = await token();
    await clock.advance(54 * minute);
    expect(await token()).toBe(first);
    expect(renewals()).toBe(0);
    await clock.advance(minute);
    await settled(1);
    await expect.poll(() => token()).toBe(provider.accessToken);
    expect(provider.accessToken).not.toBe(first);
    await clock.advance(55 * minute);
    await settled(2);
  });

  it("that live shortly are renewed in the middle of their lives, and never without a pause", async () => {
    provider.accessLifetime = 240;
    await connected();
    await startRenewing();
    await clock.advance(119_000);
    expect(renewals()).toBe(0);
    provider.accessLifetime = 0;
    await clock.advance(1_000);
    await settled(1);
    await renewalPlanned();
    expect((await stored())?.accessToken).toBe(provider.accessToken);
    await clock.advance(29_000);
    expect(renewals()).toBe(1);
    await clock.advance(1_000);
    await settled(2);
  });

  it("are asked for once, however many wait", async () => {
    await connected();
    await clock.advance(60 * minute);
    await tokens.reload();
    const got = await Promise.all(Array.from({ length: 20 }, () => token()));
    expect(new Set(got)).toEqual(new Set([provider.accessToken]));
    expect(renewals()).toBe(1);
  });

  it("bring new refresh tokens, which are stored before the access token is used", async () => {
    provider.rotates = true;
    await connected();
    const first = (await stored())?.refreshToken;
    await clock.advance(60 * minute);
    const got = await token();
    const second = await stored();
    expect(second?.accessToken).toBe(got);
    expect(second?.refreshToken).not.toBe(first);
    await clock.advance(60 * minute);
    // The provider takes the old one no more: that this works shows that the new one was kept.
    expect(await token()).toBe(provider.accessToken);
    expect(provider.asked.at(-1)?.get("refresh_token")).toBe(second?.refreshToken);
  });

  it("are kept where the provider gives them while the database is away", async () => {
    provider.rotates = true;
    await connected();
    await clock.advance(60 * minute);
    let isAway = true;
    const failing: Store = {
      ...store,
      db: new Proxy(store.db, {
        get(db, name) {
          const value = Reflect.get(db, name);
          if (name !== "updateTable") return typeof value === "function" ? value.bind(db) : value;
          return (table: "oauth_grants") => {
            // The renewal was begun; what it brought cannot be written at first.
            if (renewals() > 0 && isAway) throw new Error("the database is away");
            return db.updateTable(table);
          };
        },
      }),
    };
    const waiting = token(node(failing));
    await settled(1);
    isAway = false;
    await expect
      .poll(async () => {
        await clock.advance(1_000);
        return (await stored())?.accessToken;
      })
      .toBe(provider.accessToken);
    expect(await waiting).toBe(provider.accessToken);
    expect(renewals()).toBe(1);
  });

  it("are still stored when Sendwright stops while the provider answers", async () => {
    provider.rotates = true;
    await connected();
    await clock.advance(60 * minute);
    await tokens.reload();
    const waiting = token();
    await tokens.stop();
    expect(await waiting).toBe(provider.accessToken);
    expect((await stored())?.accessToken).toBe(provider.accessToken);
  });

  it("begin nothing when the start fails, and can be started again", async () => {
    await connected();
    let isAway = true;
    let listeners = 0;
    const failing: Store = {
      ...store,
      onAnnounced: () => listeners++,
      db: new Proxy(store.db, {
        get(db, name) {
          if (name === "selectFrom" && isAway) throw new Error("the database is away");
          const value = Reflect.get(db, name);
          return typeof value === "function" ? value.bind(db) : value;
        },
      }),
    };
    const starting = node(failing);
    await expect(starting.start()).rejects.toThrow("the database is away");
    isAway = false;
    await starting.reload();
    await clock.advance(60 * minute);
    expect([listeners, renewals()]).toEqual([0, 0]);

    await starting.start();
    await clock.advance(0);
    await settled(1);
    expect(listeners).toBe(1);
  });

  it("are for one destination", async () => {
    await connected();
    const elsewhere = boundTo({ ...config.settings, smtpServer: "evil.example" });
    await expect(tokens.tokenFor(config.id, elsewhere)).rejects.toMatchObject({
      code: "oauth.consent_required",
    });
    await tokens.reload();
    expect(tokens.problemOf(config.id, elsewhere)?.code).toBe("oauth.consent_required");
    expect(tokens.problemOf(config.id, destination)).toBeNull();
  });

  it("are there no more once the consent was withdrawn: the provider is asked again only now and then", async () => {
    await connected();
    await tokens.start();
    provider.revoke();
    await clock.advance(55 * minute);
    await settled(1);
    await expect.poll(() => tokens.problemOf(config.id, destination)?.code).toBe("oauth.refused");
    expect(changes).toBe(1);
    for (let round = 0; round < 5; round++) {
      await expect(token()).rejects.toMatchObject({ code: "oauth.refused" });
    }
    expect(renewals()).toBe(1);
    await clock.advance(30 * minute);
    await settled(2);
    expect(changes).toBe(1);
    await connected();
    expect(await token()).toBe(provider.accessToken);
    expect(tokens.problemOf(config.id, destination)).toBeNull();
  });

  it.each([
    ["an error of the server", { kind: "error", status: 503, error: "temporarily_unavailable" }],
    ["no JSON", { kind: "raw", status: 200, type: "text/html", body: "<h1>Portal</h1>" }],
    ["too much", { kind: "raw", status: 200, type: "application/json", body: " ".repeat(100_000) }],
    ["a redirect", { kind: "redirect", location: "http://127.0.0.1:1/token" }],
    ["nothing of use", { kind: "raw", status: 200, type: "application/json", body: "{}" }],
  ] as const)("survive %s: the provider is asked again, later each time", async (_, mischief) => {
    await connected();
    await startRenewing();
    provider.mischief = mischief;
    await clock.advance(55 * minute);
    await settled(1);
    await renewalPlanned();
    // The one that there is serves on.
    expect(await token()).toBe(provider.accessToken);
    expect(tokens.problemOf(config.id, destination)).toBeNull();
    await clock.advance(10_000);
    await settled(2);
    await renewalPlanned();
    provider.mischief = null;
    await clock.advance(29_000);
    expect(renewals()).toBe(2);
    await clock.advance(1_000);
    await settled(3);
    await expect.poll(() => token()).toBe(provider.accessToken);
  });

  it("wait ten seconds for a silent provider, and say so", async () => {
    await connected();
    await clock.advance(60 * minute);
    await tokens.reload();
    provider.mischief = { kind: "silence" };
    const waiting = token().catch((error: unknown) => error);
    await settled(1);
    await clock.advance(10_000);
    expect(await waiting).toMatchObject({
      code: "oauth.unreachable",
      message: /no response within 10 seconds/,
    });
  });

  it("say nothing of an end that moves with each renewal", async () => {
    provider.refreshLifetime = 1800;
    provider.accessLifetime = 300;
    await connected();
    await tokens.start();
    expect((await stored())?.rolls).toBe(false);
    await clock.advance(150_000);
    await settled(1);
    await expect.poll(async () => (await stored())?.rolls).toBe(true);
  });

  it("and their clients are encrypted anew by a rotation", async () => {
    await connected();
    const next = generateKey();
    const rotating = await unlocked(next, secret);
    const actor = { id: "system", name: "test" };
    const dry = await rotate({ store, secrets: rotating, clock, actor, dryRun: true });
    expect(dry).toMatchObject({ rotated: 1, failed: [] });
    const before = await findOauthGrant(store.db, config.id);
    expect(await rotate({ store, secrets: rotating, clock, actor })).toMatchObject({
      rotated: 1,
      failed: [],
    });
    const after = await findOauthGrant(store.db, config.id);
    expect(after?.grantEnc).not.toBe(before?.grantEnc);
    expect(after?.version).toBe(before?.version);
    const alone = await unlocked(next);
    expect(openGrant(alone, config.id, after?.grantEnc ?? "").tokens?.accessToken).toBe(provider.accessToken);
    expect(await rotate({ store, secrets: rotating, clock, actor })).toMatchObject({
      rotated: 0,
      current: 1,
    });
  });

  if (!shared) return;

  it("are renewed by one node, and the others take what it got", async () => {
    provider.rotates = true;
    await connected();
    const others = await Promise.all([node(await database.another()), node(await database.another())]);
    await Promise.all([tokens, ...others].map((one) => one.reload()));
    await clock.advance(60 * minute);
    const waiting = Promise.all([tokens, ...others].map((one) => token(one)));
    await settled(1);
    let got: readonly string[] | null = null;
    void waiting.then((all) => {
      got = all;
    });
    await expect
      .poll(async () => {
        await clock.advance(250);
        return got;
      })
      .toEqual([provider.accessToken, provider.accessToken, provider.accessToken]);
    expect(renewals()).toBe(1);
  });

  it("are used no more on any node once one has disconnected the config", async () => {
    await connected();
    const there = await database.another();
    const other = node(there);
    await other.start();
    expect(await token(other)).toBe(provider.accessToken);
    await deleteOauthGrant(store.db, config.id);
    await store.transact([store.announcement()]);
    await expect
      .poll(async () => {
        await clock.advance(1_000);
        return token(other).catch((error: { code: string }) => error.code);
      })
      .toBe("oauth.consent_required");
  });

  it("are renewed by another node when the one that was at it has died", async () => {
    await connected();
    await clock.advance(60 * minute);
    await store.db
      .updateTable("oauth_grants")
      .set({ renewing_until: clock.now() + 2_000 })
      .execute();
    const waiting = token(node(await database.another()));
    let got: string | null = null;
    void waiting.then((one) => {
      got = one;
    });
    await expect
      .poll(async () => {
        await clock.advance(250);
        return got;
      })
      .not.toBeNull();
    expect(got).toBe(provider.accessToken);
    expect(renewals()).toBe(1);
  });
});
