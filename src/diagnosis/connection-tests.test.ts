import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { notPaused, pauseConfig, paused } from "../../test/support/smtp-config.ts";
import { createLog } from "../core/log.ts";
import type { Actor } from "../core/model.ts";
import { passwordMask } from "../core/model.ts";
import { parse } from "../core/parse.ts";
import { RecipientGuard } from "../guard/recipient-guard.ts";
import { parseRecipientRule } from "../guard/rule.ts";
import { smtpConfigView } from "../http/resources/smtp-config-views.ts";
import { createEgress } from "../net/egress.ts";
import { generateKey } from "../secret/fernet.ts";
import { unlock } from "../secret/unlock.ts";
import { type OpenConfigs, openConfigs } from "../services.ts";
import { smtpConfigCreate } from "../smtp-configs/settings.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { listAudit } from "../store/tables/audit-log.ts";
import { findSmtpConfig } from "../store/tables/smtp-configs.ts";
import { LoadedTemplates } from "../templates/engine/templates.ts";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { makeAuthority, startScriptedServer, startTestRelay, type TestRelay } from "../testing/index.ts";
import type { Endpoint } from "./alternatives.ts";
import { ConnectionTests } from "./connection-tests.ts";

const actor: Actor = { id: "user:1", name: "Ada" };
const now = Date.now();
const authority = makeAuthority();
const tls = authority.issue({ names: ["relay.test"], notAfter: new Date(now + 90 * 86_400_000) });
const auth = { username: "jo", password: "correct horse" };

let store: Store;
let configs: SmtpConfigs;
let opened: OpenConfigs;
let tests: ConnectionTests;
let relay: TestRelay;
/** The endpoints that a failed test tries. */
let usualEndpoints: Endpoint[];
let recovered: number;

beforeEach(async () => {
  const clock = createFixedClock(now);
  store = await openSqliteStore(":memory:");
  const secrets = await unlock({ rows: [], primary: generateKey(), previous: [], clock });
  opened = openConfigs({ store, secrets, clock });
  ({ configs } = opened);
  recovered = 0;
  usualEndpoints = [];
  tests = testsWith({});
  relay = await startTestRelay({ tls, auth });
});

function testsWith({ guard = new RecipientGuard() }: { readonly guard?: RecipientGuard }): ConnectionTests {
  return new ConnectionTests({
    store,
    ...opened,
    templates: new LoadedTemplates(),
    clock: createFixedClock(now),
    log: createLog("silent"),
    guard,
    egress: createEgress("default", async () => [{ address: "127.0.0.1", family: 4 }]),
    usualEndpoints,
    onRecovered: () => recovered++,
  });
}

afterEach(async () => {
  await relay.close();
  await store.close();
});

function form(change: object = {}): Record<string, unknown> {
  return {
    smtpServer: "relay.test",
    smtpPort: relay.port,
    caPem: authority.caPem,
    fromEmail: "shop@example.com",
    ...auth,
    ...change,
  };
}

const save = (change: object = {}) => configs.create(parse(smtpConfigCreate, form(change)), actor);
const lastTest = async (id: string) => (await findSmtpConfig(store.db, id))?.health.lastTest;
const audited = async () => {
  const entries = await listAudit(store.db, { after: null, limit: 10 });
  return entries.filter(({ action }) => action === "smtp_config.tested");
};

