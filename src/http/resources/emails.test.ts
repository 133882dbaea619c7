import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import type { Problem } from "../schema/common.ts";
import type { AcceptedEmail, Email, EmailPreview, EmailSummary } from "../schema/emails.ts";

let app: TestApp;
beforeEach(async () => {
  app = await openApp();
});
afterEach(() => app.close());

const anEmail = { to: "Jo <jo@example.com>", subject: "Hello", text: "Hello Jo", html: "<p>Hello Jo" };
const reset = {
  to: "jo@example.com",
  template: "password-reset",
  data: { name: "Jo", url: "https://example.com/reset?code=1" },
};

async function send(body: object = anEmail, headers: Record<string, string> = {}): Promise<AcceptedEmail> {
  const response = await app.call("POST", "/api/emails", body, headers);
  expect(response.status).toBe(202);
  return read<AcceptedEmail>(response);
}

function list(query = ""): Promise<{ items: EmailSummary[]; next: string | null }> {
  return read(app.call("GET", `/api/emails${query}`));
}

describe("POST /api/emails", () => {
  it("answers once the email is stored", async () => {
    const { id, messageId, state } = await send();
    expect(state).toBe("queued");
    const stored = await read<Email>(app.call("GET", `/api/emails/${id}`));
    expect(stored).toMatchObject({ id, messageId, subject: "Hello", attempts: [] });
    expect(stored.createdAt).toBe("2026-01-01T00:00:00.000Z");
    expect(stored.recipients).toEqual([
      { address: "jo@example.com", role: "to", state: "queued", code: null, enhancedCode: null, reply: null },
    ]);
    expect(Object.keys(stored)).not.toContain("lease");
  });

  it("names every wrong field at once, and stores nothing", async () => {
    const bad = {
      to: ["jo@example.com", "not an address", "a@b\r\nRCPT TO:<c@d>"],
      subject: "Hello\r\nBcc: all@example.com",
      text: 1,
      priority: "urgent",
      colour: "red",
    };
    const response = await app.call("POST", "/api/emails", bad);
    expect(response.status).toBe(400);
    const { errors = [] } = await read<Problem>(response);
    expect(errors.map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(["/to/1", "/to/2", "/subject", "/text", "/priority", "/colour"]),
    );
    expect((await list()).items).toEqual([]);
  });

  it("calls an unknown template a wrong field", async () => {
    const response = await app.call("POST", "/api/emails", { ...reset, template: "nothing" });
    expect(response.status).toBe(400);
    expect(await read<Problem>(response)).toMatchObject({
      code: "input.invalid",
      errors: [{ pointer: "/template" }],
    });
  });

  it("gives the first answer again for the same key and request", async () => {
    const headers = { "idempotency-key": "order-1" };
    const first = await send(anEmail, headers);
    expect(await send(anEmail, headers)).toEqual(first);
    const other = await app.call("POST", "/api/emails", { ...anEmail, subject: "Other" }, headers);
    expect(other.status).toBe(409);
    expect(await read<Problem>(other)).toMatchObject({ code: "idempotency.conflict" });
    expect((await list()).items).toHaveLength(1);
  });

  it("keeps the idempotency keys of callers apart", async () => {
    const key = { "idempotency-key": "order-1" };
    const first = await send(anEmail, key);
    const second = await send({ ...anEmail, subject: "Other" }, { ...key, ...(await app.bearer("send")) });
    expect(second.id).not.toBe(first.id);
  });

  it("refuses an idempotency key that is no key", async () => {
    for (const key of ["", "x".repeat(256), "with space"]) {
      const response = await app.call("POST", "/api/emails", anEmail, { "idempotency-key": key });
      expect(response.status).toBe(400);
    }
  });
});

describe("the same email fifty times at once", () => {
  it("is stored once, and each post gets the same answer", async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => send(anEmail, { "idempotency-key": "order-1" })),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect((await list()).items).toHaveLength(1);
  });

  it("is another email a day later", async () => {
    const first = await send(anEmail, { "idempotency-key": "order-1" });
    await app.clock.advance(24 * 3_600_000 - 1);
    expect(await send(anEmail, { "idempotency-key": "order-1" })).toEqual(first);
    await app.clock.advance(1);
    expect((await send(anEmail, { "idempotency-key": "order-1" })).id).not.toBe(first.id);
  });
});

