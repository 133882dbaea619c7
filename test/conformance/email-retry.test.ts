import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { retryableStates } from "../../src/core/model.ts";
import type { Store } from "../../src/store/store.ts";
import { countMeeting, type EmailCriteria, listEmails } from "../../src/store/tables/email-criteria.ts";
import { requeueEmail } from "../../src/store/tables/email-queue.ts";
import { listForRetry, requeueEmails } from "../../src/store/tables/email-retry.ts";
import { findEmail, listRecipients } from "../../src/store/tables/emails.ts";
import { type StoredEmail, storeEmail } from "../support/stored-email.ts";
import { databases } from "./databases.ts";

const t0 = Date.parse("2026-06-01T12:00:00Z");
const now = t0 + 3_600_000;
const expiresAt = now + 86_400_000;

describe.each(databases)("many emails at once on $name", ({ start, open, stop }) => {
  let store: Store;
  let dispose: () => Promise<void>;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    ({ store, dispose } = await open());
  });
  afterEach(() => dispose());

  const put = (given: Partial<StoredEmail> = {}) =>
    storeEmail(store.db, { acceptedAt: t0, state: "failed", ...given });
  const dropContents = (id: string) =>
    store.db.deleteFrom("email_content").where("email_id", "=", id).execute();

  describe("counting", () => {
    it("counts what the list shows", async () => {
      await put({ subject: "100% off_today", template: "offer" });
      await put({ subject: "100 off today", recipients: ["max@example.com", "jo@example.com"] });
      await put({ state: "sent", caller: "key:1" });
      const filters: EmailCriteria[] = [
        {},
        { state: "failed" },
        { template: "offer" },
        { recipient: "jo@example.com" },
        { caller: "key:1" },
        { q: "0% OFF_t" },
        { q: "MAX@" },
        { q: "100", state: "sent" },
        { state: "failed", recipient: "jo@example.com", q: "today" },
      ];
      for (const filter of filters) {
        const listed = await listEmails(store.db, { ...filter, limit: 100 });
        expect(await countMeeting(store.db, filter, 100), JSON.stringify(filter)).toEqual({
          count: listed.length,
          capped: false,
        });
      }
    });

    it("stops at the cap, and says so", async () => {
      for (let index = 0; index < 4; index++) await put();
      expect(await countMeeting(store.db, {}, 3)).toEqual({ count: 3, capped: true });
      expect(await countMeeting(store.db, {}, 4)).toEqual({ count: 4, capped: false });
    });
  });

  describe("trying again", () => {
    const change = { state: "failed", now, expiresAt } as const;
    const stateOf = async (id: string) => (await findEmail(store.db, id))?.state;

    it("lists the oldest first, part by part, and nothing that was accepted too late", async () => {
      const ids: string[] = [];
      for (let index = 0; index < 5; index++) ids.push(await put({ acceptedAt: t0 + index }));
      await put({ state: "sent" });
      const criteria = { state: "failed", createdBefore: t0 + 4 } as const;
      const first = await listForRetry(store.db, criteria, { after: "", limit: 3 });
      const rest = await listForRetry(store.db, criteria, { after: first.at(-1) ?? "", limit: 3 });
      expect([first, rest]).toEqual([ids.slice(0, 3), ids.slice(3, 4)]);
    });

    it.each(retryableStates)("does for many what is done for one that is %s", async (state) => {
      const given: Partial<StoredEmail> = {
        state,
        recipients: ["jo@example.com", "bo@example.com"],
        recipientStates: ["sent", state === "partial" ? "failed" : state],
      };
      const [one, many] = [await put(given), await put(given)];
      await requeueEmail(store.db, one, now, expiresAt);
      expect(await requeueEmails(store.db, [many], { ...change, state })).toBe(1);
      const found = async (id: string) => {
        const { id: _id, messageId: _messageId, ...email } = (await findEmail(store.db, id)) ?? {};
        return { ...email, recipients: (await listRecipients(store.db, [id])).get(id) };
      };
      expect(await found(many)).toEqual(await found(one));
      expect(await found(many)).toMatchObject({
        state: "queued",
        nextAttemptAt: now,
        expiresAt,
        possibleDuplicate: state === "unknown",
        recipients: [{ state: "sent" }, { state: "queued" }],
      });
    });

    it("leaves out what has no contents, and what has another state by now", async () => {
      const [whole, gone, sent, waits] = [
        await put(),
        await put(),
        await put({ state: "sent" }),
        await put({ state: "queued" }),
      ];
      await dropContents(gone);
      expect(await requeueEmails(store.db, [whole, gone, sent, waits], change)).toBe(1);
      const states = [await stateOf(whole), await stateOf(gone), await stateOf(sent)];
      expect(states).toEqual(["queued", "failed", "sent"]);
      expect((await findEmail(store.db, waits))?.nextAttemptAt).toBe(t0);
      const recipients = await listRecipients(store.db, [gone, sent]);
      expect([...recipients.values()].map(([one]) => one?.state)).toEqual(["failed", "sent"]);
    });

    it("takes each email once where two try at the same time", async () => {
      const ids: string[] = [];
      for (let index = 0; index < 20; index++) ids.push(await put());
      const again = () => store.transaction((db) => requeueEmails(db, ids, change));
      const counts = await Promise.all([again(), again()]);
      expect(counts.sort((a, b) => a - b)).toEqual([0, 20]);
    });

    it("has nothing to do for nothing", async () => {
      expect(await requeueEmails(store.db, [], change)).toBe(0);
    });
  });
});
