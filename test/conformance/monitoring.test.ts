import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "../../src/core/log.ts";
import { parse } from "../../src/core/parse.ts";
import { Alerts } from "../../src/monitoring/alerts.ts";
import type { CheckFinding } from "../../src/monitoring/assess.ts";
import { FailureRate } from "../../src/monitoring/failure-rate.ts";
import { changeMonitoring } from "../../src/monitoring/monitoring-settings.ts";
import { transitionsOf } from "../../src/monitoring/transitions.ts";
import { openServices, type Services } from "../../src/services.ts";
import { smtpConfigCreate } from "../../src/smtp-configs/settings.ts";
import type { Store } from "../../src/store/store.ts";
import { type Alert, alertTold, listAlertsToTell, listOpenAlerts } from "../../src/store/tables/alerts.ts";
import {
  claimConfigCheck,
  findConfigCheck,
  finishConfigCheck,
  planConfigCheck,
} from "../../src/store/tables/config-checks.ts";
import {
  claimWebhookDelivery,
  insertWebhookDelivery,
  listDueWebhookDeliveries,
  nextWebhookTryAt,
} from "../../src/store/tables/webhook-deliveries.ts";
import { startTestRelay } from "../../src/testing/index.ts";
import { storeEmail } from "../support/stored-email.ts";
import { databases, type OpenDatabase } from "./databases.ts";

const problem: CheckFinding = {
  kind: "sign_in_failed",
  status: "problem",
  title: "Refused",
  explanation: "535",
  remedy: "Look",
  level: 1,
  isTransient: false,
};
const ok: CheckFinding = { kind: "sign_in_failed", status: "ok" };
const config = { id: "config-1", name: "Main" };

