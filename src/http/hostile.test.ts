import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cost, cpuOf, hostile, type Operation, operationsOf } from "../../test/support/hostile.ts";
import { adminKey, openApp, read, type TestApp } from "../../test/support/open-app.ts";
import { SignIn } from "../accounts/sign-in.ts";
import { createApp } from "./app.ts";
import type { Problem } from "./schema/common.ts";

const maxRatio = 5;
const maxReplyBytes = 64 * 1024;
/** Of 500 emails in a batch, each with its own problem. */
const maxBatchReplyBytes = 512 * 1024;

let opened: TestApp;
let app: ReturnType<typeof createApp>;
let operations: readonly Operation[];

beforeAll(async () => {
  opened = await openApp();
  const signIn = new SignIn({
    ...opened.services,
    secret: "x".repeat(44),
    publicUrl: null,
    linkBase: () => null,
  });
  app = createApp(opened.services, {
    signedIn: (request) => signIn.signedIn(request),
    signIn,
    apiKey: adminKey,
  });
  const config = { smtpServer: "127.0.0.1", smtpPort: 1, fromEmail: "app@example.com" };
  const { id } = await read<{ id: string }>(opened.call("POST", "/api/smtp-configs", config));
  operations = operationsOf(await read(app.request("/api/openapi.json")), {
    "/api/smtp-configs/": { id, version: "1" },
    "/api/templates/": { name: "password-reset", version: "0" },
    "/api/template-parts/": { name: "layout", version: "0" },
  });
}, 30_000);
afterAll(() => opened.close());

async function send({ method, path }: Pick<Operation, "method" | "path">, body: string): Promise<Response> {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json" };
  return app.request(path, { method, headers, body });
}

/** @throws where the reply is not a refusal that is short. */
async function expectRefusal(response: Response, what: string, maxBytes = maxReplyBytes): Promise<void> {
  const reply = await response.text();
  expect(response.status, `${what}: ${reply.slice(0, 300)}`).toBeGreaterThanOrEqual(400);
  expect(response.status, `${what}: ${reply.slice(0, 300)}`).toBeLessThan(500);
  expect(Buffer.byteLength(reply), what).toBeLessThanOrEqual(maxBytes);
}

describe("a hostile body", () => {
  it("meets a limit on every route that takes one, and the document says which", () => {
    expect(operations.length).toBeGreaterThan(20);
    for (const { name, limits, description } of operations) {
      expect(limits, name).toEqual({
        bytes: expect.any(Number),
        depth: expect.any(Number),
        values: expect.any(Number),
        names: expect.any(Number),
      });
      expect(description, name).toMatch(/^Body in UTF-8, at most \d/);
      if (name.includes("/auth/") || name.includes("/first-admin")) {
        expect(limits.bytes, name).toBe(16 * 1024);
      }
    }
  });

  it("is refused shortly, up to the limit of each route", async () => {
    for (const operation of operations) {
      const limit = operation.limits.bytes - 100;
      for (const [shape, textOf] of Object.entries(hostile)) {
        // What holds many things is refused before its end; texts are read to it.
        const bytes = textOf === hostile["a long text"] ? limit : Math.min(limit, 4_000_000);
        await expectRefusal(await send(operation, textOf(bytes)), `${operation.name}: ${shape}`);
      }
    }
  }, 60_000);

  it("is refused shortly in the place of every field", async () => {
    for (const operation of operations) {
      for (const field of operation.fields) {
        for (const [shape, textOf] of Object.entries(hostile)) {
          const body = operation.with(field, textOf(14_000));
          const response = await send(operation, body);
          const what = `${operation.name}: ${field} is ${shape}`;
          // Some fields take anything, and some any text or object. What is wrong in a batch is told for each email.
          if (field === "emails" && response.status === 202) {
            expect((await response.text()).length, what).toBeLessThanOrEqual(maxBatchReplyBytes);
          } else if (response.status < 300) expect(operation.takesAnything(field), what).toBe(true);
          else await expectRefusal(response, what);
        }
      }
    }
  }, 60_000);

  it("costs no more than five times what an accepted one of its length does", async () => {
    const costs: Cost[] = [];
    for (const operation of operations) {
      // Of this size the time that any request takes is little beside that of its body.
      const size = Math.min(operation.limits.bytes - 100, 1_000_000);
      const isBatch = operation.path.endsWith("/batch");
      // Only emails may be as long as one likes: elsewhere an accepted body of this length is that of an email.
      const accepted = isBatch ? batchOf(size) : emailOf(size);
      const acceptedBy = { method: "POST", path: isBatch ? "/api/emails/batch" : "/api/emails" };
      const usual = await cpuOf(async () => expect((await send(acceptedBy, accepted)).status).toBe(202), 3);
      for (const [shape, textOf] of Object.entries(hostile)) {
        const body = textOf(size);
        const cpu = await cpuOf(() => send(operation, body), 6, usual * maxRatio);
        costs.push({ what: `${operation.name}: ${shape}`, ratio: cpu / usual });
      }
    }
    expect(costs.filter(({ ratio }) => ratio > maxRatio)).toEqual([]);
  }, 60_000);
});

