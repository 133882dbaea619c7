import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { notPaused, paused } from "../../test/support/smtp-config.ts";
import { ByteBudget } from "../core/byte-budget.ts";
import { FreeDisk } from "../core/free-disk.ts";
import { createLog } from "../core/log.ts";
import { Metrics } from "../core/metrics.ts";
import { parse } from "../core/parse.ts";
import { type EmailDetail, Outbox } from "../emails/emails.ts";
import { Intake } from "../emails/intake.ts";
import { QueueLimit } from "../emails/queue-limit.ts";
import { RecipientGuard } from "../guard/recipient-guard.ts";
import { smtpConfigView } from "../http/resources/smtp-config-views.ts";
import { createEgress } from "../net/egress.ts";
import { generateKey } from "../secret/fernet.ts";
import type { Secrets } from "../secret/secrets.ts";
import { unlock } from "../secret/unlock.ts";
import { ConfigSource } from "../smtp-configs/repository.ts";
import { ConfigResolver } from "../smtp-configs/resolver.ts";
import { smtpConfigCreate, smtpConfigUpdate } from "../smtp-configs/settings.ts";
import { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { insertEncryptionKey, listEncryptionKeys } from "../store/tables/encryption-keys.ts";
import { listSmtpConfigs } from "../store/tables/smtp-configs.ts";
import { LoadedTemplates } from "../templates/engine/templates.ts";
import {
  createFixedClock,
  type FixedClock,
  type RelayedMessage,
  type RelayOptions,
  startTestRelay,
  type TestRelay,
} from "../testing/index.ts";
import { DeliveryWorker } from "./worker.ts";

const configSource = new ConfigSource(null);

const caller = { id: "library", name: "library" };
const actor = { id: "user:1", name: "Ada" };
const hour = 3_600_000;

let folder: string;
let clock: FixedClock;
let store: Store;
let secrets: Secrets;
let configs: SmtpConfigs;
let worker: DeliveryWorker;
let outbox: Outbox;
const contentBudget = new ByteBudget(1_500_000);
const relays: TestRelay[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-delivery-"));
  clock = createFixedClock(Date.parse("2026-06-01T12:00:00Z"));
  await openEverything(generateKey());
});

afterEach(async () => {
  await closeEverything();
  for (const relay of relays.splice(0)) await relay.close();
  rmSync(folder, { recursive: true });
});

let secret: string;
async function openEverything(withSecret: string): Promise<void> {
  secret = withSecret;
  store = await openSqliteStore(join(folder, "sendwright.db"));
  secrets = await unlock({ rows: await listEncryptionKeys(store.db), primary: secret, previous: [], clock });
  if (secrets.newKey !== null) await insertEncryptionKey(store.db, secrets.newKey);
  secrets.newKeyStored();
  const metrics = new Metrics();
  const opening = { store, source: configSource, secrets, clock, accessTokens: null };
  configs = new SmtpConfigs({ ...opening, onChanged: () => worker.configsChanged() });
  worker = new DeliveryWorker({
    guard: new RecipientGuard(),
    store,
    secrets,
    configSource,
    resolver: new ConfigResolver(opening),
    egress: createEgress("default"),
    clock,
    log: createLog("silent"),
    metrics,
    random: () => 0.5,
    contentBudget,
    onFailing() {},
    explainTitle: () => null,
  });
  const templates = new LoadedTemplates();
  outbox = new Outbox({
    store,
    secrets,
    configSource,
    templates,
    clock,
    metrics,
    intake: new Intake({
      queue: new QueueLimit({ store, clock, limit: 1_000 }),
      disk: new FreeDisk({ folder: null, floor: 0, clock }),
    }),
    onQueued: () => worker.wake(),
  });
  await worker.start();
}

async function closeEverything(): Promise<void> {
  await worker.stop(1_000);
  await store.close();
}

