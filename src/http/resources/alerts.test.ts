import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import { startTestRelay, type TestRelay } from "../../testing/index.ts";
import type { Problem } from "../schema/common.ts";
import type { Alert, AuditEntry, Overview } from "../schema/monitoring.ts";
import type { SmtpConfig } from "../schema/smtp-configs.ts";

const auth = { username: "jo", password: "correct horse" };

let app: TestApp;
let relay: TestRelay;
let config: SmtpConfig;
beforeEach(async () => {
  app = await openApp({ dnsServers: ["127.0.0.1:9"] });
  relay = await startTestRelay({ auth });
  config = await read<SmtpConfig>(
    app.call("POST", "/api/smtp-configs", {
      smtpServer: "127.0.0.1",
      smtpPort: relay.port,
      useTls: false,
      fromEmail: "shop@example.com",
      ...auth,
      password: "mistyped-once",
      allowCleartextAuth: true,
    }),
  );
});
afterEach(async () => {
  await relay.close();
  await app.close();
});

const check = () => app.call("POST", `/api/smtp-configs/${config.id}/check`);
const list = async () => (await read<{ items: Alert[] }>(app.call("GET", "/api/alerts"))).items;

describe("alerts", () => {
  it("are what a check found, on the overview too, until somebody knows of them", async () => {
    const checked = await read<SmtpConfig>(check());
    expect(checked.lastCheck).toMatchObject({ ok: false, stage: "auth" });
    const [alert] = await list();
    expect(alert).toMatchObject({
      configId: config.id,
      kind: "sign_in_failed",
      title: "Wrong username or password",
      acknowledgedAt: null,
    });
    const concerns = async () => (await read<Overview>(app.call("GET", "/api/overview"))).concerns;
    // Why it is paused is said once.
    expect(await concerns()).toMatchObject([{ code: "paused" }]);
    await app.call("POST", `/api/smtp-configs/${config.id}/resume`);
    expect(await concerns()).toMatchObject([
      { code: "alert", reason: expect.stringContaining("127.0.0.1: Wrong username or password.") },
    ]);

    const known = await app.call("POST", `/api/alerts/${alert?.id}/acknowledge`);
    expect(await read<Alert>(known)).toMatchObject({ id: alert?.id, acknowledgedBy: "Ada" });
    await check();
    expect(await list()).toMatchObject([{ id: alert?.id, acknowledgedBy: "Ada" }]);
    const { items } = await read<{ items: AuditEntry[] }>(app.call("GET", "/api/audit-log"));
    expect(items.map(({ action, actor }) => `${action} by ${actor.name}`)).toEqual([
      "smtp_config.checked by Ada",
      "alert.acknowledged by Ada",
      "smtp_config.resumed by Ada",
      "smtp_config.checked by Ada",
      "alert.raised by Sendwright",
      "smtp_config.created by Ada",
    ]);
    expect(JSON.stringify(items)).not.toContain("mistyped-once");
  });

  it("that are over, or never were, cannot be acknowledged", async () => {
    const response = await app.call("POST", "/api/alerts/nothing/acknowledge");
    expect([response.status, (await read<Problem>(response)).code]).toEqual([404, "alert.not_found"]);
  });

  it("are counted in the metrics", async () => {
    await check();
    const metrics = await app.request("/metrics", { headers: await app.bearer("admin") });
    expect(await metrics.text()).toContain("sendwright_alerts 1");
  });

  it("are for admins", async () => {
    const headers = await app.bearer("send");
    expect((await app.request("/api/alerts")).status).toBe(401);
    expect((await app.request("/api/alerts", { headers })).status).toBe(403);
    const path = `/api/smtp-configs/${config.id}/check`;
    expect((await app.request(path, { method: "POST", headers })).status).toBe(403);
  });
});
