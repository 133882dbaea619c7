import { createHmac, timingSafeEqual } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { KyselyPlugin } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLog } from "../core/log.ts";
import type { Actor } from "../core/model.ts";
import { createEgress } from "../net/egress.ts";
import { generateKey } from "../secret/fernet.ts";
import { unlock } from "../secret/unlock.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { insertWebhookDelivery, listDueWebhookDeliveries } from "../store/tables/webhook-deliveries.ts";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { makeAuthority } from "../testing/index.ts";
import { changeWebhook } from "./endpoint.ts";
import { WebhookSender } from "./sender.ts";

const ada: Actor = { id: "user:1", name: "Ada" };
const start = Date.UTC(2026, 0, 1);
const minuteMs = 60_000;

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let folder: string;
let now: number;
const clock = { now: () => now, monotonic: () => now, after: () => () => {} };
const key = generateKey();
let store: Store;
let sender: WebhookSender;
let receiver: Server;
let url: string;
/** What the receiver answers next, one after the other; then 204. */
let answers: number[];
let received: Received[];
let names: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-webhook-"));
  now = start;
  answers = [];
  received = [];
  names = [];
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      const status = answers.shift() ?? 204;
      response.writeHead(status, status === 302 ? { location: url } : {}).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  url = `http://localhost:${(receiver.address() as AddressInfo).port}/hook?token=t`;
  await open();
});

afterEach(async () => {
  await close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
  rmSync(folder, { recursive: true });
});

async function open(): Promise<void> {
  store = await openSqliteStore(join(folder, "sendwright.db"));
  sender = new WebhookSender({ ...(await parts()), log: createLog("silent") });
}

async function close(): Promise<void> {
  await sender.stop();
  await store.close();
}

async function parts(mode: "default" | "public-only" = "default", lookup = loopback) {
  return { store, secrets: await secretsOf(), egress: createEgress(mode, lookup), clock };
}

const secretsOf = () => unlock({ rows: [], primary: key, previous: [], clock });

async function loopback(name: string) {
  names.push(name);
  return [{ address: "127.0.0.1", family: 4 }];
}

async function subscribe(to = url): Promise<string> {
  const { secret } = await changeWebhook(store.db, await secretsOf(), { webhookUrl: to });
  return secret ?? "";
}

const event = {
  id: "msg_1",
  body: '{"type":"config.alert.raised","data":{"name":"Zürich"}}',
  createdAt: start,
};
const due = () => listDueWebhookDeliveries(store.db, Number.MAX_SAFE_INTEGER, 10);

/** As a receiver does it who has read the specification and nothing else. */
function isSigned({ headers, body }: Received, secret: string): boolean {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = headers;
  const bytes = Buffer.from(secret.replace("whsec_", ""), "base64");
  const expected = createHmac("sha256", bytes).update(`${id}.${timestamp}.${body}`).digest();
  return String(signatures)
    .split(" ")
    .some((signature) => {
      const [version, value = ""] = signature.split(",");
      const given = Buffer.from(value, "base64");
      return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
    });
}

describe("an event", () => {
  test("is posted as JSON, signed for the time of the try, and then forgotten", async () => {
    const secret = await subscribe();
    await insertWebhookDelivery(store.db, event);
    now += 1_500;
    await sender.wake();
    const [first] = received;
    expect(received).toHaveLength(1);
    expect(first).toMatchObject({ body: event.body, headers: { "content-type": "application/json" } });
    expect(first?.headers["webhook-id"]).toBe("msg_1");
    expect(first?.headers["webhook-timestamp"]).toBe(String(start / 1000 + 1));
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(first !== undefined && isSigned(first, secret)).toBe(true);
    expect(first !== undefined && isSigned({ ...first, body: `${first.body} ` }, secret)).toBe(false);
    expect(await due()).toEqual([]);
  });

  test("is tried again after 5 seconds, 1 and 10 minutes, 1 and 6 hours, with the same id, then given up", async () => {
    const secret = await subscribe();
    answers = [500, 503, 302, 404, 429, 500];
    await insertWebhookDelivery(store.db, event);
    await sender.wake();
    for (const wait of [5_000, minuteMs, 10 * minuteMs, 60 * minuteMs, 360 * minuteMs]) {
      const tries = received.length;
      now += wait - 1;
      await sender.wake();
      expect(received).toHaveLength(tries);
      now += 1;
      await sender.wake();
      expect(received).toHaveLength(tries + 1);
    }
    expect(received.map(({ headers }) => headers["webhook-id"])).toEqual(Array(6).fill("msg_1"));
    expect(received.every((one) => isSigned(one, secret))).toBe(true);
    expect(await due()).toEqual([]);
  });

  test("is posted at once where it comes while a round that found nothing sets its alarm", async () => {
    await subscribe();
    await sender.stop();
    let answered = 0;
    const whenAnswered: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        // The first answer is that nothing is due, the second that nothing will be.
        if (++answered === 2) {
          await insertWebhookDelivery(store.db, event);
          void sender.wake();
        }
        return result;
      },
    };
    const { store: seen, ...others } = await parts();
    const watched = { ...seen, db: seen.db.withPlugin(whenAnswered) };
    sender = new WebhookSender({ ...others, store: watched, log: createLog("silent") });
    await sender.wake();
    expect(received).toHaveLength(1);
  });

  test("is given up at once where the receiver says that it is gone for good", async () => {
    await subscribe();
    answers = [410];
    await insertWebhookDelivery(store.db, event);
    await sender.wake();
    expect(await due()).toEqual([]);
  });

  test("outlives a restart", async () => {
    await subscribe();
    answers = [500];
    await insertWebhookDelivery(store.db, event);
    await sender.wake();
    await close();
    await open();
    now += 5_000;
    await sender.wake();
    expect(received).toHaveLength(2);
    expect(await due()).toEqual([]);
  });

  test("follows no redirect", async () => {
    await subscribe();
    answers = [302];
    await insertWebhookDelivery(store.db, event);
    await sender.wake();
    expect(received).toHaveLength(1);
    expect(await due()).toMatchObject([{ tries: 1 }]);
  });

  test("is forgotten with the webhook", async () => {
    await subscribe();
    await insertWebhookDelivery(store.db, event);
    await changeWebhook(store.db, await secretsOf(), { webhookUrl: null });
    await sender.wake();
    expect([received, await due()]).toEqual([[], []]);
  });
});

