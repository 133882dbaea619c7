import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "../../core/log.ts";
import type { Endpoint } from "../../diagnosis/alternatives.ts";
import { ConnectionTests } from "../../diagnosis/connection-tests.ts";
import { RecipientGuard } from "../../guard/recipient-guard.ts";
import { createEgress, type Lookup } from "../../net/egress.ts";
import { generateKey } from "../../secret/fernet.ts";
import { unlock } from "../../secret/unlock.ts";
import { openConfigs } from "../../services.ts";
import { openSqliteStore, type Store } from "../../store/store.ts";
import { LoadedTemplates } from "../../templates/engine/templates.ts";
import { createFixedClock } from "../../testing/fixed-clock.ts";
import { startScriptedServer } from "../../testing/scripted-server.ts";
import { startTestRelay } from "../../testing/test-relay.ts";
import type { ServerEnv } from "../route.ts";
import { draftTest, runTest, savedTest } from "./test-stream.ts";

/** The answer of one test, event by event. */

const log = createLog("silent");
const here: Lookup = async () => [{ address: "127.0.0.1", family: 4 }];
const draft = { smtpServer: "relay.test", smtpPort: 2525, useTls: false, fromEmail: "app@example.com" };

let store: Store;
beforeEach(async () => {
  store = await openSqliteStore(":memory:");
});
afterEach(() => store.close());

async function testsWith(lookup: Lookup, usualEndpoints: readonly Endpoint[] = []): Promise<ConnectionTests> {
  const clock = createFixedClock();
  const secrets = await unlock({ rows: [], primary: generateKey(), previous: [], clock });
  return new ConnectionTests({
    store,
    ...openConfigs({ store, secrets, clock }),
    templates: new LoadedTemplates(),
    clock,
    log,
    guard: new RecipientGuard(),
    egress: createEgress("default", lookup),
    usualEndpoints,
  });
}

async function stream(tests: ConnectionTests, form: unknown): Promise<Response> {
  const app = new Hono<ServerEnv>();
  app.post("/test", (c) => {
    c.set("caller", { actor: { id: "user:1", name: "Ada" }, scope: "admin", email: null, via: "session" });
    return runTest(c, tests, log, { target: { kind: "unsaved", form } });
  });
  const headers = { accept: "text/event-stream" };
  return app.request("/test", { method: "POST", headers });
}

function eventsIn(text: string): { name: string; data: Record<string, unknown> }[] {
  return text
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => ({
      name: /^event: (.*)$/m.exec(event)?.[1] ?? "",
      data: JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? "null"),
    }));
}

it("begins while the first look-up is under way, and ends it when the reader goes away", async () => {
  const response = await stream(await testsWith(() => new Promise(() => {})), draft);
  expect(response.status).toBe(200);
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  expect(eventsIn(new TextDecoder().decode(value))).toEqual([
    { name: "progress", data: { stage: "resolve", evidence: {} } },
  ]);
  await reader.cancel();
  await expect.poll(() => store.db.selectFrom("audit_log").select("detail_json").execute()).toHaveLength(1);
});

it("tells which address is tried and which have failed", async () => {
  await using relay = await startTestRelay();
  const lookup: Lookup = async () => ["127.0.0.2", "127.0.0.1"].map((address) => ({ address, family: 4 }));
  const response = await stream(await testsWith(lookup), { ...draft, smtpPort: relay.port });
  const progress = eventsIn(await response.text()).filter(
    ({ name, data }) => name === "progress" && data.stage === "connect",
  );
  const failures = [{ address: "127.0.0.2", family: 4, error: "ECONNREFUSED", durationMs: 0 }];
  expect(progress.map(({ data }) => data.evidence)).toEqual([
    {},
    { trying: "127.0.0.2", failures: [] },
    { failures },
    { trying: "127.0.0.1", failures },
  ]);
});

it("tells each other way as it ends, before the report that holds them all", async () => {
  await using relay = await startTestRelay();
  const closed = await startScriptedServer(() => {});
  await closed.close();
  const tests = await testsWith(here, [{ port: relay.port, tls: "starttls" }]);
  const response = await stream(tests, { ...draft, smtpPort: closed.port });
  const events = eventsIn(await response.text());
  const corrections = events.filter(({ name }) => name === "correction").map(({ data }) => data);
  const report = events.at(-1);
  expect(report?.name).toBe("report");
  expect(corrections).toHaveLength(3);
  expect(report?.data.corrections).toEqual(expect.arrayContaining(corrections));
});

describe("a request to test a saved config", () => {
  const id = "office";
  const saved = { kind: "saved", id };

  it("tests it as saved if the body has no field of the form", () => {
    expect(savedTest(id, undefined)).toEqual({ target: saved, sendTo: null });
    expect(savedTest(id, {})).toEqual({ target: saved, sendTo: null });
    expect(savedTest(id, { sendTo: "pat@example.net" })).toEqual({
      target: saved,
      sendTo: "pat@example.net",
    });
  });

  it("tests it as edited if the body has one", () => {
    const form = { sendTo: "pat@example.net", smtpPort: 587 };
    expect(savedTest(id, form)).toEqual({ target: { kind: "edited", id, form } });
  });

  it.each([[null], [[]], ["text"]])("takes a body that is %j for a form, which is then refused", (form) => {
    expect(savedTest(id, form).target).toEqual({ kind: "edited", id, form });
  });

  it("tests its draft, whose body may name the recipient and nothing else", () => {
    const target = { kind: "draft", id };
    expect(draftTest(id, undefined)).toMatchObject({ target });
    expect(draftTest(id, { sendTo: "pat@example.net" })).toEqual({ target, sendTo: "pat@example.net" });
    expect(() => draftTest(id, { smtpPort: 587 })).toThrow(
      expect.objectContaining({ code: "input.invalid" }),
    );
  });
});
