import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClaimingNode } from "../../test/support/claiming-node.ts";
import { type GivenEmail, newEmail } from "../../test/support/new-email.ts";
import { smtpConfig } from "../../test/support/smtp-config.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { insertEmails } from "../store/tables/email-inserts.ts";
import { type Email, findEmail } from "../store/tables/emails.ts";
import { insertSmtpConfig } from "../store/tables/smtp-configs.ts";
import { createFixedClock, type FixedClock } from "../testing/fixed-clock.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

let clock: FixedClock;
let store: Store;
let node: ClaimingNode;
beforeEach(async () => {
  clock = createFixedClock();
  store = await openSqliteStore(":memory:");
  node = new ClaimingNode(store, clock, { shared: false });
});
afterEach(async () => {
  await node.close();
  await store.close();
});

const save = () => insertSmtpConfig(store.db, smtpConfig());

async function queue(given: GivenEmail = {}): Promise<string> {
  const email = newEmail(clock.now(), given);
  await store.transact([insertEmails(store.db, [email])]);
  return email.email.id;
}

const stored = async (id: string) => (await findEmail(store.db, id)) as Email;

describe("a clock that is set forward", () => {
  it("expires nothing without an attempt that had time left by the clock before", async () => {
    await save();
    await node.start();
    const id = await queue({ nextAttemptAt: clock.now() + 5 * minute, expiresAt: clock.now() + hour });
    await node.tick();
    clock.step(2 * hour);
    await node.pass(60);
    expect(node.ids).toEqual([id]);
  });

  it("gives emails ten minutes for that attempt, and then expires them", async () => {
    await node.start();
    const id = await queue({ expiresAt: clock.now() + hour });
    clock.step(2 * hour);
    await node.tick();
    await node.pass(599);
    expect(await stored(id)).toMatchObject({ state: "queued" });
    await node.pass(61);
    expect(await stored(id)).toMatchObject({ state: "expired" });
  });

  it("expires at once what had no time left by either clock", async () => {
    await node.start();
    const id = await queue({ expiresAt: clock.now() + second });
    await node.pass(2);
    clock.step(hour);
    await node.tick();
    expect(await stored(id)).toMatchObject({ state: "expired" });
  });

  it("keeps what is under way", async () => {
    await save();
    const id = await queue();
    await node.start();
    clock.step(hour);
    await node.pass(60);
    expect(await stored(id)).toMatchObject({ state: "sending" });
  });
});

describe("a clock that is set back", () => {
  it("has what was due sent now, and not once more when the clock has come there", async () => {
    await node.start();
    const id = await queue();
    await node.pass(10);
    clock.step(-hour);
    await save();
    await node.readConfigs();
    expect(node.ids).toEqual([id]);
    expect(await stored(id)).toMatchObject({ nextAttemptAt: clock.now() });
  });

  it("has what was due sent also if the database fails just then", async () => {
    await node.start();
    const id = await queue();
    await node.pass(10);
    await sql`create trigger fails before update on emails begin select raise(abort, 'fails'); end`.execute(
      store.db,
    );
    clock.step(-hour);
    await node.tick();
    await sql`drop trigger fails`.execute(store.db);
    await save();
    await node.readConfigs();
    expect(node.ids).toEqual([id]);
  });

  it("leaves what was due later to its time, unless that is further off than any backoff", async () => {
    await save();
    await node.start();
    const retried = await queue({ nextAttemptAt: clock.now() + 5 * minute });
    const scheduled = await queue({
      nextAttemptAt: clock.now() + 3 * hour,
      expiresAt: clock.now() + 99 * hour,
    });
    await store.db.updateTable("emails").set({ lease: 1, attempts: 2 }).where("id", "=", retried).execute();
    const due = [await stored(retried), await stored(scheduled)].map(({ nextAttemptAt }) => nextAttemptAt);
    clock.step(-hour);
    await node.tick();
    expect(node.ids).toEqual([]);
    clock.step(-10 * hour);
    await node.tick();
    expect(node.ids).toEqual([retried]);
    expect((await stored(scheduled)).nextAttemptAt).toBe(due[1]);
  });

  it("has what is due sent also if that happened while the process was down", async () => {
    await save();
    const later = { nextAttemptAt: clock.now(), expiresAt: clock.now() + 24 * hour };
    const accepted = await queue(later);
    const retried = await queue({
      ...later,
      createdAt: clock.now() - hour,
      nextAttemptAt: clock.now() + minute,
    });
    await store.db.updateTable("emails").set({ lease: 3 }).where("id", "=", retried).execute();
    const scheduled = await queue({ ...later, nextAttemptAt: clock.now() + hour });
    clock.step(-10 * hour);
    node = new ClaimingNode(store, clock, { shared: false });
    await node.start();
    expect([...node.ids].sort()).toEqual([accepted, retried].sort());
    expect(await stored(scheduled)).toMatchObject({ state: "queued" });
  });

  it("keeps what is under way, and is asked at the same times as before", async () => {
    await save();
    const id = await queue();
    await node.start();
    const before = node.ticks;
    clock.step(-hour);
    await node.pass(60);
    expect(await stored(id)).toMatchObject({ state: "sending" });
    // Each ten seconds, for the lease.
    expect(node.ticks - before).toBe(6);
  });
});
