import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { handedBack } from "../../src/delivery/outcome.ts";
import type { Store } from "../../src/store/store.ts";
import { findContent } from "../../src/store/tables/email-content.ts";
import { markBodyStarted } from "../../src/store/tables/email-leases.ts";
import { endQueued } from "../../src/store/tables/email-queue.ts";
import { settleEmails, settleMinimally } from "../../src/store/tables/email-settlements.ts";
import { type Email, findEmail, listAttempts, listRecipients } from "../../src/store/tables/emails.ts";
import { queueOn, sent, t0 } from "../support/queue-on.ts";
import { databases, type OpenDatabase } from "./databases.ts";

describe.each(databases)("the end of a claim on $name", ({ start, open, stop }) => {
  let database: OpenDatabase;
  let store: Store;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await open();
    store = database.store;
  });
  afterEach(() => database.dispose());
  const { queue, settle, claim, claimOne, releaseAfter } = queueOn(() => store);

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

  it("keeps the way of an attempt, and what became of its archive copy", async () => {
    const id = await queue();
    const route = { by: "stand-in", for: "config-2", because: "limit" } as const;
    const copy = {
      address: "archive@example.net",
      outcome: "permanent",
      code: 550,
      reply: "no\nno",
    } as const;
    const { attempt } = sent();
    if (attempt === null) throw new Error("there is an attempt");
    await settle(await claimOne(), sent({ attempt: { ...attempt, route, copy } }));
    expect((await listAttempts(store.db, id))[0]).toMatchObject({ route, copy });
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
    expect(await settle(claimed, handedBack(claimed, null, t0 + 5))).toBe(true);
    expect(await findEmail(store.db, id)).toEqual({ ...before, lease: 1 });
    expect((await listRecipients(store.db, [id])).get(id)).toMatchObject([{ state: "queued", code: null }]);
    expect(await listAttempts(store.db, id)).toEqual([]);
    expect(await claimOne()).toMatchObject({ id, lease: 2, attemptCount: 3 });
    expect(await releaseAfter(30_000)).toBe(1);
  });
});