describe("a saved config", () => {
  test("is tested as it is, and keeps the result", async () => {
    const { id } = await save();
    const report = await tests.run({ target: { kind: "saved", id }, actor });
    expect(report.ok).toBe(true);
    expect(await lastTest(id)).toEqual({ at: now, ok: true, stage: null, title: null });
  });

  test("keeps the stage and the title of what failed", async () => {
    const { id } = await save({ password: "wrong" });
    const report = await tests.run({ target: { kind: "saved", id }, actor });
    expect(report.ok).toBe(false);
    expect(await lastTest(id)).toEqual({
      at: now,
      ok: false,
      stage: "auth",
      title: "Wrong username or password",
    });
  });

  test("is no longer paused once a test has passed, and email may go on", async () => {
    const { id } = await save();
    await pauseConfig(
      store,
      { id, version: 1 },
      { until: now + 1_000_000, reason: "535 no", failures: 1, needsAdmin: true },
    );
    await tests.run({ target: { kind: "saved", id }, actor });
    expect(await findSmtpConfig(store.db, id)).toMatchObject(notPaused);
    expect(recovered).toBe(1);
  });

  test.each([
    ["the server does not know", () => "550 5.1.1 No such user"],
    ["has a full mailbox", () => "552 5.2.2 Mailbox full"],
  ])("has passed if all that failed is an address that %s", async (_why, onRcpt) => {
    await relay.close();
    relay = await startTestRelay({ tls, auth, onRcpt });
    const { id } = await save();
    const report = await tests.run({ target: { kind: "saved", id }, sendTo: "pat@example.net", actor });
    expect(report.ok).toBe(false);
    expect(await lastTest(id)).toEqual({ at: now, ok: true, stage: null, title: null });
  });

  test("has passed if its test email may not be sent from this machine", async () => {
    const { id } = await save();
    const guard = new RecipientGuard(parseRecipientRule("only:@acme.test"));
    const guarded = testsWith({ guard });
    const report = await guarded.run({ target: { kind: "saved", id }, sendTo: "pat@example.net", actor });
    expect(report.ok).toBe(false);
    expect(await lastTest(id)).toEqual({ at: now, ok: true, stage: null, title: null });
    expect(relay.messages).toEqual([]);
  });

  test("has failed if the server relays for nobody", async () => {
    await relay.close();
    relay = await startTestRelay({ tls, auth, onRcpt: () => "554 5.7.1 Relay access denied" });
    const { id } = await save();
    await tests.run({ target: { kind: "saved", id }, sendTo: "pat@example.net", actor });
    expect(await lastTest(id)).toMatchObject({ ok: false, stage: "recipient" });
  });

  test("stays paused when the test fails", async () => {
    const { id } = await save({ password: "wrong" });
    await pauseConfig(
      store,
      { id, version: 1 },
      { until: now + 1_000_000, reason: "535 no", failures: 1, needsAdmin: true },
    );
    await tests.run({ target: { kind: "saved", id }, actor });
    expect(await findSmtpConfig(store.db, id)).toMatchObject(paused({ reason: "535 no" }));
    expect(recovered).toBe(0);
  });

  test("that was saved anew during the test does not get the result of its old settings", async () => {
    const view = await save();
    await tests.run({
      target: { kind: "saved", id: view.id },
      actor,
      onStage: ({ stage }) => {
        if (stage === "resolve") {
          store.db.updateTable("smtp_config").set({ version: 2 }).execute().catch(expect.unreachable);
        }
      },
    });
    expect(await lastTest(view.id)).toBeNull();
  });

  test("sends a real email if a recipient is given", async () => {
    const { id } = await save();
    const report = await tests.run({
      target: { kind: "saved", id },
      sendTo: "pat@example.net",
      actor,
    });
    expect(report.ok).toBe(true);
    expect(relay.messages).toHaveLength(1);
    expect(await lastTest(id)).toMatchObject({ ok: true });
  });

  test("refuses a recipient that is no address before anything is dialed", async () => {
    const { id } = await save();
    await expect(tests.run({ target: { kind: "saved", id }, sendTo: "nobody", actor })).rejects.toMatchObject(
      { code: "input.invalid", issues: [{ pointer: "/sendTo" }] },
    );
    expect(await audited()).toEqual([]);
  });

  test("that does not exist is not found", async () => {
    await expect(tests.run({ target: { kind: "saved", id: "nobody" }, actor })).rejects.toMatchObject({
      code: "config.not_found",
    });
  });
});