/** A relay, and a config that sends through it. */
async function relayWith(options: RelayOptions = {}, overrides: object = {}): Promise<TestRelay> {
  const relay = await startTestRelay(options);
  relays.push(relay);
  await configs.create(
    parse(smtpConfigCreate, {
      smtpServer: relay.host,
      smtpPort: relay.port,
      useTls: false,
      fromEmail: "shop@example.com",
      fromName: "Shop",
      ...overrides,
    }),
    actor,
  );
  return relay;
}

/** Waits until the email is in another state than queued and sending, or has so many attempts. */
async function settled(id: string, attempts = 1): Promise<EmailDetail> {
  let email: EmailDetail;
  do {
    await turn();
    email = await outbox.get(id);
  } while (
    email.attempts.length < attempts ||
    email.state === "sending" ||
    (attempts === 0 && email.state === "queued")
  );
  return email;
}

/** Waits until the relay has taken so many messages. */
async function delivered(relay: TestRelay, count: number): Promise<readonly RelayedMessage[]> {
  while (relay.messages.length < count) await turn();
  return relay.messages;
}

/** Lets sockets and the database have their turn, and timers that are due. */
function turn(): Promise<void> {
  return clock.advance(0);
}

const hello = { to: "jo@example.com", subject: "Hello", text: "Hi Jo" };
const send = async (request: object = hello) => (await outbox.accept(request, { caller })).id;

