import { Hono } from "hono";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLog } from "../../core/log.ts";
import type { Way } from "../../diagnosis/alternatives.ts";
import { type ConnectionTests, createConnectionTests } from "../../diagnosis/connection-tests.ts";
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
import { runTest } from "./test-stream.ts";

/** The answer of one test, event by event. */

const log = createLog("silent");
const here: Lookup = async () => [{ address: "127.0.0.1", family: 4 }];
const draft = { smtpServer: "relay.test", smtpPort: 2525, useTls: false, fromEmail: "app@example.com" };

let store: Store;
beforeEach(async () => {
  store = await openSqliteStore(":memory:");
});
afterEach(() => store.close());

async function testsWith(lookup: Lookup, usualWays: readonly Way[] = []): Promise<ConnectionTests> {
  const clock = createFixedClock();
  const secrets = await unlock({ rows: [], primary: generateKey(), previous: [], clock });
  return createConnectionTests({
    store,
    ...openConfigs({ store, secrets, clock }),
    templates: new LoadedTemplates(),
    clock,
    log,
    egress: createEgress("default", lookup),
    usualWays,
  });
}

async function stream(tests: ConnectionTests, body: unknown): Promise<Response> {
  const app = new Hono<ServerEnv>();
  app.post("/test", (c) => {
    c.set("caller", { actor: { id: "user:1", name: "Ada" }, scope: "admin", email: null, via: "session" });
    return runTest(c, tests, log, { body });
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