describe("a saved config as edited", () => {
  test("keeps its password behind the mask, and keeps the result if nothing was changed", async () => {
    const view = await save();
    const report = await tests.run({
      target: { kind: "edited", id: view.id, form: smtpConfigView(view) },
      actor,
    });
    expect(report.ok).toBe(true);
    expect(await lastTest(view.id)).toMatchObject({ ok: true });
  });

  test("sends a real email to the recipient in the form, or to the one given instead", async () => {
    const view = await save();
    const target = {
      kind: "edited",
      id: view.id,
      form: { ...smtpConfigView(view), sendTo: "pat@example.net" },
    } as const;
    await tests.run({ target, actor });
    await tests.run({ target, sendTo: "sam@example.net", actor });
    expect(relay.messages.map(({ to }) => to)).toEqual([["pat@example.net"], ["sam@example.net"]]);
  });

  test("does not keep a result of settings that are not saved", async () => {
    const view = await save();
    const report = await tests.run({
      target: {
        kind: "edited",
        id: view.id,
        form: { ...smtpConfigView(view), fromEmail: "other@example.com" },
      },
      actor,
    });
    expect(report.ok).toBe(true);
    expect(await lastTest(view.id)).toBeNull();
    expect(recovered).toBe(0);
  });

  test("dials nothing and asks for the password where the destination has changed", async () => {
    await using elsewhere = await startScriptedServer((peer) => peer.closed);
    const view = await save();
    const body = { ...smtpConfigView(view), smtpPort: elsewhere.port };
    await expect(
      tests.run({ target: { kind: "edited", id: view.id, form: body }, actor }),
    ).rejects.toMatchObject({
      code: "config.password_required",
    });
    expect(elsewhere.connections).toEqual([]);
    expect(await audited()).toEqual([]);
  });

  test("whose row was changed by other hands is refused, and its mask too", async () => {
    await using elsewhere = await startScriptedServer((peer) => peer.closed);
    const view = await save();
    await store.db.updateTable("smtp_config").set({ smtp_port: elsewhere.port }).execute();
    await expect(tests.run({ target: { kind: "saved", id: view.id }, actor })).rejects.toMatchObject({
      code: "seal.broken",
    });
    const body = { ...smtpConfigView(view), smtpPort: elsewhere.port };
    await expect(
      tests.run({ target: { kind: "edited", id: view.id, form: body }, actor }),
    ).rejects.toMatchObject({
      code: "config.password_required",
    });
    expect(elsewhere.connections).toEqual([]);
  });

  test("works with the password entered again although its row was changed by other hands", async () => {
    const view = await save();
    await store.db.updateTable("smtp_config").set({ smtp_port: 1 }).execute();
    const report = await tests.run({
      target: { kind: "edited", id: view.id, form: { ...smtpConfigView(view), password: auth.password } },
      actor,
    });
    expect(report.ok).toBe(true);
    expect(await lastTest(view.id)).toBeNull();
  });
});

describe("a draft", () => {
  test("is tested without being saved", async () => {
    const report = await tests.run({
      target: { kind: "unsaved", form: form({ sendTo: "pat@example.net" }) },
      actor,
    });
    expect(report.ok).toBe(true);
    expect(relay.messages).toHaveLength(1);
    expect(await configs.list()).toEqual([]);
  });

  test("may not hold the mask", async () => {
    await expect(
      tests.run({ target: { kind: "unsaved", form: form({ password: passwordMask }) }, actor }),
    ).rejects.toMatchObject({
      code: "input.invalid",
      issues: [{ pointer: "/password" }],
    });
  });

  test("with wrong fields names each of them", async () => {
    const body = form({ smtpPort: 65_536, fromEmail: "a\r\nb@example.com", sendTo: "nobody", more: 1 });
    const { issues } = await tests
      .run({ target: { kind: "unsaved", form: body }, actor })
      .catch((error) => error);
    const pointers = issues.map(({ pointer }: { pointer: string }) => pointer);
    expect(pointers.sort()).toEqual(["/fromEmail", "/more", "/sendTo", "/smtpPort"]);
  });

  test.each([[undefined], [null], ["text"], [[]]])("that is %j is no form", async (body) => {
    await expect(tests.run({ target: { kind: "unsaved", form: body }, actor })).rejects.toMatchObject({
      code: "input.invalid",
    });
    await expect(
      tests.run({ target: { kind: "unsaved", form: body }, actor, sendTo: "pat@example.net" }),
    ).rejects.toMatchObject({
      code: "input.invalid",
    });
  });
});

describe("one actor", () => {
  test("runs one test at a time, and another beside it", async () => {
    const { id } = await save();
    const running = tests.run({ target: { kind: "saved", id }, actor });
    await expect(tests.run({ target: { kind: "saved", id }, actor })).rejects.toMatchObject({
      code: "test.busy",
    });
    const other = await tests.run({ target: { kind: "saved", id }, actor: { id: "user:2", name: "Bo" } });
    expect(other.ok).toBe(true);
    await running;
    expect((await tests.run({ target: { kind: "saved", id }, actor })).ok).toBe(true);
  });

  test("may test again after a test that was broken off", async () => {
    await using silent = await startScriptedServer((peer) => peer.closed);
    const leaving = new AbortController();
    const body = form({ smtpPort: silent.port });
    const running = tests.run({
      target: { kind: "unsaved", form: body },
      actor,
      signal: leaving.signal,
      onStage: () => leaving.abort(new Error("gone")),
    });
    await expect(running).rejects.toThrow("gone");
    expect((await tests.run({ target: { kind: "unsaved", form: form() }, actor })).ok).toBe(true);
    expect((await audited()).map(({ detail }) => detail)).toMatchObject([
      { ok: true, finished: true },
      { ok: false, finished: false },
    ]);
  });
});