describe("sending", () => {
  it("stores first, answers after the commit, then delivers and logs the result", async () => {
    const relay = await relayWith();
    const accepted = await outbox.accept(
      { ...hello, html: "<p>Hi Jo</p>", cc: "Max <max@example.com>" },
      { caller },
    );
    expect(accepted).toMatchObject({ state: "queued", repeated: false });
    const [message] = await delivered(relay, 1);
    expect(message).toMatchObject({ from: "shop@example.com", to: ["jo@example.com", "max@example.com"] });
    const parsed = await PostalMime.parse(message?.content ?? "");
    expect(parsed).toMatchObject({
      from: { name: "Shop", address: "shop@example.com" },
      subject: "Hello",
      messageId: accepted.messageId,
    });
    const email = await settled(accepted.id);
    expect(email).toMatchObject({ state: "sent", sentAt: clock.now() });
    expect(email.recipients.map(({ role, state, code }) => [role, state, code])).toEqual([
      ["to", "sent", 250],
      ["cc", "sent", 250],
    ]);
    expect(email.attempts).toMatchObject([{ outcome: "sent", stage: "message", relayAddress: "127.0.0.1" }]);
  });

  it("keeps the wanted sender and reply address, and hides blind copies", async () => {
    const relay = await relayWith({}, { replyTo: "desk@example.com" });
    await send({ ...hello, bcc: "boss@example.com" });
    await send({ ...hello, from: "Jane <jane@example.com>", replyTo: ["a@example.com", "b@example.com"] });
    const messages = await delivered(relay, 2);
    const of = (from: string) => messages.find((message) => message.from === from);
    expect(of("shop@example.com")?.to).toEqual(["jo@example.com", "boss@example.com"]);
    expect(of("shop@example.com")?.content.toString()).not.toContain("boss@example.com");
    expect(of("shop@example.com")?.content.toString()).toContain("Reply-To: desk@example.com\r\n");
    expect(of("jane@example.com")?.content.toString()).toContain(
      "Reply-To: a@example.com, b@example.com\r\n",
    );
  });

  it("sends large emails byte for byte, also encrypted ones, with no more of them in memory than may be", async () => {
    let mostInUse = 0;
    const relay = await relayWith({
      onDot: () => {
        mostInUse = Math.max(mostInUse, contentBudget.inUse);
        return undefined;
      },
    });
    const attachment = { filename: "a.bin", content: Buffer.alloc(500_000, "content").toString("base64") };
    const ids = [await send({ ...hello, attachments: [attachment] })];
    ids.push(await send({ ...hello, attachments: [attachment], sensitive: true }));
    ids.push(await send({ ...hello, attachments: [attachment] }));
    for (const message of await delivered(relay, 3)) {
      const { attachments } = await PostalMime.parse(message.content, { attachmentEncoding: "base64" });
      expect(attachments[0]?.content).toBe(attachment.content);
    }
    for (const id of ids) expect(await settled(id)).toMatchObject({ state: "sent" });
    // One alone has some 700,000 octets, and nearly a million if it is encrypted.
    expect(mostInUse).toBeGreaterThan(600_000);
    expect(mostInUse).toBeLessThanOrEqual(contentBudget.limit);
    expect([contentBudget.inUse, contentBudget.waiting]).toEqual([0, 0]);
  });

  it("lets no email wait behind a large one that a relay is slow to take", async () => {
    const large = Promise.withResolvers<undefined>();
    const senders = new Map<unknown, string>();
    const relay = await relayWith(
      {
        onMail: (from, peer) => {
          senders.set(peer, from);
          return undefined;
        },
        onData: (peer) => (senders.get(peer) === "large@example.com" ? large.promise : undefined),
      },
      { maxConnections: 2 },
    );
    const attachment = { filename: "a.bin", content: Buffer.alloc(300_000).toString("base64") };
    await send({ ...hello, from: "large@example.com", attachments: [attachment] });
    while (![...senders.values()].includes("large@example.com")) await turn();
    for (let count = 0; count < 12; count++) await send();
    expect(await delivered(relay, 12)).toHaveLength(12);
    large.resolve(undefined);
    expect((await delivered(relay, 13))[12]?.from).toBe("large@example.com");
  });

  it("writes to the same address once", async () => {
    const relay = await relayWith();
    await send({ ...hello, to: ["jo@example.com", "jo@example.com"], cc: "jo@example.com" });
    expect((await delivered(relay, 1))[0]?.to).toEqual(["jo@example.com"]);
  });

  it("names every wrong field and stores nothing", async () => {
    const wrong = outbox.accept(
      { to: ["jo@", "x@example.com"], subject: "a\r\nBcc: evil@example.com", html: 5, colour: "red" },
      { caller },
    );
    await expect(wrong).rejects.toMatchObject({ code: "input.invalid" });
    const pointers = await wrong.catch((error) =>
      error.issues.map((issue: { pointer: string }) => issue.pointer),
    );
    expect(pointers.sort()).toEqual(["/colour", "/html", "/subject", "/to/0"]);
    expect((await outbox.list({ limit: 10 })).items).toEqual([]);
  });

  it("names what is wrong with the template's data along with the rest", async () => {
    const wrong = outbox.accept({ to: "jo@", template: "password-reset", data: { name: 5 } }, { caller });
    const pointers = await wrong.catch((error) =>
      error.issues.map((issue: { pointer: string }) => issue.pointer),
    );
    expect(pointers.sort()).toEqual(["/data/name", "/data/url", "/to"]);
  });

  it("refuses 51 recipients and a message without anybody to get it", async () => {
    const many = Array.from({ length: 51 }, (_, index) => `r${index}@example.com`);
    await expect(send({ ...hello, to: many })).rejects.toMatchObject({ code: "input.invalid" });
    await expect(send({ ...hello, to: [] })).rejects.toMatchObject({ code: "input.invalid" });
  });

  it("waits for a config when there is none, and goes on when there is one", async () => {
    const id = await send();
    await clock.advance(60_000);
    expect((await outbox.get(id)).attempts).toEqual([]);
    const relay = await relayWith();
    await delivered(relay, 1);
  });

  it("does not send before its time", async () => {
    const relay = await relayWith();
    const id = await send({ ...hello, scheduledAt: new Date(clock.now() + 2 * hour) });
    await clock.advance(2 * hour - 1);
    expect(await outbox.get(id)).toMatchObject({ state: "queued", attempts: [] });
    await clock.advance(1);
    await delivered(relay, 1);
  });

  it("does not send after its time", async () => {
    const id = await send({ ...hello, expiresAt: new Date(clock.now() + hour) });
    await clock.advance(hour + 60_000);
    await relayWith();
    await clock.advance(60_000);
    expect(await settled(id, 0)).toMatchObject({ state: "expired", attempts: [] });
  });
});

