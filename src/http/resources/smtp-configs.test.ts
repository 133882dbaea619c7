import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import { startScriptedServer } from "../../testing/scripted-server.ts";
import { startTestRelay } from "../../testing/test-relay.ts";
import type { Problem } from "../schema/common.ts";
import type { Email } from "../schema/emails.ts";
import type { AuditEntry } from "../schema/monitoring.ts";
import type { SmtpConfig } from "../schema/smtp-configs.ts";
import type { TestReport } from "../schema/tests.ts";

let app: TestApp;
beforeEach(async () => {
  app = await openApp();
});
afterEach(() => app.close());

const password = "correct horse battery staple";
const plain = { smtpServer: "127.0.0.1", smtpPort: 2525, useTls: false, fromEmail: "app@example.com" };
const withPassword = { ...plain, username: "app", password, allowCleartextAuth: true };

async function create(body: object): Promise<SmtpConfig> {
  const response = await app.call("POST", "/api/smtp-configs", body);
  expect(response.status).toBe(201);
  return read<SmtpConfig>(response);
}

async function pointers(response: Response): Promise<string[]> {
  expect(response.status).toBe(400);
  const { code, errors = [] } = await read<Problem>(response);
  expect(code).toBe("input.invalid");
  return errors.map(({ pointer }) => pointer).sort();
}

describe("POST /api/smtp-configs", () => {
  it("needs server, port and sender, and no more", async () => {
    const created = await create(plain);
    expect(created).toMatchObject({
      ...plain,
      name: "127.0.0.1",
      username: null,
      password: null,
      version: 1,
    });
    expect(await read(app.call("GET", `/api/smtp-configs/${created.id}`))).toEqual(created);
    expect(await pointers(await app.call("POST", "/api/smtp-configs", {}))).toEqual([
      "/fromEmail",
      "/smtpPort",
      "/smtpServer",
    ]);
  });

  it.each([[0], [65_536], ["25abc"], ["25"], [25.5], [-1], [null]])(
    "refuses the port %j",
    async (smtpPort) => {
      expect(await pointers(await app.call("POST", "/api/smtp-configs", { ...plain, smtpPort }))).toEqual([
        "/smtpPort",
      ]);
    },
  );

  it("names every wrong field at once, and changes nothing", async () => {
    const bad = {
      smtpServer: "mail.example.com\r\nRCPT TO:<x@y>",
      smtpPort: 0,
      username: "a\0b",
      password: "x\ny",
      fromEmail: "not an address",
      fromName: "Eve\r\nBcc: all@example.com",
      replyTo: "@",
      colour: "red",
      __proto__: null,
    };
    expect(await pointers(await app.call("POST", "/api/smtp-configs", bad))).toEqual([
      "/colour",
      "/fromEmail",
      "/fromName",
      "/password",
      "/replyTo",
      "/smtpPort",
      "/smtpServer",
      "/username",
    ]);
    expect(await read(app.call("GET", "/api/smtp-configs"))).toEqual({ items: [], next: null });
  });

  it("refuses the mask, for which nothing is saved yet", async () => {
    const body = { ...withPassword, password: "********" };
    expect(await pointers(await app.call("POST", "/api/smtp-configs", body))).toEqual(["/password"]);
  });
});

describe("PUT /api/smtp-configs/{id}", () => {
  it("takes back what GET gave", async () => {
    const created = await create(withPassword);
    const response = await app.call("PUT", `/api/smtp-configs/${created.id}`, created);
    expect(response.status).toBe(200);
    expect(await read<SmtpConfig>(response)).toMatchObject({ password: "********", version: 2 });
  });

  it("names every wrong field at once, and changes nothing", async () => {
    const created = await create(withPassword);
    const bad = { ...created, smtpPort: "25abc", fromEmail: "a@b\r\n", password: "", extra: 1 };
    expect(await pointers(await app.call("PUT", `/api/smtp-configs/${created.id}`, bad))).toEqual([
      "/extra",
      "/fromEmail",
      "/password",
      "/smtpPort",
    ]);
    expect(await read(app.call("GET", `/api/smtp-configs/${created.id}`))).toEqual(created);
  });

  it("wants the password again for another server", async () => {
    const created = await create(withPassword);
    const response = await app.call("PUT", `/api/smtp-configs/${created.id}`, { ...created, smtpPort: 2526 });
    expect(response.status).toBe(409);
    expect(await read<Problem>(response)).toMatchObject({ code: "config.password_required" });
  });

  it("refuses an outdated version", async () => {
    const created = await create(plain);
    await app.call("PUT", `/api/smtp-configs/${created.id}`, { ...created, name: "First" });
    const response = await app.call("PUT", `/api/smtp-configs/${created.id}`, { ...created, name: "Second" });
    expect(response.status).toBe(409);
    expect(await read<Problem>(response)).toMatchObject({ code: "config.version_conflict" });
  });
});