describe("where events go", () => {
  test("is the address that was checked, whatever the name leads to a moment later", async () => {
    await subscribe(url.replace("localhost", "127.0.0.1"));
    await subscribe(url);
    await insertWebhookDelivery(store.db, event);
    await sender.wake();
    // Asked once, and dialled without asking again.
    expect(names).toEqual(["localhost"]);
    expect(received).toHaveLength(1);
  });

  test("is no address that clouds trust", async () => {
    await subscribe("https://hook.example.com/x");
    const metadata = async () => [{ address: "169.254.169.254", family: 4 }];
    const other = new WebhookSender({ ...(await parts("default", metadata)), log: createLog("silent") });
    expect(await other.test(ada)).toMatchObject({
      ok: false,
      status: null,
      detail: expect.stringContaining("169.254"),
    });
    await other.stop();
  });

  test("is not inside where only public addresses may be dialled", async () => {
    await subscribe("https://hook.example.com/x");
    const other = new WebhookSender({ ...(await parts("public-only")), log: createLog("silent") });
    expect(await other.test(ada)).toMatchObject({ ok: false, status: null });
    expect(received).toEqual([]);
    await other.stop();
  });

  test("must show a certificate of its own name", async () => {
    const authority = makeAuthority();
    const before = getCACertificates("default");
    setDefaultCACertificates([...before, authority.caPem]);
    const { key, cert } = authority.issue({ names: ["hook.example.com"] });
    const secure = createTlsServer({ key, cert }, (request, response) => {
      request.resume().on("end", () => response.writeHead(204).end());
    });
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
    const { port } = secure.address() as AddressInfo;
    try {
      await subscribe(`https://hook.example.com:${port}/`);
      expect(await sender.test(ada)).toMatchObject({ ok: true, status: 204 });
      await subscribe(`https://other.example.com:${port}/`);
      expect(await sender.test(ada)).toMatchObject({ ok: false, detail: "ERR_TLS_CERT_ALTNAME_INVALID" });
    } finally {
      setDefaultCACertificates(before);
      secure.closeAllConnections();
      await new Promise((resolve) => secure.close(resolve));
    }
  });
});

test("who does not answer within ten seconds has not taken it", async () => {
  const ticking = createFixedClock(start);
  let asked = () => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const silent = createServer(() => asked());
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const patient = new WebhookSender({ ...(await parts()), clock: ticking, log: createLog("silent") });
  try {
    await subscribe(`http://localhost:${(silent.address() as AddressInfo).port}/`);
    const tried = patient.test(ada);
    await isAsked;
    await expect(patient.test(ada)).rejects.toMatchObject({ code: "test.busy" });
    await ticking.advance(10_000);
    expect(await tried).toMatchObject({ ok: false, status: null, detail: "no response within 10 seconds" });
    expect(ticking.waiting).toBe(0);
  } finally {
    await patient.stop();
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  }
});

test("what is under way when the service stops is tried again, as if it had not been", async () => {
  let asked = () => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const silent = createServer(() => asked());
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  try {
    await subscribe(`http://localhost:${(silent.address() as AddressInfo).port}/`);
    await insertWebhookDelivery(store.db, event);
    const round = sender.wake();
    await isAsked;
    await sender.stop();
    await round;
    expect(await due()).toMatchObject([{ tries: 0, nextTryAt: now }]);
  } finally {
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  }
});

describe("a test event", () => {
  test("is signed and sent once, and says what became of it", async () => {
    const secret = await subscribe();
    answers = [204, 500];
    expect(await sender.test(ada)).toEqual({
      ok: true,
      status: 204,
      detail: "it responded with 204",
      durationMs: 0,
    });
    const [first] = received;
    expect(JSON.parse(first?.body ?? "")).toMatchObject({
      type: "webhook.test",
      timestamp: "2026-01-01T00:00:00.000Z",
    });
    expect(first !== undefined && isSigned(first, secret)).toBe(true);
    expect(await sender.test(ada)).toMatchObject({ ok: false, status: 500 });
    expect(await due()).toEqual([]);
  });

  test("needs a webhook", async () => {
    await expect(sender.test(ada)).rejects.toMatchObject({ code: "webhook.none" });
  });

  test("cannot be signed by a row that other hands gave another address", async () => {
    await subscribe();
    const { value_json } = await store.db
      .selectFrom("settings")
      .selectAll()
      .where("key", "=", "webhook")
      .executeTakeFirstOrThrow();
    const moved = value_json.replace("localhost", "elsewhere.example.com");
    await store.db.updateTable("settings").set({ value_json: moved }).where("key", "=", "webhook").execute();
    await expect(sender.test(ada)).rejects.toMatchObject({ code: "token.invalid" });
  });
});