describe.each(databases)("monitoring on $name", ({ shared, start, open, stop }) => {
  let database: OpenDatabase;
  let store: Store;
  let now: number;
  const clock = { now: () => now, monotonic: () => now, after: () => () => {} };
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await open();
    store = database.store;
    now = 1_000;
  });
  afterEach(() => database.dispose());

  const alerts = () => new Alerts({ store, clock, linkTo: () => null });
  async function find(finding: CheckFinding): Promise<readonly Alert[]> {
    await store.transaction(async (db) => {
      const open = await listOpenAlerts(db);
      await alerts().apply(db, config, transitionsOf(open, [finding], []));
    });
    return listOpenAlerts(store.db);
  }

  it("raises one alert for all configs if emails fail, whoever counts", async () => {
    for (let index = 0; index < 40; index++) {
      await storeEmail(store.db, { acceptedAt: now, state: index < 30 ? "sent" : "expired" });
    }
    now += 60_000;
    const nodes = [1, 2, 3].map(() => new FailureRate({ store, clock, alerts: alerts() }));
    await Promise.all(nodes.map((node) => node.check()));
    const open = await listOpenAlerts(store.db);
    expect(open).toMatchObject([{ kind: "emails_failing", configId: null, configName: "All SMTP configs" }]);
    await find(problem);
    expect(await listOpenAlerts(store.db)).toHaveLength(2);
    now += 3_600_000;
    expect(await nodes[0]?.check()).toBe(true);
    expect(await listOpenAlerts(store.db)).toMatchObject([{ kind: "sign_in_failed", configId: "config-1" }]);
  });

  it("gives a check to one of those who want it, and to none once it is done", async () => {
    const { db } = store;
    await planConfigCheck(db, "config-1", 500);
    await planConfigCheck(db, "config-1", 900);
    const planned = await findConfigCheck(db, "config-1");
    expect(planned).toMatchObject({ dueAt: 500, checkedAt: null });
    const claim = () =>
      claimConfigCheck(db, { configId: "config-1", checkedAt: null }, { now, until: 2_000 });
    const claims = await Promise.all([claim(), claim(), claim()]);
    expect(claims.filter((got) => got)).toHaveLength(1);
    const done = { configId: "config-1", dueAt: 9_000, checkedAt: now, version: 1, outcome: null };
    expect(await finishConfigCheck(db, done, 2_000)).toBe(true);
    expect(await finishConfigCheck(db, done, 2_000)).toBe(false);
    // Who read it before that comes too late.
    expect(await claim()).toBe(false);
  });

  it("gives up a check that nobody has ended", async () => {
    const { db } = store;
    await planConfigCheck(db, "config-1", 500);
    const unclaimed = { configId: "config-1", checkedAt: null };
    expect(await claimConfigCheck(db, unclaimed, { now, until: 2_000 })).toBe(true);
    expect(await claimConfigCheck(db, unclaimed, { now: 1_999, until: 3_000 })).toBe(false);
    expect(await claimConfigCheck(db, unclaimed, { now: 2_000, until: 3_000 })).toBe(true);
    const late = { configId: "config-1", dueAt: 9_000, checkedAt: now, version: 1, outcome: null };
    expect(await finishConfigCheck(db, late, 2_000)).toBe(false);
  });

  it("keeps one alert of a kind until it is over, and then another may come", async () => {
    const [first, ...others] = await find(problem);
    expect([first?.kind, others]).toEqual(["sign_in_failed", []]);
    await Promise.all([find(problem), find(problem)]);
    expect(await listOpenAlerts(store.db)).toEqual([first]);
    now = 2_000;
    expect(await find(ok)).toEqual([]);
    expect(await listAlertsToTell(store.db)).toMatchObject([
      { id: first?.id, clearedAt: 2_000, emailDue: "cleared" },
    ]);
    const [second] = await find(problem);
    expect(second?.id).not.toBe(first?.id);
  });

  it("leaves due what became due while an email was sent", async () => {
    await find(problem);
    const [raised] = await listAlertsToTell(store.db);
    await find(ok);
    if (raised !== undefined) await alertTold(store.db, raised);
    expect(await listAlertsToTell(store.db)).toMatchObject([{ emailDue: "cleared" }]);
  });

  it("gives an event to one of those who want it", async () => {
    await insertWebhookDelivery(store.db, { id: "msg_1", body: "{}", createdAt: 1_000 });
    const [read] = await listDueWebhookDeliveries(store.db, 1_000, 10);
    if (read === undefined) throw new Error("no event");
    const claims = await Promise.all([1, 2, 3].map(() => claimWebhookDelivery(store.db, read, 5_000)));
    expect(claims.filter((got) => got)).toHaveLength(1);
    expect(await listDueWebhookDeliveries(store.db, 4_999, 10)).toEqual([]);
    expect(await nextWebhookTryAt(store.db)).toBe(5_000);
  });

  if (!shared) return;
  it("is done by one of several nodes, and told once", async () => {
    const ada = { id: "user:1", name: "Ada" };
    let connections = 0;
    await using relay = await startTestRelay({
      onEhlo: () => {
        connections++;
        return undefined;
      },
      onMail: (from) => (from.startsWith("no-longer") ? "553 5.7.1 not yours" : undefined),
    });
    const node = (): Promise<Services> =>
      openServices({
        database: database.url,
        secret: "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
        clock,
        log: createLog("silent"),
        dnsServers: ["127.0.0.1:9"],
        random: () => 0,
      });
    const one = await node();
    const two = await node();
    try {
      await changeMonitoring(store.db, { checkEveryHours: 24, alertEmails: ["ops@example.net"] });
      const form = { smtpServer: "127.0.0.1", smtpPort: relay.port, useTls: false };
      const spare = parse(smtpConfigCreate, { ...form, name: "Spare", fromEmail: "spare@example.com" });
      const strict = parse(smtpConfigCreate, { ...form, name: "Strict", fromEmail: "no-longer@example.com" });
      await one.configs.create(spare, ada);
      await one.configs.create(strict, ada);
      await one.monitor.checkDue();
      now += 2 * 60_000;
      const round = () => Promise.all([one.monitor.checkDue(), two.monitor.checkDue()]);
      for (let made = await round(); made.includes(true); made = await round());
      const before = connections;
      expect((await one.alerts.list()).map(({ kind, configName }) => [kind, configName])).toEqual([
        ["sender_refused", "Strict"],
      ]);
      await relay.delivered(1);
      await round();
      expect((await two.outbox.list({ limit: 10 })).items).toHaveLength(1);
      // Two checks, and the email.
      expect(before).toBeGreaterThanOrEqual(2);
      expect(connections).toBe(3);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });
});
