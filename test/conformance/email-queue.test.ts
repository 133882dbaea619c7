import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../src/core/id.ts";
import { priorities } from "../../src/core/model.ts";
import { handedBack } from "../../src/delivery/outcome.ts";
import type { Store } from "../../src/store/store.ts";
import {
  type Claimed,
  type ClaimedEmail,
  claimEmails,
  markBodyStarted,
  nextDueAt,
  releaseLeases,
  renewLeases,
} from "../../src/store/tables/email-claims.ts";
import { findContent } from "../../src/store/tables/email-content.ts";
import { type EmailFilter, listEmails } from "../../src/store/tables/email-criteria.ts";
import { insertEmails, isKeyTaken, type NewEmail } from "../../src/store/tables/email-inserts.ts";
import { endQueued, expireEmails, requeueEmail } from "../../src/store/tables/email-queue.ts";
import { type Settlement, settleEmails, settleMinimally } from "../../src/store/tables/email-settlements.ts";
import {
  countOpen,
  type Email,
  findByIdempotencyKey,
  findEmail,
  listAttempts,
  listRecipients,
  releaseIdempotencyKey,
} from "../../src/store/tables/emails.ts";
import { ageLeases } from "../support/age-leases.ts";
import { claimOf } from "../support/claim.ts";
import { type GivenEmail, newEmail } from "../support/new-email.ts";
import { databases, type OpenDatabase } from "./databases.ts";

const t0 = Date.parse("2026-06-01T12:00:00Z");