describe("idempotency", () => {
  it("gives the first answer again for the same key and request", async () => {
    const first = await outbox.accept(hello, { caller, idempotencyKey: "k" });
    const again = await outbox.accept(
      { text: "Hi Jo", subject: "Hello", to: "jo@example.com" },
      { caller, idempotencyKey: "k" },
    );
    expect(again).toEqual({ ...first, repeated: true });
  });

  it("refuses the same key for another request, but not from another caller", async () => {
    await outbox.accept(hello, { caller, idempotencyKey: "k" });
    const other = { ...hello, subject: "Other" };
    await expect(outbox.accept(other, { caller, idempotencyKey: "k" })).rejects.toMatchObject({
      code: "idempotency.conflict",
    });
    await outbox.accept(other, { caller: { id: "key:2", name: "app" }, idempotencyKey: "k" });
  });

  it("makes one email of 50 posts at once", async () => {
    const accepted = await Promise.all(
      Array.from({ length: 50 }, () => outbox.accept(hello, { caller, idempotencyKey: "k" })),
    );
    expect(new Set(accepted.map(({ id }) => id)).size).toBe(1);
    expect((await outbox.list({ limit: 100 })).items).toHaveLength(1);
  });
});

describe("failures", () => {
  it("tries a temporary failure again by the schedule", async () => {
    let refusals = 2;
    const relay = await relayWith({ onRcpt: () => (refusals-- > 0 ? "451 4.3.0 later" : undefined) });
    const id = await send();
    expect(await settled(id)).toMatchObject({ state: "queued", nextAttemptAt: clock.now() + 60_000 });
    await clock.advance(60_000);
    expect(await settled(id, 2)).toMatchObject({ state: "queued", nextAttemptAt: clock.now() + 5 * 60_000 });
    await clock.advance(5 * 60_000);
    await delivered(relay, 1);
    expect((await settled(id, 3)).attempts.map(({ outcome }) => outcome)).toEqual([
      "temporary",
      "temporary",
      "sent",
    ]);
  });

  it("tries only the recipients again that failed for now", async () => {
    let busy = true;
    const relay = await relayWith({
      onRcpt: (to) =>
        to === "b@example.com" && busy
          ? "450 4.2.1 busy"
          : to === "c@example.com"
            ? "550 5.1.1 unknown"
            : undefined,
    });
    const id = await send({ ...hello, to: ["a@example.com", "b@example.com", "c@example.com"] });
    const first = await settled(id);
    expect(first.recipients.map(({ state }) => state)).toEqual(["sent", "queued", "failed"]);
    busy = false;
    await clock.advance(60_000);
    expect((await delivered(relay, 2)).map(({ to }) => to)).toEqual([["a@example.com"], ["b@example.com"]]);
    expect(await settled(id, 2)).toMatchObject({ state: "partial" });
  });

  it("sends the same Message-ID on each try", async () => {
    let refuse = true;
    const relay = await relayWith({ onDot: () => (refuse ? "452 4.3.1 full" : undefined) });
    const { id, messageId } = await outbox.accept(hello, { caller });
    await settled(id);
    refuse = false;
    await clock.advance(60_000);
    expect((await delivered(relay, 1))[0]?.content.toString()).toContain(messageId);
  });

  it("ends with the relay's words when the relay refuses for good", async () => {
    await relayWith({ onRcpt: () => "550 5.7.1 sender not allowed" });
    const email = await settled(await send());
    expect(email).toMatchObject({ state: "failed" });
    expect(email.recipients).toMatchObject([
      {
        state: "failed",
        code: 550,
        enhancedCode: "5.7.1",
        reply: expect.stringContaining("sender not allowed"),
      },
    ]);
  });

  it("sends again after a lost answer, saying that it may be a duplicate", async () => {
    let lose = true;
    const relay = await relayWith({
      onDot: (_message, peer) => {
        if (lose) peer.destroy();
        return undefined;
      },
    });
    const id = await send();
    expect(await settled(id)).toMatchObject({
      state: "queued",
      possibleDuplicate: true,
      attempts: [{ outcome: "unknown", possibleDuplicate: true }],
    });
    lose = false;
    await clock.advance(60_000);
    await delivered(relay, 1);
    expect(await settled(id, 2)).toMatchObject({ state: "sent", possibleDuplicate: true });
  });

  it("holds an email after a lost answer if so asked, until an admin decides", async () => {
    let lose = true;
    const relay = await relayWith({
      onDot: (_message, peer) => {
        if (lose) peer.destroy();
        return undefined;
      },
    });
    const id = await send({ ...hello, onUnknown: "hold" });
    expect(await settled(id)).toMatchObject({ state: "unknown", nextAttemptAt: null });
    lose = false;
    await outbox.retry(id, actor);
    await delivered(relay, 1);
    expect(await settled(id, 2)).toMatchObject({ state: "sent", possibleDuplicate: true });
  });
});

