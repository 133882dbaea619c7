import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { storeEmail } from "../../test/support/stored-email.ts";
import { createLog } from "../core/log.ts";
import { openServices, type Services } from "../services.ts";
import { smtpConfigCreate } from "../smtp-configs/settings.ts";
import { changeWebhook } from "../webhooks/endpoint.ts";
import { assessFailures } from "./failure-rate.ts";
import { changeFailureSettings } from "./failure-settings.ts";
import { changeMonitoring } from "./monitoring-settings.ts";

const settings = { failureAlertPercent: 20, failureAlertMinEmails: 20 };
const minuteMs = 60_000;

describe("the share of emails that fail", () => {
  it.each([
    [{ sent: 16, failed: 4 }, "problem"],
    [{ sent: 161, failed: 39 }, null],
    [{ sent: 0, failed: 19 }, null],
    [{ sent: 0, failed: 20 }, "problem"],
    [{ sent: 90, failed: 10 }, null],
    [{ sent: 91, failed: 9 }, "ok"],
    [{ sent: 1, failed: 0 }, "ok"],
    [{ sent: 0, failed: 0 }, "ok"],
  ])("of %j is %s", (counts, status) => {
    expect(assessFailures(counts, settings)?.status ?? null).toBe(status);
  });

  it("is never a problem and ok at once, and is one from its limit on", () => {
    const count = fc.nat(10_000);
    fc.assert(
      fc.property(count, count, fc.integer({ min: 1, max: 100 }), (sent, failed, failureAlertPercent) => {
        const { status } = assessFailures({ sent, failed }, { ...settings, failureAlertPercent }) ?? {};
        const share = sent + failed === 0 ? 0 : (100 * failed) / (sent + failed);
        if (share >= failureAlertPercent) expect(status).toBe(sent + failed >= 20 ? "problem" : undefined);
        else expect(status).toBe(share < failureAlertPercent / 2 ? "ok" : undefined);
      }),
    );
  });
});

describe("the alert about emails that fail", () => {
  let now: number;
  const clock = { now: () => now, monotonic: () => now, after: () => () => {} };
  let services: Services;
  beforeEach(async () => {
    now = Date.parse("2026-03-01T12:00:00Z");
    services = await openServices({
      database: ":memory:",
      secret: "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
      clock,
      log: createLog("silent"),
      publicUrl: "https://mail.example.com",
    });
    const { db } = services.store;
    await changeMonitoring(db, { checkEveryHours: 0, alertEmails: ["ops@example.net"] });
    await changeWebhook(db, services.secrets, { webhookUrl: "https://hooks.example.com/" });
    const form = { smtpServer: "127.0.0.1", smtpPort: 1, useTls: false, fromEmail: "shop@example.com" };
    await services.configs.create(smtpConfigCreate.parse(form), { id: "user:1", name: "Ada" });
  });
  afterEach(() => services.close());

  async function end(sent: number, failed: number): Promise<void> {
    const { db } = services.store;
    const states = [...Array(sent).fill("sent"), ...Array(failed).fill("failed")] as const;
    for (const state of states) await storeEmail(db, { acceptedAt: now, state });
  }
  async function checkAfter(ms: number) {
    now += ms;
    await services.monitor.checkDue();
    return (await services.alerts.list()).filter(({ kind }) => kind === "emails_failing");
  }
  const told = async () =>
    (await services.outbox.list({ template: "config-alert", limit: 9 })).items.map(({ subject }) => subject);
  const events = async () => {
    const rows = await services.store.db
      .selectFrom("webhook_deliveries")
      .select("body")
      .orderBy("id")
      .execute();
    return rows.map(({ body }) => JSON.parse(body));
  };

  it("is raised once for all configs, and told by email and webhook, then cleared", async () => {
    await end(15, 5);
    const [alert, ...others] = await checkAfter(minuteMs);
    expect(others).toEqual([]);
    expect(alert).toMatchObject({
      configId: null,
      configName: "All SMTP configs",
      title: "25% of emails failed in one hour",
      explanation:
        "5 of the last hour's 20 emails failed, expired, were sent only in part or have an unknown outcome. Sendwright raises this alert from 20% and resolves it below 10%.",
    });
    await end(0, 20);
    expect(await checkAfter(minuteMs)).toEqual([{ ...alert, emailDue: null }]);
    expect(await told()).toEqual(["25% of emails failed in one hour"]);
    // Of 220, 25 failed: more than a tenth.
    await end(180, 0);
    expect(await checkAfter(minuteMs)).toHaveLength(1);
    await end(100, 0);
    expect(await checkAfter(minuteMs)).toEqual([]);
    expect((await told())[0]).toBe("Resolved: 25% of emails failed in one hour");
    expect(await events()).toMatchObject([
      {
        type: "config.alert.raised",
        data: {
          kind: "emails_failing",
          config: null,
          url: "https://mail.example.com/emails?state=failed",
          clearedAt: null,
        },
      },
      { type: "config.alert.cleared", data: { id: alert?.id } },
    ]);
    const id = (await services.outbox.list({ template: "config-alert", limit: 1 })).items[0]?.id ?? "";
    const { text } = await services.outbox.preview(id);
    expect(text).toContain("The email log shows that this problem is resolved.");
    expect(text).not.toContain("All SMTP configs");
  });

  it("is cleared an hour after the last failure, without any email since", async () => {
    await end(0, 20);
    expect(await checkAfter(minuteMs)).toHaveLength(1);
    expect(await checkAfter(58 * minuteMs)).toHaveLength(1);
    expect(await checkAfter(2 * minuteMs)).toEqual([]);
  });

  it("is raised neither if it is turned off nor for too few emails, and goes when it is turned off", async () => {
    const change = (given: object) => changeFailureSettings(services.store.db, given);
    await end(0, 19);
    expect(await checkAfter(minuteMs)).toEqual([]);
    await change({ failureAlertPercent: 0, failureAlertMinEmails: 5 });
    expect(await checkAfter(minuteMs)).toEqual([]);
    await change({ failureAlertPercent: 100 });
    expect(await checkAfter(minuteMs)).toHaveLength(1);
    await change({ failureAlertPercent: 0 });
    expect(await checkAfter(minuteMs)).toEqual([]);
    expect(await told()).toHaveLength(1);
  });
});