describe("a test that fails before the sign-in", () => {
  async function closedPort(): Promise<number> {
    const server = await startScriptedServer(() => {});
    await server.close();
    return server.port;
  }

  test("is audited with the alternatives that were tried and their results, and no password", async () => {
    const closed = await closedPort();
    usualEndpoints.push({ port: relay.port, tls: "starttls" });
    const { corrections } = await tests.run({
      target: { kind: "unsaved", form: form({ smtpPort: closed }) },
      actor,
    });
    expect(corrections[0]).toMatchObject({ works: true, smtpPort: relay.port });
    const [entry] = await audited();
    expect(entry?.detail).toMatchObject({
      ok: false,
      stage: "connect",
      finished: true,
      tried: [`${relay.port} with STARTTLS: works`, `${closed} with implicit TLS: does not work`],
    });
    expect(JSON.stringify(entry)).not.toContain(auth.password);
  });

  test("blocks the next test while it tries alternatives, and is audited when the client goes away meanwhile", async () => {
    await using silent = await startScriptedServer((peer) => peer.closed);
    usualEndpoints.push({ port: silent.port, tls: "starttls" });
    const leaving = new AbortController();
    const body = form({ smtpPort: await closedPort() });
    const running = tests.run({ target: { kind: "unsaved", form: body }, actor, signal: leaving.signal });
    const ended = expect(running).rejects.toThrow("gone");
    await expect.poll(() => silent.connections.length).toBe(1);
    await expect(tests.run({ target: { kind: "unsaved", form: form() }, actor })).rejects.toMatchObject({
      code: "test.busy",
    });
    leaving.abort(new Error("gone"));
    await ended;
    await silent.settled();
    expect(await audited()).toMatchObject([
      {
        detail: {
          ok: false,
          finished: false,
          tried: [`${silent.port} with STARTTLS: cut off`, expect.any(String)],
        },
      },
    ]);
    expect((await tests.run({ target: { kind: "unsaved", form: form() }, actor })).ok).toBe(true);
  });

  test("tells each stage as it begins, before the first look-up has ended", async () => {
    const progress: string[] = [];
    const looking = Promise.withResolvers<never>();
    const slow = new ConnectionTests({
      store,
      ...opened,
      templates: new LoadedTemplates(),
      clock: createFixedClock(now),
      log: createLog("silent"),
      guard: new RecipientGuard(),
      egress: createEgress("default", () => looking.promise),
    });
    const leaving = new AbortController();
    const running = slow.run({
      target: { kind: "unsaved", form: form() },
      actor,
      signal: leaving.signal,
      onProgress({ stage }) {
        progress.push(stage);
        leaving.abort(new Error("gone"));
      },
    });
    await expect(running).rejects.toThrow("gone");
    expect(progress).toEqual(["resolve"]);
  });

  test("counts as one of twenty a minute, however many alternatives it tries", async () => {
    const closed = await closedPort();
    usualEndpoints.push({ port: closed, tls: "starttls" });
    const body = form({ smtpPort: closed, tlsMode: "implicit" });
    for (let count = 0; count < 20; count++)
      await tests.run({ target: { kind: "unsaved", form: body }, actor });
    await expect(tests.run({ target: { kind: "unsaved", form: body }, actor })).rejects.toMatchObject({
      code: "test.busy",
    });
  });
});

test("tries the admin's own address without sending to it", async () => {
  const report = await tests.run({
    target: { kind: "unsaved", form: form() },
    ownAddress: "ada@example.com",
    actor,
  });
  expect(report.stages.find(({ stage }) => stage === "recipient")?.evidence).toMatchObject({
    to: "ada@example.com",
  });
  expect(relay.messages).toEqual([]);
});

test("writes who tested what into the audit log, and no password", async () => {
  const { id } = await save({ password: "a wrong secret" });
  await tests.run({ target: { kind: "saved", id }, actor });
  expect(await audited()).toMatchObject([
    {
      actor,
      target: id,
      detail: {
        host: "relay.test",
        port: relay.port,
        ok: false,
        stage: "auth",
        finished: true,
        sendTo: null,
      },
    },
  ]);
  const everything = JSON.stringify([
    await listAudit(store.db, { after: null, limit: 10 }),
    await store.db.selectFrom("smtp_config").select("last_test_json").execute(),
  ]);
  expect(everything).not.toContain("a wrong secret");
});
