import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { priorities } from "../../src/core/model.ts";
import type { Store } from "../../src/store/store.ts";
import { type ClaimedEmail, nextDueAt } from "../../src/store/tables/email-claims.ts";
import { findContent } from "../../src/store/tables/email-content.ts";
import { insertEmails } from "../../src/store/tables/email-inserts.ts";
import { releaseLeases } from "../../src/store/tables/email-leases.ts";
import { endQueued, expireEmails, requeueEmail } from "../../src/store/tables/email-queue.ts";
import { type Email, findEmail, listRecipients } from "../../src/store/tables/emails.ts";
import { newEmail } from "../support/new-email.ts";
import { queueOn, sent, t0 } from "../support/queue-on.ts";
import { databases, type OpenDatabase } from "./databases.ts";

describe.each(databases)("the queue on $name", ({ start, open, stop }) => {
  let database: OpenDatabase;
  let store: Store;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await open();
    store = database.store;
  });
  afterEach(() => database.dispose());
  const { queue, settle, claimAll, claim, claimOne } = queueOn(() => store);

  it("gives back what was stored", async () => {
    const id = await queue({ tags: ["a", "b"], recipients: ["b@example.com", "a@example.com"] });
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

  it("claims in the order of priority and time, however many claims it takes", async () => {
    const waiting = fc.record({
      priority: fc.constantFrom(...priorities),
      at: fc.integer({ min: t0 - 20, max: t0 + 5 }),
      expiresAt: fc.constantFrom(t0, t0 + 1),
    });
    const limits = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(waiting, { maxLength: 40 }), limits, async (given, cycle) => {
        await store.db.deleteFrom("emails").execute();
        const emails = given.map(({ at, ...rest }) => newEmail(t0, { ...rest, nextAttemptAt: at }));
        await store.transact([insertEmails(store.db, emails)]);
        const claimed: Email[] = [];
        for (let turn = 0; ; turn++) {
          const limit = cycle[turn % cycle.length] ?? 1;
          const some = await claim(limit);
          expect(some.length).toBeLessThanOrEqual(limit);
          if (some.length === 0) break;
          claimed.push(...some);
        }
        const rank = ({ priority, nextAttemptAt }: Email) => [priorities.indexOf(priority), nextAttemptAt];
        const due = emails
          .map(({ email }) => email)
          .filter(({ nextAttemptAt, expiresAt }) => (nextAttemptAt ?? 0) <= t0 && expiresAt > t0)
          .sort(
            (a, b) =>
              priorities.indexOf(a.priority) - priorities.indexOf(b.priority) ||
              (a.nextAttemptAt ?? 0) - (b.nextAttemptAt ?? 0),
          );
        expect(claimed.map(rank)).toEqual(due.map(rank));
        expect(new Set(claimed.map(({ id }) => id))).toEqual(new Set(due.map(({ id }) => id)));
      }),
      { numRuns: 15 },
    );
  });

  it("claims with each email its recipients, also those that have an outcome, and its contents", async () => {
    const content = Buffer.from([0, 1, 2, 128, 255]);
    const id = await queue({ recipients: ["b@example.com", "a@example.com"], content, encrypted: true });
    const other = await queue({ recipients: ["c@example.com"], at: t0 - 1 });
    const read = (claimed: ClaimedEmail[]) =>
      claimed.map(({ email, recipients, content: stored }) => [
        email.id,
        recipients.map(({ address, state }) => `${address} ${state}`),
        stored && { ...stored, content: Buffer.from(stored.content) },
      ]);
    const plain = { content: newEmail(t0).content, encrypted: false };
    const first = await claimAll();
    expect(read(first)).toEqual([
      [other, ["c@example.com queued"], plain],
      [id, ["b@example.com queued", "a@example.com queued"], { content, encrypted: true }],
    ]);
    const [, one] = first;
    if (one === undefined) throw new Error("two were claimed");
    await settle(one.email, sent({ state: "queued", nextAttemptAt: t0 + 60_000, finishedAt: null }));
    expect(read(await claimAll({ now: t0 + 60_000 }))).toEqual([
      [id, ["b@example.com sent", "a@example.com queued"], { content, encrypted: true }],
    ]);
  });

  it("leaves contents to be read one at a time where they are large, or gone", async () => {
    const kib256 = Buffer.alloc(256 * 1024, "x");
    const large = await queue({ at: t0 - 3, content: Buffer.concat([kib256, Buffer.from("x")]) });
    const fits = await queue({ at: t0 - 2, content: kib256 });
    const gone = await queue({ at: t0 - 1 });
    await store.db.deleteFrom("email_content").where("email_id", "=", gone).execute();
    const sizes = (await claimAll()).map(({ email, content }) => [email.id, content?.content.byteLength]);
    expect(sizes).toEqual([
      [large, undefined],
      [fits, 256 * 1024],
      [gone, undefined],
    ]);
    expect((await findContent(store.db, large))?.content.byteLength).toBe(256 * 1024 + 1);
  });

  it("claims nothing whose time is over", async () => {
    await queue({ expiresAt: t0 });
    const last = await queue({ expiresAt: t0 + 1 });
    expect((await claim()).map(({ id }) => id)).toEqual([last]);
  });

  it("never gives one email to two workers", async () => {
    for (let index = 0; index < 20; index++) await queue();
    const claims = await Promise.all([claim(15), claim(15), claim(15)]);
    const ids = claims.flat().map(({ id }) => id);
    expect(ids).toHaveLength(20);
    expect(new Set(ids).size).toBe(20);
  });

  it("expires what waited too long, and nothing else", async () => {
    const late = await queue({ expiresAt: t0 + 10 });
    const other = await queue();
    expect(await expireEmails(store.db, { now: t0 + 9, expiryNow: t0 + 9 }, 100)).toEqual([]);
    expect(await expireEmails(store.db, { now: t0 + 10, expiryNow: t0 + 10 }, 100)).toEqual([late]);
    expect(await findEmail(store.db, late)).toMatchObject({ state: "expired" });
    expect((await listRecipients(store.db, [late])).get(late)).toMatchObject([{ state: "expired" }]);
    expect(await findEmail(store.db, other)).toMatchObject({ state: "queued" });
  });

  it("expires many at once, each with its own recipients and contents", async () => {
    const late = Array.from({ length: 150 }, (_, index) =>
      newEmail(t0, {
        expiresAt: t0 + 10,
        sensitive: index % 2 === 0,
        recipients: ["a@example.com", "b@example.com"],
      }),
    );
    await store.transact([insertEmails(store.db, late)]);
    const partly = late.slice(0, 5).map(({ email }) => email.id);
    await store.db
      .updateTable("recipients")
      .set({ state: "sent" })
      .where("email_id", "in", partly)
      .where("position", "=", 0)
      .execute();
    const other = await queue({ sensitive: true });
    const first = await store.transaction((db) =>
      expireEmails(db, { now: t0 + 10, expiryNow: t0 + 10 }, 100),
    );
    const rest = await store.transaction((db) => expireEmails(db, { now: t0 + 10, expiryNow: t0 + 10 }, 100));
    expect([first.length, rest.length]).toEqual([100, 50]);
    expect([...first, ...rest].sort()).toEqual(late.map(({ email }) => email.id).sort());
    const recipients = await listRecipients(store.db, first.concat(rest));
    for (const [index, { email }] of late.entries()) {
      const isPartial = partly.includes(email.id);
      const state = isPartial ? "partial" : "expired";
      expect(await findEmail(store.db, email.id)).toMatchObject({
        ...{ state, finishedAt: t0 + 10, nextAttemptAt: null },
      });
      const states = recipients.get(email.id)?.map((recipient) => recipient.state);
      expect(states).toEqual([isPartial ? "sent" : "expired", "expired"]);
      expect((await findContent(store.db, email.id)) === undefined).toBe(index % 2 === 0);
    }
    expect(await findEmail(store.db, other)).toMatchObject({ state: "queued" });
    expect(await findContent(store.db, other)).toBeDefined();
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
    ["expired", async () => expireEmails(store.db, { now: t0 + 86_400_000, expiryNow: t0 + 86_400_000 }, 10)],
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
});