describe("DELETE /api/smtp-configs/{id}", () => {
  it("deletes once", async () => {
    const { id } = await create(plain);
    expect((await app.call("DELETE", `/api/smtp-configs/${id}`)).status).toBe(204);
    expect((await app.call("DELETE", `/api/smtp-configs/${id}`)).status).toBe(404);
    expect((await app.call("GET", `/api/smtp-configs/${id}`)).status).toBe(404);
  });
});

describe("no reply holds the password", () => {
  it("neither the config's own, nor the audit log", async () => {
    const created = await create(withPassword);
    const replies = [
      JSON.stringify(created),
      await (await app.call("GET", "/api/smtp-configs")).text(),
      await (await app.call("GET", "/api/audit-log")).text(),
      await (await app.call("POST", `/api/smtp-configs/${created.id}/test`)).text(),
      await (
        await app.call("PUT", `/api/smtp-configs/${created.id}`, { ...created, password, version: 7 })
      ).text(),
    ];
    for (const reply of replies) {
      expect(reply).not.toContain(password);
      expect(reply).not.toContain(Buffer.from(password).toString("base64"));
    }
  });
});

describe("tests of the connection", () => {
  it("tests a draft, and answers 200 also where it found a fault", async () => {
    await using relay = await startTestRelay();
    const draft = { ...plain, smtpPort: relay.port };
    const report = await read<TestReport>(app.call("POST", "/api/smtp-configs/test", draft));
    expect(report.ok).toBe(true);
    expect(relay.messages).toHaveLength(0);

    const closed = await app.call("POST", "/api/smtp-configs/test", { ...plain, smtpPort: 1 });
    expect(closed.status).toBe(200);
    expect(await read<TestReport>(closed)).toMatchObject({ ok: false });
  });

  it("tests what is saved, without a body or with `sendTo` alone", async () => {
    await using relay = await startTestRelay();
    const { id } = await create({ ...plain, smtpPort: relay.port });
    expect(await read<TestReport>(app.call("POST", `/api/smtp-configs/${id}/test`))).toMatchObject({
      ok: true,
    });
    expect(relay.messages).toHaveLength(0);
    const sent = app.call("POST", `/api/smtp-configs/${id}/test`, { sendTo: "jo@example.com" });
    expect(await read<TestReport>(sent)).toMatchObject({ ok: true });
    expect(relay.messages).toHaveLength(1);
  });

  it("logs the test email of a saved config, which is not sent again", async () => {
    await using relay = await startTestRelay({ onDot: () => "451 4.3.0 Later" });
    const { id } = await create({ ...plain, smtpPort: relay.port });
    const { stages } = await read<TestReport>(
      app.call("POST", `/api/smtp-configs/${id}/test`, { sendTo: "jo@example.com" }),
    );
    const emailId = stages.find(({ stage }) => stage === "message")?.evidence.emailId;
    const logged = await read<Email>(app.call("GET", `/api/emails/${emailId}`));
    expect(logged).toMatchObject({
      state: "failed",
      template: "test-email",
      recipients: [{ address: "jo@example.com", state: "failed", code: 451 }],
      attempts: [{ configId: id, outcome: "temporary", problem: { code: "message.not_now" } }],
    });
    expect(await read(app.call("GET", "/api/emails?template=test-email"))).toMatchObject({
      items: [{ id: emailId }],
    });
    const again = await app.call("POST", `/api/emails/${emailId}/retry`);
    expect(again.status).toBe(409);
    expect(await read<Problem>(again)).toMatchObject({ code: "email.state_conflict" });
    const all = await app.call("POST", "/api/emails/retry", { filter: { state: "failed" } });
    expect(await read(all)).toMatchObject({ retried: 0, skipped: 1 });
  });

  it("dials nobody when the form points the saved password elsewhere", async () => {
    await using elsewhere = await startScriptedServer((peer) => peer.closed);
    const created = await create(withPassword);
    const edited = { ...created, smtpPort: elsewhere.port };
    for (const accept of ["application/json", "text/event-stream"]) {
      const response = await app.call("POST", `/api/smtp-configs/${created.id}/test`, edited, { accept });
      expect(response.status).toBe(409);
      expect(await read<Problem>(response)).toMatchObject({ code: "config.password_required" });
    }
    expect(elsewhere.connections).toHaveLength(0);
  });

  it("names every wrong field of a draft", async () => {
    const response = await app.call("POST", "/api/smtp-configs/test", { ...plain, smtpPort: 0, sendTo: "x" });
    expect(await pointers(response)).toEqual(["/sendTo", "/smtpPort"]);
  });

  it("tells the stages as they pass, then the report", async () => {
    await using relay = await startTestRelay();
    const draft = { ...plain, smtpPort: relay.port };
    const response = await app.call("POST", "/api/smtp-configs/test", draft, { accept: "text/event-stream" });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const events = (await response.text())
      .trim()
      .split("\n\n")
      .map((event) => ({
        name: /^event: (.*)$/m.exec(event)?.[1],
        data: JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? "null"),
      }));
    const report = events.at(-1);
    expect(report).toMatchObject({ name: "report", data: { ok: true } });
    const told = events.slice(0, -1);
    expect(told.slice(0, 5).map(({ name, data }) => `${name} ${data.stage} ${data.status ?? ""}`)).toEqual([
      "progress resolve ",
      "stage resolve passed",
      "progress connect ",
      "progress connect ",
      "stage connect passed",
    ]);
    expect(told[3]).toMatchObject({ data: { evidence: { trying: "127.0.0.1", failures: [] } } });
    const stages = told.filter(({ name }) => name === "stage").map(({ data }) => data.stage);
    expect(stages).toEqual(expect.arrayContaining(["greeting", "recipient"]));
  });

  it("cuts the connection when the client goes away", async () => {
    const reached = Promise.withResolvers<void>();
    await using silent = await startScriptedServer((peer) => {
      reached.resolve();
      return peer.closed;
    });
    const draft = { ...plain, smtpPort: silent.port };
    const gone = new AbortController();
    const running = app.request("/api/smtp-configs/test", {
      method: "POST",
      headers: { cookie: "admin=1", "content-type": "application/json" },
      body: JSON.stringify(draft),
      signal: gone.signal,
    });
    await reached.promise;
    gone.abort();
    expect((await running).status).toBe(499);
  });
});

