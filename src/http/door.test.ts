import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { adminKey, openApp, read, type TestApp } from "../../test/support/open-app.ts";
import { createApp } from "./app.ts";
import type { Problem } from "./schema/common.ts";
import { type Listening, serve } from "./serve.ts";

// The server puts its own in place of these; stubbed, they are put back after this file.
beforeAll(() => {
  vi.stubGlobal("Request", Request);
  vi.stubGlobal("Response", Response);
});

const megabyte = 1024 * 1024;
const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
const large = JSON.stringify({ to: "jo@example.com", subject: "Large", text: "x".repeat(4 * megabyte) });
const small = JSON.stringify({ to: "jo@example.com", subject: "Small", text: "Hello" });
const busy = { status: 503, code: "server.busy", retryAfter: "5" };

let opened: TestApp;
let server: Listening;
/** What a large request that is being received holds. */
let release: () => void;
beforeEach(async () => {
  opened = await openApp({ memory: 16_000_000 });
  const app = createApp(opened.services, { signedIn: async () => null, apiKey: adminKey });
  server = await serve(app, { host: "127.0.0.1", port: 0 });
  release = await opened.services.contentMemory.hold(4 * megabyte);
});
afterEach(async () => {
  await server.close();
  await opened.close();
});

interface Answer {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly retryAfter: string | undefined;
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  let text = "";
  for await (const chunk of response) text += String(chunk);
  const { code } = JSON.parse(text) as Partial<Problem>;
  return { status: response.statusCode, code, retryAfter: response.headers["retry-after"] };
}

/** Posts over a connection of its own; without a length if the body is given as parts. */
async function post(body: string | readonly string[]): Promise<Answer> {
  const sent = request(`${server.url}/api/emails`, { method: "POST", headers, agent: false });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  if (typeof body === "string") sent.end(body);
  else {
    for (const part of body) sent.write(part);
    sent.end();
  }
  return answerOf((await answered)[0]);
}

/** Lets those that wait for memory wait for too long. */
async function waitTooLong(): Promise<void> {
  await expect.poll(() => opened.services.contentMemory.waiting).toBe(1);
  await opened.clock.advance(5_000);
}

describe("while there is no memory for another large body", () => {
  it("one waits, and is accepted once there is", async () => {
    const answer = post(large);
    await expect.poll(() => opened.services.contentMemory.waiting).toBe(1);
    release();
    expect((await answer).status).toBe(202);
    expect(opened.services.contentMemory.inUse).toBe(0);
  });

  it.each([
    ["with a length", large],
    ["without a length", [large.slice(0, 100_000), large.slice(100_000)]],
  ])("one %s that waits for too long gets 503 and may come again", async (_name, body) => {
    const answer = post(body);
    await waitTooLong();
    expect(await answer).toEqual(busy);
    release();
    expect(opened.services.contentMemory.inUse).toBe(0);
    expect((await post(body)).status).toBe(202);
  });

  it("small ones are accepted, with or without a length", async () => {
    const waiting = post(large);
    await expect.poll(() => opened.services.contentMemory.waiting).toBe(1);
    expect((await post(small)).status).toBe(202);
    expect((await post([small])).status).toBe(202);
    release();
    await waiting;
  });

  it("a client that waits for 100 Continue gets the 503 without having sent the body", async () => {
    const socket = connect(server.port, "127.0.0.1");
    const fields = Object.entries({ ...headers, host: "x", "content-length": large.length });
    socket.write(
      `POST /api/emails HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}expect: 100-continue\r\n\r\n`,
    );
    await waitTooLong();
    const [data] = await once(socket, "data");
    expect(String(data)).toMatch(/^HTTP\/1\.1 503 /);
    socket.destroy();
  });

  it("a client that goes away leaves nothing behind", async () => {
    const sent = request(`${server.url}/api/emails`, {
      method: "POST",
      headers: { ...headers, "content-length": large.length },
      agent: false,
    });
    sent.on("error", () => {});
    sent.write(large.slice(0, 1_000));
    await expect.poll(() => opened.services.contentMemory.waiting).toBe(1);
    sent.destroy();
    await expect.poll(() => opened.services.contentMemory.waiting).toBe(0);
    release();
    expect(opened.services.contentMemory.inUse).toBe(0);
  });
});

it("a client that waits for 100 Continue gets it when there is memory, and then its answer", async () => {
  release();
  const sent = request(`${server.url}/api/emails`, {
    method: "POST",
    headers: { ...headers, expect: "100-continue", "content-length": Buffer.byteLength(large) },
    agent: false,
  });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  sent.flushHeaders();
  await once(sent, "continue");
  sent.end(large);
  expect((await answerOf((await answered)[0])).status).toBe(202);
});

it("a client that goes away in the middle of its body leaves nothing behind", async () => {
  release();
  const sent = request(`${server.url}/api/emails`, {
    method: "POST",
    headers: { ...headers, "content-length": large.length },
    agent: false,
  });
  sent.on("error", () => {});
  sent.write(large.slice(0, 1_000_000));
  await expect.poll(() => opened.services.contentMemory.inUse).toBeGreaterThan(0);
  sent.destroy();
  await expect.poll(() => opened.services.contentMemory.inUse).toBe(0);
});

describe("while the queue is full", () => {
  it("emails get 503 queue.full, a batch is accepted as far as there is room, and admins are told", async () => {
    const full = await openApp({ queueLimit: 2 });
    const email = JSON.parse(small);
    const batch = { emails: [email, email, email] };
    const { results } = await read<{ results: { id?: string; problem?: Problem }[] }>(
      full.call("POST", "/api/emails/batch", batch),
    );
    expect(results.filter(({ id }) => id !== undefined).length).toBeGreaterThanOrEqual(2);
    for (const [path, body] of [
      ["/api/emails", email],
      ["/api/emails/batch", batch],
    ] as const) {
      const refused = await full.call("POST", path, body);
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "30"]);
      expect(await read<Problem>(refused)).toMatchObject({ code: "queue.full" });
    }
    const { mail } = await read<{ mail: object }>(full.call("GET", "/api/overview"));
    expect(mail).toMatchObject({ level: "bad", code: "queue_full" });
    const health = await read<{ problems: string[] }>(full.call("GET", "/api/health"));
    expect(health.problems[0]).toBe("Sendwright rejects new emails because the queue is full.");
    await full.close();
  });
});
