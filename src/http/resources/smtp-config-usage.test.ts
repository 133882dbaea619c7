import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import { startTestRelay, type TestRelay } from "../../testing/test-relay.ts";
import type { AcceptedEmail, Email } from "../schema/emails.ts";
import type { RouteAnswer } from "../schema/smtp-config-route.ts";
import { type SmtpConfig, smtpConfig } from "../schema/smtp-configs.ts";

let app: TestApp;
let relay: TestRelay;
beforeEach(async () => {
  app = await openApp();
  relay = await startTestRelay();
});
afterEach(async () => {
  await app.close();
  await relay.close();
});

async function add(name: string, settings: object = {}): Promise<SmtpConfig> {
  const there = { smtpServer: relay.host, smtpPort: relay.port, useTls: false };
  const body = { name, ...there, fromEmail: `${name.toLowerCase()}@example.com`, ...settings };
  return read<SmtpConfig>(app.call("POST", "/api/smtp-configs", body));
}

async function send(to: readonly string[] = ["jo@example.com"]): Promise<Email> {
  const body = { to, subject: "Hello", text: "Hello" };
  const { id } = await read<AcceptedEmail>(app.call("POST", "/api/emails", body));
  for (;;) {
    await app.clock.advance(0);
    const email = await read<Email>(app.call("GET", `/api/emails/${id}`));
    if (email.state === "sent") return email;
  }
}

const get = ({ id }: SmtpConfig) => read<SmtpConfig>(app.call("GET", `/api/smtp-configs/${id}`));

describe("the usage of an SMTP config", () => {
  it("tells how much of each limit is used, and when that becomes less", async () => {
    const created = await add("Shop", { maxPerMinute: 10, maxRecipientsPerDay: 100, maxPerSecond: 50 });
    expect(created.usage).toEqual([
      { setting: "maxPerMinute", limit: 10, used: 0, windowSeconds: 60, resetsAt: null },
      { setting: "maxRecipientsPerDay", limit: 100, used: 0, windowSeconds: 86_400, resetsAt: null },
    ]);
    await send(["jo@example.com", "pat@example.com"]);
    const used = await get(created);
    smtpConfig.strict().parse(used);
    expect(used.usage).toMatchObject([
      { setting: "maxPerMinute", used: 1 },
      { setting: "maxRecipientsPerDay", used: 2 },
    ]);
    expect(Date.parse(used.usage[0]?.resetsAt ?? "")).toBeGreaterThan(app.clock.now());
    await app.clock.advance(90_000);
    expect((await get(created)).usage).toMatchObject([{ used: 0, resetsAt: null }, { used: 2 }]);
  });

  it("is in the reply to a change, and of no limit where there is none", async () => {
    const created = await add("Shop", { maxPerDay: 10 });
    await send();
    const change = await app.call("PUT", `/api/smtp-configs/${created.id}`, { ...created, maxPerDay: 1 });
    expect((await read<SmtpConfig>(change)).usage).toMatchObject([{ limit: 1, used: 1 }]);
    const off = await read<SmtpConfig>(app.call("POST", `/api/smtp-configs/${created.id}/disable`));
    expect(off.usage).toMatchObject([{ limit: 1, used: 1 }]);
    const lifted = await app.call("PUT", `/api/smtp-configs/${created.id}`, { ...off, maxPerDay: null });
    expect((await read<SmtpConfig>(lifted)).usage).toEqual([]);
  });

  it("says why the next config sends, before and after it did", async () => {
    const shop = await add("Shop", { maxPerDay: 1 });
    await add("Spare");
    await send();
    const answer = await read<RouteAnswer>(app.call("POST", "/api/smtp-configs/route", {}));
    expect(answer).toMatchObject({
      decision: { by: "stand-in", for: "Shop", because: "limit" },
      candidates: [{ name: "Shop", state: "limit", reason: "1 of 1 emails in 24 hours." }, { name: "Spare" }],
    });
    expect(answer.decision.sentence).toBe("Spare sends it because Shop has reached a limit.");
    const [reached] = (await get(shop)).usage;
    expect(answer.candidates[0]?.until).toBe(reached?.resetsAt);
    expect((await send()).attempts[0]?.route?.sentence).toBe(
      "Sent through Spare because Shop had reached a limit.",
    );
  });

  it("is among the metrics, for as long as there is a limit", async () => {
    const { id, ...shop } = await add("Shop", { maxPerDay: 4 });
    await send();
    const metric = async () =>
      (await (await app.call("GET", "/metrics")).text())
        .split("\n")
        .filter((line) => line.startsWith("sendwright_smtp_config_limit_used_ratio{"));
    expect(await metric()).toEqual([
      `sendwright_smtp_config_limit_used_ratio{config="Shop",id="${id}",limit="maxPerDay"} 0.25`,
    ]);
    await app.call("PUT", `/api/smtp-configs/${id}`, { ...shop, maxPerDay: null });
    expect(await metric()).toEqual([]);
  });
});
