import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EmailState } from "../../src/core/model.ts";
import type { Store } from "../../src/store/store.ts";
import { findContent } from "../../src/store/tables/email-content.ts";
import { findByIdempotencyKey, findEmail, listRecipients } from "../../src/store/tables/emails.ts";
import {
  type Batch,
  type BatchDone,
  deleteEmails,
  purgeContents,
  releaseIdempotencyKeys,
} from "../../src/store/tables/retention.ts";
import { type StoredEmail, storeEmail } from "../support/stored-email.ts";
import { databases } from "./databases.ts";

const dayMs = 86_400_000;
const now = Date.parse("2026-06-01T12:00:00Z");
const finalBy = now - 30 * dayMs;
const old = finalBy - dayMs;
const maxBytes = 1_000_000;
const finalStates: readonly EmailState[] = [
  "sent",
  "partial",
  "failed",
  "cancelled",
  "expired",
  "unknown",
  "withheld",
];

describe.each(databases)("retention on $name", ({ start, open, stop }) => {
  let store: Store;
  let dispose: () => Promise<void>;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    ({ store, dispose } = await open());
  });
  afterEach(() => dispose());

  const put = (given: Partial<StoredEmail> = {}) => storeEmail(store.db, { acceptedAt: old, ...given });

  /** Walks to the end. @returns how many each batch was about. */
  async function all(next: (batch: Batch) => Promise<BatchDone>, limit = 10): Promise<number[]> {
    const counts: number[] = [];
    for (let after: string | null = ""; after !== null; ) {
      const done: BatchDone = await next({ after, limit });
      counts.push(done.count);
      after = done.next;
    }
    return counts;
  }
  const purge = (limit?: number) =>
    all((batch) => purgeContents(store.db, { ...batch, finalBy, maxBytes }), limit);
  const remove = (limit?: number) => all((batch) => deleteEmails(store.db, { ...batch, finalBy }), limit);
  const release = (limit?: number) =>
    all((batch) => releaseIdempotencyKeys(store.db, { ...batch, acceptedBefore: now - dayMs }), limit);

  const hasContent = async (id: string) => (await findContent(store.db, id)) !== undefined;
  const exists = async (id: string) => (await findEmail(store.db, id)) !== undefined;

  it("deletes contents, and keeps what became of the email", async () => {
    const id = await put();
    expect(await purge()).toEqual([1]);
    expect(await hasContent(id)).toBe(false);
    expect(await findEmail(store.db, id)).toMatchObject({ state: "sent", subject: "Hello" });
    expect((await listRecipients(store.db, [id])).get(id)).toMatchObject([{ address: "jo@example.com" }]);
  });

  it("deletes emails with all that belongs to them", async () => {
    const id = await put({ recipients: ["jo@example.com", "bo@example.com"] });
    await store.db
      .insertInto("attempts")
      .values({
        id: "a",
        email_id: id,
        at: old,
        outcome: "sent",
        duration_ms: 1,
        possible_duplicate: 0,
        captured: 0,
      })
      .execute();
    expect(await remove()).toEqual([1]);
    for (const table of ["emails", "recipients", "attempts", "email_content"] as const) {
      expect(await store.db.selectFrom(table).selectAll().execute()).toEqual([]);
    }
  });

  it.each(finalStates)(
    "counts from when an email became %s, not from when it was accepted",
    async (state) => {
      const due = await put({ state, finalAt: finalBy });
      const fresh = await put({ state, finalAt: finalBy + 1 });
      await purge();
      expect([await hasContent(due), await hasContent(fresh)]).toEqual([false, true]);
      await remove();
      expect([await exists(due), await exists(fresh)]).toEqual([false, true]);
    },
  );

  it.each(["queued", "sending"] as const)("never touches what is %s, however old", async (state) => {
    const id = await put({ state, acceptedAt: old - 3_000 * dayMs });
    expect([await purge(), await remove()]).toEqual([[0], [0]]);
    expect(await hasContent(id)).toBe(true);
  });

  it("walks in batches, past what stays", async () => {
    const ids: string[] = [];
    for (const state of ["sent", "queued", "sent", "sent", "queued", "failed", "sent"] as const) {
      ids.push(await put({ state }));
    }
    expect(await purge(2)).toEqual([1, 2, 1, 1]);
    expect(await remove(3)).toEqual([2, 2, 1]);
    const left = await store.db.selectFrom("emails").select("id").orderBy("id").execute();
    expect(left.map(({ id }) => id)).toEqual([ids[1], ids[4]]);
    // Nothing is left to do, and the walk ends.
    expect([await purge(1), await remove(1)]).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it("frees large contents a few at a time, and one larger than a batch alone", async () => {
    for (const size of [400_000, 600_000, 600_000, 3_000_000, 1]) {
      await put({ content: Buffer.alloc(size) });
    }
    expect(await purge()).toEqual([2, 1, 1, 1]);
  });

  it("is shared by two who walk at once", async () => {
    for (let count = 0; count < 30; count++) await put();
    const [first, second] = await Promise.all([remove(4), remove(4)]);
    expect([...first, ...second].reduce((sum, count) => sum + count, 0)).toBe(30);
  });

  it("lets idempotency keys go after a day, and leaves the emails as they are", async () => {
    const key = (id: string) => findByIdempotencyKey(store.db, "library", id);
    const waits = await put({ idempotencyKey: "one", state: "queued" });
    await put();
    await put({ idempotencyKey: "two" });
    await put({ idempotencyKey: "three", acceptedAt: now - dayMs });
    expect(await release(2)).toEqual([1, 1]);
    expect([await key("one"), await key("two")]).toEqual([undefined, undefined]);
    expect((await key("three"))?.requestHash).toBe("a hash");
    expect(await findEmail(store.db, waits)).toMatchObject({ state: "queued" });
    // The key is free for another email.
    await put({ idempotencyKey: "one", acceptedAt: now });
    expect(await release()).toEqual([0]);
  });
});