describe.each(databases)("the queue on $name", ({ shared, start, open, stop }) => {
  let database: OpenDatabase;
  let store: Store;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await open();
    store = database.store;
  });
  afterEach(() => database.dispose());

  /** Queues an email, due at `at` (now), and gives its id. */
  async function queue({ at = t0, ...given }: GivenEmail & { at?: number } = {}): Promise<string> {
    const email = newEmail(t0, { nextAttemptAt: at, ...given });
    await store.transact([insertEmails(store.db, [email])]);
    return email.email.id;
  }

  async function settle(claimed: Claimed & Pick<Email, "sensitive">, settlement: Settlement) {
    const [written] = await store.transact([settleEmails(store.db, [{ claimed, settlement }])]);
    return written.has(claimed.id);
  }

  async function claimAll(
    { limit = 10, now = t0 }: { limit?: number; now?: number } = {},
    by = store,
  ): Promise<ClaimedEmail[]> {
    const [claimed] = await by.transact([claimEmails(by.db, claimOf({ now, leaseMs: 30_000, limit }))]);
    return claimed;
  }

  /** Frees the leases that have run out when some time has passed since another. */
  async function releaseAfter(ms: number, since = t0): Promise<number> {
    await ageLeases(store, ms);
    return releaseLeases(store.db, since + ms, since + ms);
  }

  async function claim(limit = 10, now = t0): Promise<Email[]> {
    return (await claimAll({ limit, now })).map(({ email }) => email);
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
      refusedBy: [],
      recipients: [{ position: 0, state: "sent", code: 250, enhancedCode: "2.0.0", reply: "ok" }],
      attempt: {
        id: newId(t0),
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
        failure: null,
      },
      ...overrides,
    };
  }

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
    const sizes = (await claimAll()).map(({ email, content, contentBytes }) => [
      email.id,
      content?.content.byteLength,
      contentBytes,
    ]);
    expect(sizes).toEqual([
      [large, undefined, 256 * 1024 + 1],
      [fits, 256 * 1024, 256 * 1024],
      [gone, undefined, 0],
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

  it("keeps what was seen of a failure, as it was", async () => {
    const id = await queue();
    const failure = {
      port: 587,
      tls: "starttls",
      ownAuthority: false,
      username: null,
      allowCleartextAuth: false,
      from: "shop@example.com",
      recipient: "jö@example.com",
      systemCode: "CERT_HAS_EXPIRED",
      offered: { startTls: true, authMechanisms: ["PLAIN"] },
      certificate: { names: ["a"], issuer: "b", validFrom: 1, validTo: 2, fingerprint256: "AB" },
      refusal: { code: 550, enhancedCode: null, text: "no\nno" },
    } as const;
    const { attempt } = sent();
    if (attempt === null) throw new Error("there is an attempt");
    await settle(await claimOne(), sent({ attempt: { ...attempt, outcome: "permanent", failure } }));
    expect((await listAttempts(store.db, id))[0]?.failure).toEqual(failure);
  });

  it("lets nobody settle whose lease was given to another", async () => {
    const id = await queue();
    const stale = await claimOne();
    await releaseAfter(30_000);
    const [fresh] = await claim(1, t0 + 30_000);
    expect(fresh?.lease).toBe(stale.lease + 1);
    expect(await settle(stale, sent())).toBe(false);
    expect(await listAttempts(store.db, id)).toEqual([]);
    expect(await findEmail(store.db, id)).toMatchObject({ state: "sending" });
  });

  it("writes nothing of a lost lease, and all of those beside it", async () => {
    const lost = await queue({ at: t0 - 1, sensitive: true, recipients: ["a@example.com", "b@example.com"] });
    const stale = await claimOne();
    await releaseAfter(30_000);
    const queued = await queue();
    const [again, own] = await claim(2, t0 + 30_000);
    expect([again?.id, own?.id].sort()).toEqual([lost, queued].sort());
    const before = await findEmail(store.db, lost);
    const holders = [stale, ...[again, own].filter((email) => email?.id === queued)] as Email[];
    const [written] = await store.transact([
      settleEmails(
        store.db,
        holders.map((claimed) => ({ claimed, settlement: sent() })),
      ),
    ]);
    expect(written).toEqual(new Set([queued]));
    expect(await findEmail(store.db, lost)).toEqual(before);
    const states = (await listRecipients(store.db, [lost])).get(lost)?.map(({ state }) => state);
    expect(states).toEqual(["queued", "queued"]);
    expect(await listAttempts(store.db, lost)).toEqual([]);
    expect(await findContent(store.db, lost)).toBeDefined();
    expect(await findEmail(store.db, queued)).toMatchObject({ state: "sent" });
    expect(await listAttempts(store.db, queued)).toHaveLength(1);
  });

  it("tells leases by the database's clock where it has one, whatever a node's clock says", async () => {
    const id = await queue({ expiresAt: t0 + 10 * 86_400_000 });
    await claim();
    const hour = 3_600_000;
    expect(await releaseLeases(store.db, t0 + hour, t0 + hour)).toBe(shared ? 0 : 1);
    expect(await findEmail(store.db, id)).toMatchObject({ state: shared ? "sending" : "queued" });
  });

  it("settles an email whose lease ran out for as long as nobody has claimed it", async () => {
    const sensitive = { sensitive: true, onUnknown: "hold" } as const;
    const freed = await queue({ at: t0 - 1 });
    const held = await queue({ ...sensitive });
    const [first, second] = await claim();
    if (first === undefined || second === undefined) throw new Error("two were claimed");
    await markBodyStarted(store.db, second, t0);
    expect(await releaseAfter(30_000)).toBe(2);
    expect(await findEmail(store.db, held)).toMatchObject({ state: "unknown" });
    const outcome = sent();
    expect(await settle(first, outcome)).toBe(true);
    expect(await settle(second, sent())).toBe(true);
    for (const id of [freed, held]) {
      expect(await findEmail(store.db, id)).toMatchObject({ state: "sent", finishedAt: t0 + 5 });
      expect((await listRecipients(store.db, [id])).get(id)).toMatchObject([{ state: "sent", code: 250 }]);
      expect(await listAttempts(store.db, id)).toHaveLength(1);
    }
    expect(await claim(10, t0 + 60_000)).toEqual([]);
  });

  it("settles no email that was cancelled after its lease ran out", async () => {
    const id = await queue();
    const claimed = await claimOne();
    await releaseAfter(30_000);
    await endQueued(store.db, id, "cancelled", t0);
    expect(await settle(claimed, sent())).toBe(false);
    expect(await findEmail(store.db, id)).toMatchObject({ state: "cancelled" });
    expect(await listAttempts(store.db, id)).toEqual([]);
  });

  it.each(["sent", "failed", "queued", "unknown"] as const)(
    "writes an outcome again whose answer was lost, and has it once: %s",
    async (state) => {
      const id = await queue({ sensitive: state === "failed" });
      const claimed = await claimOne();
      const nextAttemptAt = state === "queued" ? t0 + 60_000 : null;
      const finishedAt = state === "queued" ? null : t0 + 5;
      const outcome = sent({ state, nextAttemptAt, finishedAt });
      const read = async () => [
        await findEmail(store.db, id),
        await listRecipients(store.db, [id]),
        await listAttempts(store.db, id),
        (await findContent(store.db, id)) === undefined,
      ];
      expect(await settle(claimed, outcome)).toBe(true);
      const before = await read();
      expect(await settle(claimed, outcome)).toBe(true);
      expect(await read()).toEqual(before);
      expect(before[2]).toMatchObject([{ id: outcome.attempt?.id }]);
    },
  );

  it("can write an outcome without the words that a database refuses", async () => {
    const id = await queue({ sensitive: true, recipients: ["a@example.com", "b@example.com"] });
    const claimed = await claimOne();
    const outcome = sent({
      state: "partial",
      possibleDuplicate: true,
      recipients: [
        { position: 0, state: "sent", code: 250, enhancedCode: "2.0.0", reply: "ok" },
        { position: 1, state: "failed", code: 550, enhancedCode: "5.1.1", reply: "\0" },
      ],
    });
    const minimally = async (email: Email) => {
      const [written] = await store.transact([
        settleMinimally(store.db, { claimed: email, settlement: outcome }),
      ]);
      return written;
    };
    expect(await minimally({ ...claimed, lease: 7 })).toEqual(new Set());
    expect(await minimally(claimed)).toEqual(new Set([id]));
    expect(await minimally(claimed)).toEqual(new Set([id]));
    expect(await findEmail(store.db, id)).toMatchObject({
      ...{ state: "partial", attemptCount: 1, possibleDuplicate: true },
      ...{ sentAt: t0 + 5, finishedAt: t0 + 5, nextAttemptAt: null },
    });
    const nothing = { code: null, enhancedCode: null, reply: null };
    expect((await listRecipients(store.db, [id])).get(id)).toMatchObject([
      { state: "sent", ...nothing },
      { state: "failed", ...nothing },
    ]);
    expect(await listAttempts(store.db, id)).toEqual([]);
    expect(await findContent(store.db, id)).toBeUndefined();
  });

  it("settles an email once", async () => {
    const id = await queue();
    const claimed = await claimOne();
    expect(await settle(claimed, sent())).toBe(true);
    expect(await settle(claimed, sent({ state: "failed" }))).toBe(false);
    expect(await findEmail(store.db, id)).toMatchObject({ state: "sent" });
    expect(await listAttempts(store.db, id)).toHaveLength(1);
  });

  it("leaves an email that is handed back as it was, for the next claim", async () => {
    const id = await queue({ attemptCount: 3, possibleDuplicate: true, at: t0 - 7 });
    const before = await findEmail(store.db, id);
    const claimed = await claimOne();
    await markBodyStarted(store.db, claimed, t0);
    expect(await settle(claimed, handedBack(claimed, t0 + 5))).toBe(true);
    expect(await findEmail(store.db, id)).toEqual({ ...before, lease: 1 });
    expect((await listRecipients(store.db, [id])).get(id)).toMatchObject([{ state: "queued", code: null }]);
    expect(await listAttempts(store.db, id)).toEqual([]);
    expect(await claimOne()).toMatchObject({ id, lease: 2, attemptCount: 3 });
    expect(await releaseAfter(30_000)).toBe(1);
  });

  it("keeps emails with the leases that are renewed, also past their time", async () => {
    const ids = [await queue({ at: t0 - 2 }), await queue({ at: t0 - 1 }), await queue()];
    const claimed = await claim();
    const [first, second] = claimed;
    if (first === undefined || second === undefined) throw new Error("three were claimed");
    const renew = (emails: Email[], now: number, leaseMs: number) =>
      renewLeases(store.db, emails, { now, leaseMs });
    expect(await renew([first], t0, 60_000)).toEqual(new Set([ids[0]]));
    expect(await renew([second], t0, 90_000)).toEqual(new Set([ids[1]]));
    expect(await releaseAfter(45_000)).toBe(1);
    expect(await findEmail(store.db, ids[2] ?? "")).toMatchObject({ state: "queued" });
    await ageLeases(store, 30_000);
    expect(await renew(claimed, t0 + 75_000, 60_000)).toEqual(new Set(ids.slice(0, 2)));
    expect(await releaseAfter(45_000, t0 + 75_000)).toBe(0);
    expect(await releaseAfter(15_000, t0 + 120_000)).toBe(2);
  });

  it("renews no lease that was settled, freed or given to another", async () => {
    const settled = await queue({ at: t0 - 2 });
    const freed = await queue({ at: t0 - 1 });
    const claimed = await queue();
    const stale = await claim();
    const [first] = stale;
    if (first?.id !== settled) throw new Error("the oldest comes first");
    await settle(first, sent());
    await releaseAfter(30_000);
    // Both are queued for the same moment now; which of them is claimed does not matter.
    const [again] = await claim(1, t0 + 30_000);
    expect([freed, claimed]).toContain(again?.id);
    const lease = { now: t0 + 30_000, leaseMs: 60_000 };
    expect(await renewLeases(store.db, stale, lease)).toEqual(new Set());
    expect(await renewLeases(store.db, [], lease)).toEqual(new Set());
    expect(await releaseAfter(30_000, t0 + 30_000)).toBe(1);
  });

  it("queues interrupted emails again, marked as possible duplicates", async () => {
    const id = await queue();
    await claim();
    expect(await releaseAfter(15_000)).toBe(0);
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
    expect(await expireEmails(store.db, { now: t0 + 9, expiryNow: t0 + 9 }, 100)).toEqual([]);
    expect(await expireEmails(store.db, { now: t0 + 3_600_000, expiryNow: t0 + 9 }, 100)).toEqual([]);
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
    const first = await store.transaction((db) => expireEmails(db, t0 + 10, 100));
    const rest = await store.transaction((db) => expireEmails(db, t0 + 10, 100));
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

  it("stores many at once, each with its own recipients and contents", async () => {
    const emails = Array.from({ length: 131 }, (_, index) =>
      newEmail(t0, {
        subject: `number ${index}`,
        content: Buffer.from(`content ${index}`),
        recipients: Array.from({ length: 1 + (index % 3) }, (_item, at) => `r${index}.${at}@example.com`),
      }),
    );
    await store.transact([insertEmails(store.db, emails)]);
    expect(await countOpen(store.db)).toEqual({ queued: 131, sending: 0 });
    const claimed = await claimAll({ limit: 200 });
    const stored = new Map(claimed.map((one) => [one.email.id, one]));
    for (const { email, content, recipients } of emails) {
      const one = stored.get(email.id);
      expect(one?.email.subject).toBe(email.subject);
      expect(Buffer.from(one?.content?.content ?? [])).toEqual(content);
      expect(one?.recipients.map(({ address }) => address)).toEqual(recipients.map(({ address }) => address));
    }
    const codes = new Map(claimed.map(({ email }, index) => [email.id, 250 + (index % 10)]));
    const settled = claimed.map(({ email, recipients }) => ({
      claimed: email,
      settlement: sent({
        recipients: recipients.map(({ position }) => ({
          position,
          state: "sent",
          code: codes.get(email.id) ?? 0,
          enhancedCode: null,
          reply: email.subject,
        })),
      }),
    }));
    const [written] = await store.transact([settleEmails(store.db, settled)]);
    expect(written.size).toBe(131);
    const recipients = await listRecipients(store.db, [...codes.keys()]);
    for (const { email } of claimed) {
      for (const { state, code, reply } of recipients.get(email.id) ?? []) {
        expect({ state, code, reply }).toEqual({
          state: "sent",
          code: codes.get(email.id),
          reply: email.subject,
        });
      }
    }
    expect(await countOpen(store.db)).toEqual({ queued: 0, sending: 0 });
  });

  describe("an idempotency key", () => {
    const insert = (...emails: NewEmail[]) => store.transact([insertEmails(store.db, emails)]);
    const refusal = (work: Promise<unknown>) =>
      work.then(
        () => null,
        (error: unknown) => error,
      );

    it("that its caller has used is refused, and with it all that goes with the email", async () => {
      await insert(newEmail(t0, { key: "k" }));
      const beside = newEmail(t0);
      const error = await refusal(insert(beside, newEmail(t0, { key: "k" })));
      expect(isKeyTaken(error)).toBe(true);
      expect(await findEmail(store.db, beside.email.id)).toBeUndefined();
      expect(await countOpen(store.db)).toEqual({ queued: 1, sending: 0 });
    });

    it("is refused too where two emails of one transaction have it", async () => {
      const error = await refusal(insert(newEmail(t0, { key: "k" }), newEmail(t0, { key: "k" })));
      expect(isKeyTaken(error)).toBe(true);
      expect(await countOpen(store.db)).toEqual({ queued: 0, sending: 0 });
    });

    it("belongs to its caller, finds its email, and may be let go", async () => {
      const own = newEmail(t0, { key: "k" });
      const other = newEmail(t0, { key: "k", caller: "key:2" });
      await insert(own, other, newEmail(t0));
      expect(await findByIdempotencyKey(store.db, "key:2", "k")).toMatchObject({
        email: { id: other.email.id },
        requestHash: "hash of k",
      });
      expect(await findByIdempotencyKey(store.db, "key:3", "k")).toBeUndefined();
      await releaseIdempotencyKey(store.db, own.email.id);
      expect(await findByIdempotencyKey(store.db, "library", "k")).toBeUndefined();
      await insert(newEmail(t0, { key: "k" }));
    });

    it("is not blamed for other refusals", async () => {
      const email = newEmail(t0, { key: "k" });
      await insert(email);
      const error = await refusal(insert({ ...newEmail(t0), email: email.email }));
      expect(error).toBeInstanceOf(Error);
      expect(isKeyTaken(error)).toBe(false);
    });
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

  it("lists the emails to one address page by page, whatever else is asked for", async () => {
    const jo = "jo@example.com";
    const all: Email[] = [];
    for (let index = 0; index < 12; index++) {
      const email = newEmail(t0, {
        subject: index % 2 === 0 ? `Order ${index}` : `Hello ${index}`,
        template: index % 3 === 0 ? "order" : null,
        caller: index < 8 ? "library" : "key:1",
        recipients: index % 4 === 3 ? ["max@example.com"] : ["max@example.com", jo],
      });
      await store.transact([insertEmails(store.db, [email])]);
      if (index % 4 !== 3) all.unshift(email.email);
    }
    const pages = async (filter: Partial<EmailFilter>, limit: number) => {
      const ids: string[] = [];
      for (;;) {
        const page = await listEmails(store.db, { limit, recipient: jo, after: ids.at(-1), ...filter });
        expect(page.length).toBeLessThanOrEqual(limit);
        ids.push(...page.map(({ id }) => id));
        if (page.length < limit) return ids;
      }
    };
    const idsOf = (holds: (email: Email) => boolean) => all.filter(holds).map(({ id }) => id);
    expect(await pages({}, 4)).toEqual(idsOf(() => true));
    expect(await pages({ template: "order" }, 2)).toEqual(idsOf(({ template }) => template === "order"));
    expect(await pages({ caller: "key:1" }, 1)).toEqual(idsOf(({ caller }) => caller === "key:1"));
    expect(await pages({ q: "ORDER" }, 2)).toEqual(idsOf(({ subject }) => subject.startsWith("Order")));
    expect(await pages({ q: "max@" }, 2)).toEqual(idsOf(() => true));
    await claim(2);
    expect((await pages({ state: "sending" }, 1)).concat(await pages({ state: "queued" }, 3)).sort()).toEqual(
      idsOf(() => true).sort(),
    );
    const both = ({ caller, template }: Email) => caller === "library" && template === "order";
    expect(await pages({ caller: "library", template: "order" }, 1)).toEqual(idsOf(both));
    expect(await pages({ recipient: "Jo@example.com" }, 4)).toEqual([]);
  });

  if (!shared) return;
  describe("with several nodes", () => {
    it("gives each email to one of them, when all claim at once", async () => {
      const other = await database.another();
      const emails = Array.from({ length: 120 }, (_, index) =>
        newEmail(t0, { nextAttemptAt: t0 - index, priority: priorities[index % 3] ?? "normal" }),
      );
      await store.transact([insertEmails(store.db, emails)]);
      const claims = await Promise.all(
        Array.from({ length: 12 }, (_, index) => claimAll({ limit: 15 }, index % 2 === 0 ? store : other)),
      );
      const rest = await claimAll({ limit: 200 });
      const ids = [...claims.flat(), ...rest].map(({ email }) => email.id);
      expect(ids).toHaveLength(120);
      expect(new Set(ids).size).toBe(120);
      for (const { email, recipients, content } of claims.flat()) {
        expect(email.lease).toBe(1);
        expect(recipients).toHaveLength(1);
        expect(content).toBeDefined();
      }
    });

    it("does not let one wait for what another is about to claim", async () => {
      const other = await database.another();
      await queue({ at: t0 - 1 });
      const second = await queue();
      await store.transaction(async (transaction) => {
        for (const query of claimEmails(transaction, claimOf({ now: t0, leaseMs: 1, limit: 1 })).queries) {
          await transaction.executeQuery(query);
        }
        expect((await claimAll({}, other)).map(({ email }) => email.id)).toEqual([second]);
      });
    });

    it("shares the emails of a node that is gone among the others", async () => {
      const other = await database.another();
      const ids = [await queue(), await queue()];
      await claimAll({}, other);
      await ageLeases(store, 30_000);
      const freed = await Promise.all(
        [store, other].map(({ transaction }) =>
          transaction((db) => releaseLeases(db, t0 + 30_000, t0 + 30_000)),
        ),
      );
      expect(freed.reduce((sum, count) => sum + count, 0)).toBe(2);
      const claims = await Promise.all([
        claimAll({ limit: 1, now: t0 + 30_000 }),
        claimAll({ limit: 1, now: t0 + 30_000 }, other),
      ]);
      expect(
        claims
          .flat()
          .map(({ email }) => email.id)
          .sort(),
      ).toEqual(ids.sort());
    });
  });
});
