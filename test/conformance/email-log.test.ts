import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { type EmailFilter, listEmails } from "../../src/store/tables/email-criteria.ts";
import { insertEmails, isKeyTaken, type NewEmail } from "../../src/store/tables/email-inserts.ts";
import { settleEmails } from "../../src/store/tables/email-settlements.ts";
import {
  countOpen,
  type Email,
  findByIdempotencyKey,
  findEmail,
  listAttempts,
  listRecipients,
  releaseIdempotencyKey,
} from "../../src/store/tables/emails.ts";
import { newEmail } from "../support/new-email.ts";
import { queueOn, sent, t0 } from "../support/queue-on.ts";
import { databases, type OpenDatabase } from "./databases.ts";

describe.each(databases)("the log of emails on $name", ({ start, open, stop }) => {
  let database: OpenDatabase;
  let store: Store;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await open();
    store = database.store;
  });
  afterEach(() => database.dispose());
  const { queue, claimAll, claim, claimOne, settle } = queueOn(() => store);

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

  it("finds by tag as a whole, whatever is in it", async () => {
    const tags = ["a", "A", "b", 'quo"te', "back\\slash", "com,ma", "[", "ö%_'"];
    const ids = new Map<string, string>();
    for (const tag of tags) ids.set(tag, await queue({ tags: ["first", tag, "last"] }));
    await queue({ tags: ["ab", "ba", "c", 'te"', "slash", "ma", "x%_y"] });
    await queue({ subject: "a" });
    const found = async (tag: string) => (await listEmails(store.db, { limit: 20, tag })).map(({ id }) => id);
    for (const tag of tags) expect(await found(tag)).toEqual([ids.get(tag)]);
    for (const none of ["te", "", "c,o", "quo", '"', ","]) expect(await found(none)).toEqual([]);
    expect(await found("last")).toHaveLength(tags.length);
  });

  it("finds by the time of acceptance, also after a clock was set back", async () => {
    const at = (createdAt: number) => {
      const email = newEmail(t0, { createdAt });
      return { ...email, email: { ...email.email, createdAt } };
    };
    const emails = [at(t0), at(t0 + 1_000), at(t0 + 2_000)];
    // Its ID is later than its time.
    const back = { ...newEmail(t0 + 10_000), email: { ...newEmail(t0 + 10_000).email, createdAt: t0 + 500 } };
    await store.transact([insertEmails(store.db, [...emails, back])]);
    const times = async (filter: Partial<EmailFilter>) =>
      (await listEmails(store.db, { limit: 9, ...filter })).map(({ createdAt }) => createdAt - t0).sort();
    expect(await times({ createdFrom: t0, createdBefore: t0 + 1_000 })).toEqual([0, 500]);
    expect(await times({ createdFrom: t0 + 1 })).toEqual([1000, 2000, 500]);
    expect(await times({ createdBefore: t0 + 1 })).toEqual([0]);
    expect(await times({ createdBefore: -1 })).toEqual([]);
    expect(await times({ createdFrom: -1, recipient: "jo@example.com" })).toHaveLength(4);
  });

  it("finds by the SMTP config of the last attempt", async () => {
    const first = await queue();
    await queue();
    await settle(await claimOne(), sent());
    const { configId } = (await listAttempts(store.db, first))[0] ?? {};
    const found = await listEmails(store.db, { limit: 9, config: configId ?? "" });
    expect(found.map(({ id }) => id)).toEqual([first]);
    expect(found[0]?.configId).toBe(configId);
    expect(await listEmails(store.db, { limit: 9, config: "none" })).toEqual([]);
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
});
