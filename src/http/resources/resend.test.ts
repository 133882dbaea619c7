import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import { storeEmail } from "../../../test/support/stored-email.ts";
import { startTestRelay, type TestRelay } from "../../testing/test-relay.ts";
import type { Problem } from "../schema/common.ts";
import type { AcceptedEmail, Email } from "../schema/emails.ts";
import type { AuditEntry } from "../schema/monitoring.ts";

let app: TestApp;
let relay: TestRelay;
beforeEach(async () => {
  app = await openApp();
  relay = await startTestRelay();
  await app.call("POST", "/api/smtp-configs", {
    name: "Main",
    smtpServer: relay.host,
    smtpPort: relay.port,
    useTls: false,
    fromEmail: "shop@example.com",
  });
});
afterEach(async () => {
  await app.close();
  await relay.close();
});

const detail = (id: string) => read<Email>(app.call("GET", `/api/emails/${id}`));
const resend = (id: string, headers = {}) => app.call("POST", `/api/emails/${id}/resend`, undefined, headers);
const final = (id: string) => expect.poll(async () => (await detail(id)).finishedAt).not.toBeNull();

async function sent(body: object = {}): Promise<string> {
  const anEmail = { to: ["jo@example.com"], bcc: "max@example.com", subject: "Hello", text: "Hello Jo" };
  const { id } = await read<AcceptedEmail>(app.call("POST", "/api/emails", { ...anEmail, ...body }));
  await final(id);
  return id;
}

describe("POST /api/emails/{id}/resend", () => {
  it("sends the same bytes to the same recipients, but for Message-ID and Date", async () => {
    const old = await sent({ tags: ["order"], replyTo: "desk@example.com", priority: "low", config: "Main" });
    await app.clock.advance(60_000);
    const response = await resend(old);
    expect(response.status).toBe(202);
    const { id, messageId } = await read<AcceptedEmail>(response);
    await final(id);
    const [first, second] = relay.messages;
    const before = await detail(old);
    expect(second?.to).toEqual(first?.to);
    expect(Buffer.from(second?.content ?? []).toString()).toBe(
      Buffer.from(first?.content ?? [])
        .toString()
        .replace(before.messageId, messageId)
        .replace("Date: Thu, 01 Jan 2026 00:00:00 +0000", "Date: Thu, 01 Jan 2026 00:01:00 +0000"),
    );
    expect(messageId).not.toBe(before.messageId);
    const copy = await detail(id);
    const { subject, tags, replyTo, priority, config } = before;
    expect(copy).toMatchObject({ subject, tags, replyTo, priority, config, state: "sent", resentFrom: old });
    expect(copy.expiresAt).toBe("2026-01-02T00:01:00.000Z");
    expect(copy.recipients).toEqual(before.recipients);
    expect(before).toMatchObject({ resentFrom: null, state: "sent" });
    expect(before.resends).toEqual([{ id, state: "sent", createdAt: "2026-01-01T00:01:00.000Z" }]);
    const { items } = await read<{ items: AuditEntry[] }>(app.call("GET", "/api/audit-log"));
    expect(items[0]).toMatchObject({
      action: "email.resent",
      target: old,
      actor: { name: "Ada" },
      detail: { email: id },
    });
  });

  it("gives the first response again for the same key", async () => {
    const old = await sent();
    const key = { "idempotency-key": "again-1" };
    const answers = await Promise.all(
      Array.from({ length: 5 }, async () => read<AcceptedEmail>(resend(old, key))),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect((await resend(await sent(), key)).status).toBe(409);
    expect((await detail(old)).resends).toHaveLength(1);
  });

  it("is for keys what they sent themselves, and they see no resend of others", async () => {
    const headers = { ...(await app.bearer("send")), "content-type": "application/json" };
    const body = JSON.stringify({ to: "jo@example.com", subject: "Mine", text: "Hello" });
    const post = (path: string, init: RequestInit) =>
      app.request(`/api/emails${path}`, { method: "POST", headers, ...init });
    const { id } = await read<AcceptedEmail>(post("", { body }));
    await final(id);
    expect((await post(`/${await sent()}/resend`, {})).status).toBe(404);
    const own = await read<AcceptedEmail>(post(`/${id}/resend`, {}));
    const others = await read<AcceptedEmail>(resend(id));
    const seen = await read<Email>(app.request(`/api/emails/${id}`, { headers }));
    expect(seen.resends.map((one) => one.id)).toEqual([own.id]);
    expect((await detail(id)).resends.map((one) => one.id)).toEqual([others.id, own.id]);
  });

  it("is refused for what cannot be sent once more, with the reason", async () => {
    const put = (given: object) => storeEmail(app.services.store.db, { acceptedAt: 0, ...given });
    const data = { name: "Jo", url: "https://example.com/reset?code=1" };
    const sensitive = await sent({ subject: undefined, text: undefined, template: "password-reset", data });
    const purged = await put({});
    const { db } = app.services.store;
    await db.deleteFrom("email_content").where("email_id", "=", purged).execute();
    const orphan = await put({});
    await db
      .updateTable("emails")
      .set({ via: "deleted", via_fallback: 0 })
      .where("id", "=", orphan)
      .execute();
    const queued = await put({ state: "sending" });
    for (const [id, status, words] of [
      [sensitive, 410, "sensitive"],
      [purged, 410, "deleted"],
      [orphan, 409, "SMTP config was deleted"],
      [await put({ template: "test-email" }), 409, "tested one SMTP config"],
      [queued, 409, "not final yet"],
      ["nothing", 404, "not found"],
    ] as const) {
      const response = await resend(id);
      expect([status, (await read<Problem>(response)).detail]).toEqual([
        response.status,
        expect.stringContaining(words),
      ]);
    }
  });
});
