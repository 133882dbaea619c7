import { afterEach, beforeEach, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../test/support/open-app.ts";
import type { Problem } from "../http/schema/common.ts";
import type { Email } from "../http/schema/emails.ts";
import type { SmtpConfig } from "../http/schema/smtp-configs.ts";
import type { TestReport } from "../http/schema/tests.ts";
import { startTestRelay, type TestRelay } from "../testing/test-relay.ts";

const password = "only in the environment";

let relay: TestRelay;
let app: TestApp;
beforeEach(async () => {
  relay = await startTestRelay({ auth: { username: "shop", password } });
  app = await openApp({
    smtp: {
      smtpServer: relay.host,
      smtpPort: relay.port,
      useTls: false,
      allowCleartextAuth: true,
      username: "shop",
      password,
      fromEmail: "shop@example.com",
    },
  });
});
afterEach(async () => {
  await app.close();
  await relay.close();
});

async function list(): Promise<SmtpConfig[]> {
  return (await read<{ items: SmtpConfig[] }>(app.call("GET", "/api/smtp-configs"))).items;
}

/** One that is never reached. */
const stored = { smtpServer: "127.0.0.1", smtpPort: 1, useTls: false, fromEmail: "other@example.com" };

it("comes before all that are stored, with its password masked, and is not stored itself", async () => {
  await app.call("POST", "/api/smtp-configs", { ...stored, position: 0 });
  const [first, ...others] = await list();
  expect(first).toMatchObject({ id: "environment", managedBy: "environment", password: "********" });
  expect(others).toMatchObject([{ managedBy: null }]);
  const rows = await app.services.store.db.selectFrom("smtp_config").selectAll().execute();
  expect(rows.map(({ from_email }) => from_email)).toEqual(["other@example.com"]);
});

it("sends, and its sender is the usual one", async () => {
  await app.call("POST", "/api/smtp-configs", stored);
  const email = { to: "jo@example.com", subject: "Hello", text: "Hello" };
  const { id } = await read<Email>(app.call("POST", "/api/emails", email));
  const [message] = await relay.delivered(1);
  expect(message?.from).toBe("shop@example.com");
  await expect.poll(async () => (await read<Email>(app.call("GET", `/api/emails/${id}`))).state).toBe("sent");
});

it("is tested as it is, and remembers the result", async () => {
  const report = await read<TestReport>(app.call("POST", "/api/smtp-configs/environment/test"));
  expect(report.ok).toBe(true);
  expect((await list())[0]?.lastTest).toMatchObject({ ok: true });
});

it("cannot be changed from here, and says where it can", async () => {
  const [config] = await list();
  const refusals = [
    app.call("PUT", "/api/smtp-configs/environment", config),
    app.call("DELETE", "/api/smtp-configs/environment"),
    app.call("POST", "/api/smtp-configs/environment/disable"),
    app.call("POST", "/api/smtp-configs/order", { ids: ["environment"] }),
    app.call("POST", "/api/smtp-configs/environment/test", { ...config, smtpPort: 2525 }),
  ];
  for (const refusal of refusals) {
    const response = await refusal;
    expect(response.status).toBe(409);
    const { code, detail } = await read<Problem>(response);
    expect(code).toBe("config.managed");
    expect(detail).toContain("SENDWRIGHT_SMTP_");
  }
});

it("is paused in memory while its relay refuses the sign-in, and can be used again at once", async () => {
  await app.close();
  await relay.close();
  relay = await startTestRelay({ auth: { username: "shop", password: "another" } });
  app = await openApp({
    smtp: {
      smtpServer: relay.host,
      smtpPort: relay.port,
      useTls: false,
      allowCleartextAuth: true,
      username: "shop",
      password,
      fromEmail: "shop@example.com",
    },
  });
  await app.call("POST", "/api/emails", { to: "jo@example.com", subject: "Hello", text: "Hello" });
  await expect.poll(async () => (await list())[0]?.pausedUntil ?? null).not.toBeNull();
  const resumed = await read<SmtpConfig>(app.call("POST", "/api/smtp-configs/environment/resume"));
  expect(resumed.pausedUntil).toBeNull();
});

it("refuses to start with settings that cannot be, without showing the password", async () => {
  const smtp = { smtpServer: "not a host!", smtpPort: 0, fromEmail: "x", username: "shop", password };
  const opening = openApp({ smtp });
  await expect(opening).rejects.toMatchObject({ code: "input.invalid" });
  await expect(opening).rejects.not.toThrow(password);
});