describe("a config that needs an admin", () => {
  const auth = { username: "shop", password: "right-password" };
  const signIn = { username: "shop", password: "wrong-password", allowCleartextAuth: true };

  it("is paused with the reason; emails wait, uncounted, and go on when it is saved anew", async () => {
    const relay = await relayWith({ auth }, signIn);
    const id = await send();
    const email = await settled(id);
    expect(email).toMatchObject({
      state: "queued",
      attemptCount: 0,
      attempts: [{ outcome: "config", code: 535 }],
    });
    const [config] = await listSmtpConfigs(store.db);
    expect(config).toMatchObject(paused({ until: clock.now() + hour, reason: expect.any(String) }));

    await send();
    await clock.advance(10 * 60_000);
    expect((await outbox.get(id)).attempts).toHaveLength(1);

    const view = smtpConfigView(await configs.get(config?.id ?? ""));
    await configs.update(view.id, parse(smtpConfigUpdate, { ...view, password: "right-password" }), actor);
    await delivered(relay, 2);
  });

  it("is not paused for what its old settings did", async () => {
    let correct: () => Promise<unknown> = async () => undefined;
    const relay = await relayWith(
      {
        auth,
        onEhlo: async () => {
          await correct();
          return undefined;
        },
      },
      signIn,
    );
    const [view] = (await configs.list()).map(smtpConfigView);
    correct = async () => {
      correct = async () => undefined;
      await configs.update(
        view?.id ?? "",
        parse(smtpConfigUpdate, { ...view, password: "right-password" }),
        actor,
      );
    };
    await send();
    await delivered(relay, 1);
    expect((await configs.list())[0]).toMatchObject(notPaused);
  });

  it("is tried again after the pause, with one email", async () => {
    const relay = await relayWith({ auth }, { ...signIn, maxConnections: 5 });
    const ids = [await send(), await send(), await send()];
    const tries = async () => (await store.db.selectFrom("attempts").select("id").execute()).length;
    const idle = async () => (await outbox.list({ limit: 10, state: "sending" })).items.length === 0;
    const until = async (holds: () => Promise<boolean>) => {
      while (!(await holds())) await turn();
    };
    await until(async () => (await tries()) > 0 && (await idle()));
    const before = await tries();
    await clock.advance(hour);
    await until(async () => (await tries()) > before && (await idle()));
    expect(await tries()).toBe(before + 1);
    expect(relay.messages).toHaveLength(0);
    expect((await outbox.list({ limit: 10, state: "queued" })).items.map(({ id }) => id)).toEqual(
      ids.reverse(),
    );
  });
});