function emailOf(bytes: number, to: unknown = "jo@example.com"): string {
  return JSON.stringify({ to, subject: "Hello", text: `${"a".repeat(70)}\n`.repeat(Math.ceil(bytes / 72)) });
}

function batchOf(bytes: number, count = 500): string {
  return `{"emails":[${Array(count)
    .fill(emailOf(bytes / count))
    .join(",")}]}`;
}

describe("emails", () => {
  const wrong = (count: number) => Array<number>(count).fill(1);
  const headers = (count: number) => Object.fromEntries(wrong(count).map((_, n) => [`X-${n}`, "x"]));

  it.each<[string, object, string, string]>([
    ["more recipients than may be", { to: wrong(200_000) }, "", "has more than 25000 values"],
    ["somewhat more recipients than may be", { to: wrong(20_000) }, "/to", "must have at most 50 recipients"],
    ["more headers than may be", { headers: headers(101) }, "/headers", "must have at most 100 headers"],
    ["far more headers", { headers: headers(5_000) }, "", "has more than 2000 different field names"],
    ["deep data", { data: deep(200_000) }, "", "is nested deeper than 16 levels"],
  ])("with %s are refused by their number alone", async (_name, fields, pointer, detail) => {
    const body = JSON.stringify({ to: "jo@example.com", subject: "x", text: "x", ...fields });
    for (const idempotencyKey of [{}, { "idempotency-key": "one" }]) {
      const response = await app.request("/api/emails", {
        method: "POST",
        headers: {
          authorization: `Bearer ${adminKey}`,
          "content-type": "application/json",
          ...idempotencyKey,
        },
        body,
      });
      expect(response.status).toBe(400);
      expect((await read<Problem>(response)).errors).toContainEqual({ pointer, detail });
    }
  });

  it("of a batch that are all wrong get an answer each, and these stay short together", async () => {
    for (const [count, to] of [
      [500, wrong(50)],
      [240, wrong(2_000)],
      [100, Array(50).fill("x".repeat(1_000))],
    ] as const) {
      const batch = { emails: Array(count).fill({ to, subject: "x", text: "x" }) };
      const response = await send({ method: "POST", path: "/api/emails/batch" }, JSON.stringify(batch));
      expect(response.status).toBe(202);
      const reply = await response.text();
      expect(JSON.parse(reply).results).toHaveLength(count);
      expect(reply.length).toBeLessThanOrEqual(maxBatchReplyBytes);
    }
  }, 60_000);
});

/** Without recursion, as `JSON.stringify` cannot do it for so many levels. */
function deep(levels: number): unknown {
  return JSON.parse(`${"[".repeat(Math.min(levels, 1_000))}${"]".repeat(Math.min(levels, 1_000))}`);
}