describe("POST /api/emails/batch", () => {
  type Result = AcceptedEmail | { problem: Problem };
  async function sendBatch(emails: unknown[], headers: Record<string, string> = {}): Promise<Result[]> {
    const response = await app.call("POST", "/api/emails/batch", { emails }, headers);
    expect(response.status).toBe(202);
    return (await read<{ results: Result[] }>(response)).results;
  }

  it("answers for each email, and stores those that are right", async () => {
    const results = await sendBatch([
      anEmail,
      { ...anEmail, to: "nobody" },
      { ...reset, template: "nothing" },
      reset,
    ]);
    expect(results).toMatchObject([
      { state: "queued" },
      { problem: { status: 400, code: "input.invalid", errors: [{ pointer: "/to" }] } },
      { problem: { status: 400, errors: [{ pointer: "/template" }] } },
      { state: "queued" },
    ]);
    expect((await list()).items).toHaveLength(2);
  });

  it("takes 500 emails, and not one more", async () => {
    const emails = Array.from({ length: 500 }, (_, index) => ({ ...anEmail, subject: `Number ${index}` }));
    const results = await sendBatch(emails);
    expect(new Set(results.map((result) => "id" in result && result.id)).size).toBe(500);
    const tooMany = await app.call("POST", "/api/emails/batch", { emails: [...emails, anEmail] });
    expect(tooMany.status).toBe(400);
    expect((await app.call("POST", "/api/emails/batch", { emails: [] })).status).toBe(400);
    expect((await app.call("POST", "/api/emails/batch", { emails: [anEmail], more: 1 })).status).toBe(400);
  });

  it("gives the first answers again, by a key of the whole or of each", async () => {
    const emails = [anEmail, { ...anEmail, idempotencyKey: "mine" }];
    const first = await sendBatch(emails, { "idempotency-key": "batch" });
    expect(await sendBatch(emails, { "idempotency-key": "batch" })).toEqual(first);
    expect(await send(anEmail, { "idempotency-key": "mine" })).toEqual(first[1]);
    expect(await sendBatch([{ ...anEmail, subject: "Another", idempotencyKey: "mine" }])).toMatchObject([
      { problem: { status: 409, code: "idempotency.conflict" } },
    ]);
    expect(await sendBatch([{ ...anEmail, idempotencyKey: "no key" }])).toMatchObject([
      { problem: { status: 400, errors: [{ pointer: "/idempotencyKey" }] } },
    ]);
  });
});

describe("GET /api/emails", () => {
  it("pages from the newest to the oldest", async () => {
    const ids: string[] = [];
    for (const subject of ["One", "Two", "Three"]) ids.unshift((await send({ ...anEmail, subject })).id);
    const first = await list("?limit=2");
    expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const last = await list(`?limit=2&after=${first.next}`);
    expect(last.items.map(({ id }) => id)).toEqual(ids.slice(2));
    expect(last.next).toBeNull();
  });

  it("filters by state, recipient, template and words", async () => {
    const hello = await send();
    const forgot = await send({ ...reset, to: "ann@example.com" });
    const found = async (query: string) => (await list(query)).items.map(({ id }) => id);
    expect(await found("?recipient=ann@example.com")).toEqual([forgot.id]);
    expect(await found("?recipient=ann@EXAMPLE.com")).toEqual([forgot.id]);
    expect(await found("?template=password-reset")).toEqual([forgot.id]);
    expect(await found("?q=hell")).toEqual([hello.id]);
    expect(await found("?state=sent")).toEqual([]);
    expect(await found("?state=queued&recipient=jo@example.com")).toEqual([hello.id]);
  });
});

describe("a key that may send", () => {
  it("reads what it sent, and nothing else exists for it", async () => {
    const headers = await app.bearer("send");
    const theirs = await send();
    const own = await send(anEmail, headers);
    const get = (path: string) => app.request(path, { headers });
    const page = await read<{ items: EmailSummary[] }>(get("/api/emails"));
    expect(page.items.map(({ id }) => id)).toEqual([own.id]);
    for (const what of ["", "/source", "/preview"]) {
      expect((await get(`/api/emails/${own.id}${what}`)).status).toBe(200);
      const hidden = await get(`/api/emails/${theirs.id}${what}`);
      expect(hidden.status).toBe(404);
      expect(await read<Problem>(hidden)).toMatchObject({ code: "email.not_found" });
    }
  });
});

describe("the contents of an email", () => {
  it("come as the message and as what a reader sees", async () => {
    const { id, messageId } = await send();
    const source = await app.call("GET", `/api/emails/${id}/source`);
    expect(source.headers.get("content-type")).toBe("message/rfc822");
    expect(source.headers.get("content-disposition")).toBe(`attachment; filename="${id}.eml"`);
    expect(await source.text()).toContain(messageId);
    const preview = await read<EmailPreview>(app.call("GET", `/api/emails/${id}/preview`));
    expect(preview.html).toContain("<p>Hello Jo");
    expect(preview.text?.trim()).toBe("Hello Jo");
  });

  it("stay hidden where they are sensitive", async () => {
    const { id } = await send(reset);
    for (const what of ["source", "preview"]) {
      const response = await app.call("GET", `/api/emails/${id}/${what}`);
      expect(response.status).toBe(410);
      expect(await response.text()).not.toContain("code=1");
    }
  });
});

describe("retry and cancel", () => {
  it("cancels what waits, once, and takes it up again", async () => {
    const { id } = await send();
    expect((await app.call("POST", `/api/emails/${id}/cancel`)).status).toBe(204);
    expect(await read<Email>(app.call("GET", `/api/emails/${id}`))).toMatchObject({ state: "cancelled" });
    const again = await app.call("POST", `/api/emails/${id}/cancel`);
    expect(again.status).toBe(409);
    expect(await read<Problem>(again)).toMatchObject({ code: "email.state_conflict" });
    expect((await app.call("POST", `/api/emails/${id}/retry`)).status).toBe(204);
    expect(await read<Email>(app.call("GET", `/api/emails/${id}`))).toMatchObject({ state: "queued" });
  });

  it("says that there is no such email", async () => {
    for (const what of ["", "/source", "/preview"]) {
      expect((await app.call("GET", `/api/emails/nothing${what}`)).status).toBe(404);
    }
    for (const what of ["retry", "cancel"]) {
      expect((await app.call("POST", `/api/emails/nothing/${what}`)).status).toBe(404);
    }
  });
});
