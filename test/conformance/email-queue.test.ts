import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../src/id.ts";
import type { Priority, UnknownPolicy } from "../../src/model.ts";
import {
  type Claimed,
  claimEmails,
  markBodyStarted,
  nextDueAt,
  releaseLeases,
} from "../../src/store/email-claims.ts";
import { findContent } from "../../src/store/email-content.ts";
import { insertEmails } from "../../src/store/email-inserts.ts";
import { endQueued, expireEmails, requeueEmail } from "../../src/store/email-queue.ts";
import { type Settlement, settleEmails } from "../../src/store/email-settlements.ts";
import {
  countOpen,
  type Email,
  findEmail,
  listAttempts,
  listEmails,
  listRecipients,
} from "../../src/store/emails.ts";
import type { Store } from "../../src/store/store.ts";
import { databases } from "./databases.ts";

const t0 = Date.parse("2026-06-01T12:00:00Z");

interface Given {
  readonly at?: number;
  readonly priority?: Priority;
  readonly sensitive?: boolean;
  readonly onUnknown?: UnknownPolicy;
  readonly subject?: string;
  readonly recipients?: readonly string[];
  readonly expiresAt?: number;
  readonly key?: string;
}

describe.each(databases)("the queue on $name", ({ start, open, stop }) => {
  let store: Store;
  let dispose: () => Promise<void>;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    ({ store, dispose } = await open());
  });
  afterEach(() => dispose());

  async function queue(given: Given = {}): Promise<string> {
    const id = newId(t0);
    const email: Email = {
      id,
      state: "queued",
      priority: given.priority ?? "normal",
      from: null,
      replyTo: [],
      subject: given.subject ?? "Hello",
      template: null,
      tags: ["a", "b"],
      messageId: `<${id}@example.com>`,
      caller: "library",
      sensitive: given.sensitive ?? false,
      needsSmtpUtf8: false,
      onUnknown: given.onUnknown ?? "resend",
      possibleDuplicate: false,
      attemptCount: 0,
      nextAttemptAt: given.at ?? t0,
      expiresAt: given.expiresAt ?? t0 + 86_400_000,
      lease: 0,
      createdAt: t0,
      sentAt: null,
      finishedAt: null,
    };
    await store.transact([
      insertEmails(store.db, [
        {
          email,
          idempotency: given.key === undefined ? null : { key: given.key, requestHash: "hash" },
          content: Buffer.from("Subject: Hello\r\n\r\nHi\r\n"),
          encrypted: false,
          recipients: (given.recipients ?? ["jo@example.com"]).map((address) => ({ address, role: "to" })),
        },
      ]),
    ]);
    return id;
  }

  async function settle(claimed: Claimed & Pick<Email, "sensitive">, settlement: Settlement) {
    const [written] = await store.transact([settleEmails(store.db, [{ claimed, settlement }])]);
    return written.has(claimed.id);
  }

  async function claim(limit = 10, now = t0) {
    const [claimed] = await store.transact([claimEmails(store.db, { now, leaseUntil: now + 30_000, limit })]);
    return claimed.map(({ email }) => email);
  }

  async function claimOne(): Promise<Email> {
    const [email] = await claim(1);
    if (email === undefined) throw new Error("nothing to claim");
    return email;
  }

  function sent(overrides: Partial<Settlement> = {}): Settlement {
    return {
      state: "sent",
      nextAttemptAt: null,
      attemptCount: 1,
      possibleDuplicate: false,
      sentAt: t0 + 5,
      finishedAt: t0 + 5,
      recipients: [{ position: 0, state: "sent", code: 250, enhancedCode: "2.0.0", reply: "ok" }],
      attempt: {
        at: t0,
        configId: "c",
        configName: "relay",
        relayHost: "relay.example",
        relayAddress: "192.0.2.1",
        tlsVersion: "TLSv1.3",
        stage: "message",
        outcome: "sent",
        errorCode: null,
        code: 250,
        enhancedCode: "2.0.0",
        reply: "ok",
        durationMs: 5,
        possibleDuplicate: false,
      },
      ...overrides,
    };
  }

  it("gives back what was stored", async () => {
    const id = await queue({ recipients: ["b@example.com", "a@example.com"] });
    expect(await findEmail(store.db, id)).toMatchObject({
      id,
      state: "queued",
      tags: ["a", "b"],
      createdAt: t0,
    });
    const recipients = (await listRecipients(store.db, [id])).get(id);
    expect(recipients?.map(({ address }) => address)).toEqual(["b@example.com", "a@example.com"]);
    expect(Buffer.from((await findContent(store.db, id))?.content ?? []).toString()).toContain("Hi");
  });

  it("claims what is due, the most urgent first, and no more than asked", async () => {
    const low = await queue({ priority: "low", at: t0 - 3 });
    const normal = await queue({ at: t0 - 1 });
    const older = await queue({ at: t0 - 2 });
    await queue({ at: t0 + 1, priority: "high" });
    const high = await queue({ priority: "high" });
    expect((await claim(2)).map(({ id }) => id).sort()).toEqual([high, older].sort());
    expect((await claim()).map(({ id }) => id).sort()).toEqual([low, normal].sort());
    expect(await claim()).toEqual([]);
  });

  it("never gives one email to two workers", async () => {
    for (let index = 0; index < 20; index++) await queue();
    const claims = await Promise.all([claim(15), claim(15), claim(15)]);
    const ids = claims.flat().map(({ id }) => id);
    expect(ids).toHaveLength(20);
    expect(new Set(ids).size).toBe(20);
  });

  it("writes state, recipients and attempt together", async () => {
    const id = await queue();
    expect(await settle(await claimOne(), sent())).toBe(true);
    expect(await findEmail(store.db, id)).toMatchObject({
      state: "sent",
      attemptCount: 1,
      finishedAt: t0 + 5,
    });
    expect((await listRecipients(store.db, [id])).get(id)).toMatchObject([{ state: "sent", code: 250 }]);
    expect(await listAttempts(store.db, id)).toMatchObject([{ outcome: "sent", relayHost: "relay.example" }]);
  });

  it("lets nobody settle whose lease was given to another", async () => {
    const id = await queue();
    const stale = await claimOne();
    await releaseLeases(store.db, t0 + 30_000, t0 + 30_000);
    const [fresh] = await claim(1, t0 + 30_000);
    expect(fresh?.lease).toBe(stale.lease + 1);
    expect(await settle(stale, sent())).toBe(false);
    expect(await listAttempts(store.db, id)).toEqual([]);
    expect(await findEmail(store.db, id)).toMatchObject({ state: "sending" });
  });

  it("queues interrupted emails again, marked as possible duplicates", async () => {
    const id = await queue();
    await claim();
    expect(await releaseLeases(store.db, t0 + 29_999, t0)).toBe(0);
    expect(await releaseLeases(store.db, Number.MAX_SAFE_INTEGER, t0 + 7)).toBe(1);
    expect(await findEmail(store.db, id)).toMatchObject({
      state: "queued",
      nextAttemptAt: t0 + 7,
      possibleDuplicate: true,
    });
  });

  it("holds an interrupted email whose body had begun, if so asked, and only then", async () => {
    const begun = await queue({ onUnknown: "hold", at: t0 - 1 });
    const early = await queue({ onUnknown: "hold" });
    const [first] = await claim();
    expect(first?.id).toBe(begun);
    if (first !== undefined) expect(await markBodyStarted(store.db, first, t0)).toBe(true);
    expect(await releaseLeases(store.db, Number.MAX_SAFE_INTEGER, t0)).toBe(2);
    expect(await findEmail(store.db, begun)).toMatchObject({ state: "unknown", finishedAt: t0 });
    expect((await listRecipients(store.db, [begun])).get(begun)).toMatchObject([{ state: "unknown" }]);
    expect(await findEmail(store.db, early)).toMatchObject({ state: "queued", possibleDuplicate: false });
  });

  it("expires what waited too long, and nothing else", async () => {
    const late = await queue({ expiresAt: t0 + 10 });
    const other = await queue();
    expect(await expireEmails(store.db, t0 + 9, 100)).toEqual([]);
    expect(await expireEmails(store.db, t0 + 10, 100)).toEqual([late]);
    expect(await findEmail(store.db, late)).toMatchObject({ state: "expired" });
    expect((await listRecipients(store.db, [late])).get(late)).toMatchObject([{ state: "expired" }]);
    expect(await findEmail(store.db, other)).toMatchObject({ state: "queued" });
  });

  it("cancels what waits, and only that", async () => {
    const id = await queue();
    await claim();
    expect(await endQueued(store.db, id, "cancelled", t0)).toBe(false);
    await releaseLeases(store.db, Number.MAX_SAFE_INTEGER, t0);
    expect(await endQueued(store.db, id, "cancelled", t0)).toBe(true);
    expect(await findEmail(store.db, id)).toMatchObject({ state: "cancelled", nextAttemptAt: null });
  });

  it("calls an email partial that ends after a recipient got it", async () => {
    const id = await queue({ recipients: ["a@example.com", "b@example.com"] });
    const partly = sent({ state: "queued", nextAttemptAt: t0 + 60_000, finishedAt: null });
    await settle(await claimOne(), partly);
    expect(await endQueued(store.db, id, "cancelled", t0)).toBe(true);
    expect(await findEmail(store.db, id)).toMatchObject({ state: "partial" });
    const states = (await listRecipients(store.db, [id])).get(id)?.map(({ state }) => state);
    expect(states).toEqual(["sent", "cancelled"]);
  });

  it.each([
    ["sent", async () => settle(await claimOne(), sent())],
    ["cancelled", async (id: string) => endQueued(store.db, id, "cancelled", t0)],
    ["expired", async () => expireEmails(store.db, t0 + 86_400_000, 10)],
  ])("deletes sensitive contents once they are %s, and keeps others", async (_state, end) => {
    const other = await queue({ at: t0 + 1, expiresAt: t0 + 2 * 86_400_000 });
    const id = await queue({ sensitive: true });
    expect(await findContent(store.db, id)).toBeDefined();
    await end(id);
    expect(await findContent(store.db, id)).toBeUndefined();
    expect(await findContent(store.db, other)).toBeDefined();
  });

  it("tries again by hand whoever has not got it, with a fresh schedule", async () => {
    const id = await queue({ recipients: ["a@example.com", "b@example.com"] });
    const failed = sent({
      state: "partial",
      attemptCount: 5,
      recipients: [
        { position: 0, state: "sent", code: 250, enhancedCode: null, reply: "ok" },
        { position: 1, state: "failed", code: 550, enhancedCode: "5.1.1", reply: "no such user" },
      ],
    });
    await settle(await claimOne(), failed);
    expect(await requeueEmail(store.db, id, t0 + 50, t0 + 100)).toBe(true);
    expect(await findEmail(store.db, id)).toMatchObject({
      state: "queued",
      attemptCount: 0,
      expiresAt: t0 + 100,
    });
    const states = (await listRecipients(store.db, [id])).get(id)?.map(({ state }) => state);
    expect(states).toEqual(["sent", "queued"]);
  });

  it("does not try again what is sent or under way", async () => {
    const id = await queue();
    const claimed = await claimOne();
    expect(await requeueEmail(store.db, id, t0, t0)).toBe(false);
    await settle(claimed, sent());
    expect(await requeueEmail(store.db, id, t0, t0)).toBe(false);
  });

  it("knows when the next email is due", async () => {
    expect(await nextDueAt(store.db)).toBeNull();
    await queue({ at: t0 + 500 });
    await queue({ at: t0 + 300, priority: "low" });
    expect(await nextDueAt(store.db)).toBe(t0 + 300);
  });

  it("lists the newest first, page by page", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) ids.unshift(await queue());
    const first = await listEmails(store.db, { limit: 3 });
    const second = await listEmails(store.db, { limit: 3, after: first.at(-1)?.id });
    expect([...first, ...second].map(({ id }) => id)).toEqual(ids);
  });

  it("finds by state, recipient and words, taking % and _ as they are", async () => {
    const percent = await queue({ subject: "100% off_today" });
    const other = await queue({ subject: "100 off today", recipients: ["Max@example.com"] });
    await queue({ subject: "else", at: t0 + 1 });
    const ids = async (filter: object) =>
      (await listEmails(store.db, { limit: 9, ...filter })).map(({ id }) => id);
    expect(await ids({ q: "0% OFF_t" })).toEqual([percent]);
    expect(await ids({ q: "max@ex" })).toEqual([other]);
    expect(await ids({ recipient: "Max@example.com" })).toEqual([other]);
    await claim(2);
    expect((await ids({ state: "sending" })).sort()).toEqual([percent, other].sort());
    expect(await countOpen(store.db)).toEqual({ sending: 2, queued: 1 });
  });
});
