import { afterEach, beforeEach, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../test/support/open-app.ts";
import { startTestRelay } from "../testing/test-relay.ts";
import { apiKey, me, newApiKey } from "./schema/accounts.ts";
import { accepted, attempt, type Email, email, emailSummary, recipient } from "./schema/emails.ts";
import { auditEntry, health } from "./schema/monitoring.ts";
import { sandboxEmail, sandboxEmailSummary } from "./schema/sandbox.ts";
import { settings } from "./schema/settings.ts";
import { smtpConfig } from "./schema/smtp-configs.ts";
import { templateInfo } from "./schema/templates.ts";
import { testReport, testStage } from "./schema/tests.ts";

/** Replies hold what the document says of them, and nothing else: no column of a table slips out. */

let app: TestApp;
beforeEach(async () => {
  app = await openApp({ sandboxPort: 0 });
});
afterEach(() => app.close());

const get = <Shape>(path: string) => read<Shape>(app.call("GET", path));
const first = async (path: string) => (await get<{ items: [unknown] }>(path)).items[0];

it("configs, tests and emails that were delivered", async () => {
  await using relay = await startTestRelay();
  const config = {
    smtpServer: relay.host,
    smtpPort: relay.port,
    useTls: false,
    fromEmail: "app@example.com",
  };
  const { id } = smtpConfig.strict().parse(await read(app.call("POST", "/api/smtp-configs", config)));

  const report = testReport.strict().parse(await read(app.call("POST", `/api/smtp-configs/${id}/test`)));
  for (const stage of report.stages) testStage.strict().parse(stage);
  smtpConfig.strict().parse(await first("/api/smtp-configs"));

  const body = { to: "jo@example.com", subject: "Hello", text: "Hello Jo", from: "Ada <ada@example.com>" };
  const sent = accepted.strict().parse(await read(app.call("POST", "/api/emails", body)));
  const path = `/api/emails/${sent.id}`;
  await expect.poll(async () => (await get<Email>(path)).state).toBe("sent");
  const delivered = email.strict().parse(await get(path));
  expect(delivered.attempts).toHaveLength(1);
  expect(attempt.strict().parse(delivered.attempts[0])).toMatchObject({
    config: "127.0.0.1",
    configId: id,
    relay: "127.0.0.1",
    outcome: "sent",
    tls: null,
  });
  recipient.strict().parse(delivered.recipients[0]);
  emailSummary.strict().parse(await first("/api/emails"));
  auditEntry.strict().parse(await first("/api/audit-log"));
});

it("keys, templates, the sandbox and the rest", async () => {
  newApiKey.strict().parse(await read(app.call("POST", "/api/api-keys", { name: "Shop" })));
  apiKey.strict().parse(await first("/api/api-keys"));
  templateInfo.strict().parse(await first("/api/templates"));
  settings.strict().parse(await get("/api/settings"));
  me.strict().parse(await get("/api/me"));
  health.strict().parse(await get("/api/health"));

  const smtpPort = app.services.sandbox?.port;
  const draft = { smtpServer: "127.0.0.1", smtpPort, useTls: false, fromEmail: "app@example.com" };
  await app.call("POST", "/api/smtp-configs/test", { ...draft, sendTo: "jo@example.com" });
  const { id } = sandboxEmailSummary.strict().parse(await first("/api/sandbox/emails"));
  sandboxEmail.strict().parse(await get(`/api/sandbox/emails/${id}`));
});