describe("a config that is changed while it sends", () => {
  it("finishes what has begun; the rest goes by the new settings at once, as if it had not been tried", async () => {
    const reached = Promise.withResolvers<void>();
    const saved = Promise.withResolvers<undefined>();
    const onDot = () => {
      reached.resolve();
      return saved.promise;
    };
    await relayWith({ onDot }, { maxConnections: 1 });
    const ids = await Promise.all(Array.from({ length: 6 }, () => send()));
    await reached.promise;
    const next = await startTestRelay();
    relays.push(next);
    const [view] = (await configs.list()).map(smtpConfigView);
    if (view === undefined) throw new Error("there is a config");
    await configs.update(view.id, parse(smtpConfigUpdate, { ...view, smtpPort: next.port }), actor);
    await delivered(next, 1);
    saved.resolve(undefined);
    for (const id of ids) {
      expect(await settled(id)).toMatchObject({ state: "sent", attempts: [{ outcome: "sent" }] });
    }
  });
});

describe("sensitive emails", () => {
  const reset = {
    to: "jo@example.com",
    template: "password-reset",
    data: { name: "Jo", url: "https://shop.example/reset/s3cret-t0ken" },
  };

  it("are encrypted at rest, never shown, and deleted once sent", async () => {
    const id = await send(reset);
    const row = await store.db.selectFrom("email_content").selectAll().executeTakeFirstOrThrow();
    expect(row.encrypted).toBe(1);
    expect(Buffer.from(row.content).toString("latin1")).not.toContain("s3cret");
    await expect(outbox.source(id)).rejects.toMatchObject({ code: "email.content_gone" });
    const relay = await relayWith();
    const [message] = await delivered(relay, 1);
    expect((await PostalMime.parse(message?.content ?? "")).text).toContain(
      "https://shop.example/reset/s3cret-t0ken",
    );
    await settled(id);
    expect(await store.db.selectFrom("email_content").selectAll().execute()).toEqual([]);
  });

  it("refuse a retry once they are final, with the reason", async () => {
    await relayWith({ onRcpt: () => "550 no" });
    const id = await send(reset);
    await settled(id);
    await expect(outbox.retry(id, actor)).rejects.toMatchObject({
      code: "email.content_gone",
      message: expect.stringContaining("sensitive"),
    });
  });

  it("are sent for as long as their link or code works, and never longer than others", async () => {
    const expiry = async (validMinutes: number) => {
      const id = await send({ ...reset, data: { ...reset.data, validMinutes } });
      return (await outbox.get(id)).expiresAt - clock.now();
    };
    expect(await expiry(20)).toBe(20 * 60_000);
    expect(await expiry(120)).toBe(2 * hour);
    expect(await expiry(43_200)).toBe(24 * hour);
  });

  it("are not sent late, not even when tried again by hand", async () => {
    const id = await send(reset);
    await clock.advance(1_000);
    await outbox.retry(id, actor);
    expect((await outbox.get(id)).expiresAt - clock.now()).toBeLessThanOrEqual(hour);
  });
});

describe("by hand", () => {
  it("cancels what waits, and says why it cannot cancel the rest", async () => {
    const id = await send();
    await outbox.cancel(id, actor);
    expect(await outbox.get(id)).toMatchObject({ state: "cancelled", recipients: [{ state: "cancelled" }] });
    await expect(outbox.cancel(id, actor)).rejects.toMatchObject({ code: "email.state_conflict" });
    await expect(outbox.cancel("nope", actor)).rejects.toMatchObject({ code: "email.not_found" });
  });

  it("shows the source as it was composed", async () => {
    const id = await send({ ...hello, text: "Grüße" });
    const parsed = await PostalMime.parse(await outbox.source(id));
    expect(parsed).toMatchObject({ subject: "Hello", text: expect.stringContaining("Grüße") });
    expect(await outbox.preview(id)).toEqual({ html: null, text: expect.stringContaining("Grüße") });
  });
});

describe("a restart", () => {
  it("sends what was accepted before", async () => {
    const id = await send();
    await closeEverything();
    store = await openSqliteStore(join(folder, "sendwright.db"));
    await store.close();
    await openEverything(secret);
    const relay = await relayWith();
    await delivered(relay, 1);
    expect(await settled(id)).toMatchObject({ state: "sent", possibleDuplicate: false });
  });
});