describe("POST /api/smtp-configs/order", () => {
  it("puts the configs in order", async () => {
    const [one, two] = [await create(plain), await create({ ...plain, name: "Second" })];
    const response = await app.call("POST", "/api/smtp-configs/order", { ids: [two.id, one.id] });
    expect(response.status).toBe(200);
    const { items } = await read<{ items: SmtpConfig[] }>(response);
    expect(items.map(({ id, position }) => [id, position])).toEqual([
      [two.id, 0],
      [one.id, 1],
    ]);
    expect(await read(app.call("GET", "/api/smtp-configs"))).toEqual({ items, next: null });
  });

  it("refuses an order of other configs, and what is no order", async () => {
    const { id } = await create(plain);
    const post = (body: unknown) => app.call("POST", "/api/smtp-configs/order", body);
    expect((await post({ ids: [] })).status).toBe(409);
    expect((await post({ ids: [id, "gone"] })).status).toBe(409);
    expect(await pointers(await post({ ids: [id, id] }))).toEqual(["/ids"]);
    expect(await pointers(await post({ ids: id, first: id }))).toEqual(["/first", "/ids"]);
    expect(await pointers(await post({ ids: [7] }))).toEqual(["/ids/0"]);
  });
});

describe("POST /api/smtp-configs/{id}/enable and /disable", () => {
  it("switch a config off and on, with its password kept", async () => {
    const { id } = await create(withPassword);
    const off = await app.call("POST", `/api/smtp-configs/${id}/disable`);
    expect(await read(off)).toMatchObject({ id, enabled: false, password: "********" });
    const on = await app.call("POST", `/api/smtp-configs/${id}/enable`);
    expect(await read(on)).toMatchObject({ id, enabled: true, password: "********", version: 3 });
    expect((await app.call("POST", "/api/smtp-configs/gone/enable")).status).toBe(404);
  });

  it("are for admins", async () => {
    const { id } = await create(plain);
    const headers = await app.bearer("send");
    for (const path of ["order", `${id}/enable`, `${id}/disable`]) {
      const response = await app.request(`/api/smtp-configs/${path}`, { method: "POST", headers });
      expect(response.status).toBe(403);
    }
  });
});

describe("POST /api/smtp-configs/{id}/resume", () => {
  const pause = () =>
    app.services.store.db
      .updateTable("smtp_config")
      .set({ paused_until: app.clock.now() + 3_600_000, paused_reason: "The sign-in was refused" })
      .execute();
  const actions = async () =>
    (await read<{ items: AuditEntry[] }>(app.call("GET", "/api/audit-log"))).items.map(
      ({ action }) => action,
    );

  it("ends a pause, so that what waits is sent at once", async () => {
    await using relay = await startTestRelay();
    const { id } = await create({ ...plain, smtpPort: relay.port });
    await pause();
    await app.call("POST", "/api/emails", { to: "jo@example.com", subject: "Hello", text: "Hello Jo" });
    const resumed = await app.call("POST", `/api/smtp-configs/${id}/resume`);
    expect(resumed.status).toBe(200);
    // A pause is no edit: the version stays.
    expect(await read(resumed)).toMatchObject({ id, pausedUntil: null, pausedReason: null, version: 1 });
    expect(await actions()).toContain("smtp_config.resumed");
    await relay.delivered(1);
  });

  it("leaves one alone that is not paused, and writes nothing down", async () => {
    const created = await create(plain);
    expect(await read(app.call("POST", `/api/smtp-configs/${created.id}/resume`))).toEqual(created);
    expect(await actions()).toEqual(["smtp_config.created"]);
  });

  it("says that there is no such config, and is for admins", async () => {
    expect((await app.call("POST", "/api/smtp-configs/gone/resume")).status).toBe(404);
    const headers = await app.bearer("send");
    const { id } = await create(plain);
    const refused = await app.request(`/api/smtp-configs/${id}/resume`, { method: "POST", headers });
    expect(refused.status).toBe(403);
  });
});
