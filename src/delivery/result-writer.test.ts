import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimNew, claimOf } from "../../test/support/claim.ts";
import { idle } from "../../test/support/idle.ts";
import { refuseAttempt, refuseChanges, refuseNothing } from "../../test/support/refusals.ts";
import { sentAt } from "../../test/support/settlement.ts";
import { away, type UnsteadyStore, unsteadyStore } from "../../test/support/unsteady-store.ts";
import { createLog } from "../core/log.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { claimEmails } from "../store/tables/email-claims.ts";
import { releaseLeases } from "../store/tables/email-leases.ts";
import { type Email, findEmail, listAttempts, listRecipients } from "../store/tables/emails.ts";
import { createFixedClock, type FixedClock } from "../testing/fixed-clock.ts";
import { handedBack } from "./outcome.ts";
import { ResultWriter, type Written } from "./result-writer.ts";

const second = 1_000;
const minute = 60 * second;

let clock: FixedClock;
let store: Store;
let unsteady: UnsteadyStore;
let writer: ResultWriter;
/** Whether there is news, what storing it does, and at which times that was tried. */
let isNewsDue: boolean;
let storeNews: () => Promise<void>;
let newsTriedAt: number[];
/** How often it was announced that nothing is blocked any more. */
let unblocked: number;
beforeEach(async () => {
  clock = createFixedClock();
  store = await openSqliteStore(":memory:");
  unsteady = unsteadyStore(store);
  isNewsDue = false;
  storeNews = async () => {
    isNewsDue = false;
  };
  newsTriedAt = [];
  unblocked = 0;
  writer = new ResultWriter({
    store: unsteady.store,
    clock,
    log: createLog("silent"),
    news: {
      isDue: () => isNewsDue,
      store() {
        newsTriedAt.push(clock.monotonic());
        return storeNews();
      },
    },
    onUnblocked() {
      unblocked++;
    },
  });
});
afterEach(() => store.close());

async function pass(ms: number): Promise<void> {
  await clock.advance(ms);
  await idle();
}

async function claim(count: number): Promise<Email[]> {
  return (await claimNew(store, clock.now(), count)).map(({ email }) => email);
}

async function claimOne(): Promise<Email> {
  return (await claim(1))[0] as Email;
}

const sent = () => sentAt(clock.now());

/** Writes a result; shows what was reported of it. */
function write(email: Email) {
  const result: { reported: Written | "waiting" } = { reported: "waiting" };
  void writer.write(email, sent(), false).then((written) => {
    result.reported = written;
  });
  return result;
}

const reports = (results: readonly ReturnType<typeof write>[]) => results.map(({ reported }) => reported);

const stateOf = async ({ id }: Email) => (await findEmail(store.db, id))?.state;
const statesOf = (emails: readonly Email[]) => Promise.all(emails.map(stateOf));
const attemptsOf = async ({ id }: Email) => (await listAttempts(store.db, id)).length;

describe("a result", () => {
  it("is reported once it is written, not before", async () => {
    const email = await claimOne();
    const answer = unsteady.holdAnswer();
    const result = write(email);
    await idle();
    expect(result.reported).toBe("waiting");
    answer();
    await idle();
    expect(result.reported).toBe("stored");
    expect(await findEmail(store.db, email.id)).toMatchObject({ state: "sent", attemptCount: 1 });
    expect(await attemptsOf(email)).toBe(1);
    expect(unsteady.transactions).toBe(1);
  });

  it("is written with others, the oldest first, 64 of them in one transaction", async () => {
    const emails = await claim(70);
    const answer = unsteady.hold();
    const first = emails.slice(0, 1).map((email) => write(email));
    await idle();
    const rest = emails.slice(1).map((email) => write(email));
    answer();
    const next = unsteady.hold();
    unsteady.hold();
    next();
    await idle();
    expect(unsteady.transactions).toBe(3);
    expect(reports([...first, ...rest])).toEqual(emails.map((_, at) => (at < 65 ? "stored" : "waiting")));
  });

  it("is heard at every moment of the end of the one before it", async () => {
    for (let microtasks = 0; microtasks < 30; microtasks++) {
      const [first, second] = [await claimOne(), await claimOne()];
      let left = microtasks;
      const next = () => (left-- > 0 ? queueMicrotask(next) : void write(second));
      await writer.write(first, sent(), false).then(next);
      await idle();
      expect(await stateOf(second), `${microtasks} microtasks after the end`).toBe("sent");
    }
  });

  it("of an email that belongs to another node by now is not written, and that is reported", async () => {
    const email = await claimOne();
    await store.transaction((db) => releaseLeases(db, Number.MAX_SAFE_INTEGER, clock.now()));
    const claim = claimOf({ now: clock.now(), leaseMs: 30 * second, limit: 1 });
    await store.transact([claimEmails(store.db, claim)]);
    expect(await writer.write(email, sent(), false)).toBe("lease-lost");
    expect(await stateOf(email)).toBe("sending");
    expect(await attemptsOf(email)).toBe(0);
  });

  it("that hands an email back is announced: another node may have capacity, and nothing else to wait for", async () => {
    const [first, second, third] = [await claimOne(), await claimOne(), await claimOne()];
    await writer.write(first, sent(), false);
    expect(unsteady.announcements).toBe(0);
    await writer.write(second, handedBack(second, null, clock.now()), true);
    expect(unsteady.announcements).toBe(1);
    await refuseAttempt(store, third);
    const other = await claimOne();
    await Promise.all([
      writer.write(third, sent(), false),
      writer.write(other, handedBack(other, null, clock.now()), true),
    ]);
    expect(unsteady.announcements).toBe(3);
  });
});

describe("a database that is away", () => {
  it("is asked again after a second; nothing is lost, and what came first is written first", async () => {
    const emails = await claim(70);
    const fail = unsteady.holdToFail();
    const results = emails.slice(0, 2).map((email) => write(email));
    await idle();
    results.push(...emails.slice(2).map((email) => write(email)));
    fail();
    await pass(second - 1);
    expect([unsteady.transactions, new Set(reports(results))]).toEqual([1, new Set(["waiting"])]);
    unsteady.hold()();
    const rest = unsteady.hold();
    await pass(1);
    expect(reports(results)).toEqual(emails.map((_, at) => (at < 64 ? "stored" : "waiting")));
    rest();
    await idle();
    expect(new Set(await statesOf(emails))).toEqual(new Set(["sent"]));
    expect([unsteady.transactions, new Set(reports(results))]).toEqual([3, new Set(["stored"])]);
  });

  it("blocks claims until it answers, and says so then", async () => {
    const email = await claimOne();
    unsteady.failNext(3);
    const result = write(email);
    await idle();
    expect(writer.isBlocked).toBe(true);
    for (const transactions of [2, 3]) {
      await pass(second);
      expect(unsteady.transactions).toBe(transactions);
      expect([writer.isBlocked, result.reported, unblocked]).toEqual([true, "waiting", 0]);
    }
    await pass(second);
    expect([writer.isBlocked, result.reported, unblocked]).toEqual([false, "stored", 1]);
  });

  it("may have done what it gave no answer to: the result is written again, and there once", async () => {
    const emails = await claim(3);
    unsteady.loseNextAnswers(2);
    const results = emails.map((email) => write(email));
    await idle();
    expect(await statesOf(emails)).toEqual(["sent", "sent", "sent"]);
    expect(reports(results)).toEqual(["waiting", "waiting", "waiting"]);
    await pass(2 * second);
    await pass(second);
    expect(reports(results)).toEqual(["stored", "stored", "stored"]);
    expect(await Promise.all(emails.map(attemptsOf))).toEqual([1, 1, 1]);
  });

  it("blocks claims also if it only does not answer and too much is waiting", async () => {
    const emails = await claim(64 + 256);
    const answer = unsteady.hold();
    for (const email of emails.slice(0, 64)) write(email);
    await idle();
    for (const email of emails.slice(64, -1)) write(email);
    expect(writer.isBlocked).toBe(false);
    const last = write(emails.at(-1) as Email);
    expect(writer.isBlocked).toBe(true);
    answer();
    while (last.reported === "waiting") await turn();
    expect(writer.isBlocked).toBe(false);
  });
});

describe("a result that the database refuses", () => {
  it("is written alone, then without its attempt and the relay's words; those beside it are complete", async () => {
    const emails = await claim(4);
    const [, poor] = emails;
    if (poor === undefined) throw new Error("four were claimed");
    await refuseAttempt(store, poor);
    expect(await Promise.all(emails.map((email) => writer.write(email, sent(), false)))).toEqual(
      emails.map(() => "stored"),
    );
    expect(await statesOf(emails)).toEqual(["sent", "sent", "sent", "sent"]);
    expect(await Promise.all(emails.map(attemptsOf))).toEqual([1, 0, 1, 1]);
    const recipients = await listRecipients(store.db, [poor.id]);
    expect(recipients.get(poor.id)).toMatchObject([{ state: "sent", code: null, reply: null }]);
    expect(writer.isBlocked).toBe(false);
  });

  it("is tried again after 1, 2, 4 seconds, up to each minute, for as long as the process lives", async () => {
    const email = await claimOne();
    await refuseChanges(store, email);
    const result = write(email);
    await idle();
    const triedAt = [0];
    for (
      let before = unsteady.transactions;
      clock.monotonic() < 250 * second;
      before = unsteady.transactions
    ) {
      await pass(second);
      if (unsteady.transactions > before) triedAt.push(clock.monotonic() / second);
    }
    expect(triedAt).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    expect([await stateOf(email), result.reported]).toEqual(["sending", "waiting"]);
    await refuseNothing(store);
    await pass(minute);
    expect([await stateOf(email), result.reported]).toEqual(["sent", "stored"]);
    expect(await attemptsOf(email)).toBe(1);
  });

  it("keeps up no others, whether they come with it or after it", async () => {
    const [poor, beside] = [await claimOne(), await claimOne()];
    await refuseChanges(store, poor);
    const refused = write(poor);
    expect(await writer.write(beside, sent(), false)).toBe("stored");
    for (let later = 0; later < 5; later++) {
      expect(await writer.write(await claimOne(), sent(), false)).toBe("stored");
      await pass(3 * second);
    }
    expect([writer.isBlocked, refused.reported]).toEqual([false, "waiting"]);
  });

  it("keeps to its own times if the database goes away for those beside it", async () => {
    const [poor, beside] = [await claimOne(), await claimOne()];
    await refuseChanges(store, poor);
    const results = [write(poor), write(beside)];
    // The batch, then the poor one alone and in its smallest form, then the other one, for which the database is away.
    for (let transaction = 0; transaction < 3; transaction++) unsteady.hold()();
    unsteady.failNext();
    await idle();
    expect([unsteady.transactions, ...reports(results)]).toEqual([4, "waiting", "waiting"]);
    await pass(second);
    // Both again, then each alone, and the poor one in its smallest form.
    expect([unsteady.transactions, ...reports(results)]).toEqual([8, "waiting", "stored"]);
  });

  it("is not lost if the database goes away while it is tried alone", async () => {
    const emails = await claim(3);
    const [, poor] = emails;
    if (poor === undefined) throw new Error("three were claimed");
    await refuseAttempt(store, poor);
    const results = emails.map((email) => write(email));
    // The batch, then the first one alone, then the poor one, for which the database is away.
    for (let transaction = 0; transaction < 2; transaction++) unsteady.hold()();
    unsteady.failNext();
    await idle();
    expect(reports(results)).toEqual(["stored", "waiting", "waiting"]);
    await pass(second);
    expect(reports(results)).toEqual(["stored", "stored", "stored"]);
    expect(await Promise.all(emails.map(attemptsOf))).toEqual([1, 0, 1]);
  });
});

describe("news", () => {
  it("is stored before the results, and alone if there are none", async () => {
    const email = await claimOne();
    const states: unknown[] = [];
    storeNews = async () => {
      states.push(await stateOf(email));
      isNewsDue = false;
    };
    isNewsDue = true;
    await writer.write(email, sent(), false);
    expect(states).toEqual(["sending"]);
    isNewsDue = true;
    writer.request();
    await idle();
    expect(states).toEqual(["sending", "sent"]);
    expect(unsteady.transactions).toBe(1);
  });

  it("that comes up while results are written is stored after them", async () => {
    const email = await claimOne();
    const answer = unsteady.hold();
    const result = write(email);
    await idle();
    isNewsDue = true;
    writer.request();
    answer();
    await idle();
    expect([isNewsDue, result.reported]).toEqual([false, "stored"]);
  });

  it("that the database refuses keeps up no results, and is tried again each minute, however many there are", async () => {
    isNewsDue = true;
    storeNews = () => Promise.reject(new Error("refused"));
    for (let result = 0; result < 10; result++) {
      expect(await writer.write(await claimOne(), sent(), false)).toBe("stored");
      await pass(second);
    }
    expect(newsTriedAt).toEqual([0]);
    for (let seconds = 10; seconds < 130; seconds++) await pass(second);
    expect(newsTriedAt).toEqual([0, minute, 2 * minute]);
    expect([writer.isBlocked, clock.waiting]).toEqual([false, 1]);
  });

  it("alone is tried each second while the database is away, and then blocks nothing", async () => {
    isNewsDue = true;
    let failures = 3;
    storeNews = async () => {
      if (failures-- > 0) throw away();
      isNewsDue = false;
    };
    writer.request();
    await idle();
    expect(writer.isBlocked).toBe(true);
    for (let seconds = 0; seconds < 3; seconds++) await pass(second);
    expect(newsTriedAt).toEqual([0, 1, 2, 3].map((seconds) => seconds * second));
    expect([isNewsDue, writer.isBlocked, unblocked]).toEqual([false, false, 1]);
  });
});

describe("the end", () => {
  it("stores what the database takes", async () => {
    const emails = await claim(70);
    const results = emails.map((email) => write(email));
    writer.end(second);
    await idle();
    expect(new Set(reports(results))).toEqual(new Set(["stored"]));
    expect(new Set(await statesOf(emails))).toEqual(new Set(["sent"]));
  });

  it("gives up at once what the database refuses in every form", async () => {
    const [poor, other] = [await claimOne(), await claimOne()];
    await refuseChanges(store, poor);
    const refused = write(poor);
    await idle();
    writer.end(second);
    await idle();
    expect(refused.reported).toBe("abandoned");
    expect(await writer.write(poor, sent(), false)).toBe("abandoned");
    expect(await writer.write(other, sent(), false)).toBe("stored");
  });

  it("asks a database that was away once more, at once, and gives up if it still is", async () => {
    const email = await claimOne();
    unsteady.failNext(2);
    const result = write(email);
    await idle();
    writer.end(second);
    await idle();
    expect([unsteady.transactions, result.reported]).toEqual([2, "abandoned"]);
  });

  it("does not wait for a database that never answers longer than the grace, for nothing that comes after it either", async () => {
    const emails = await claim(67);
    unsteady.hold();
    const results = emails.slice(0, 66).map((email) => write(email));
    await idle();
    writer.end(second);
    await pass(second - 1);
    expect(new Set(reports(results))).toEqual(new Set(["waiting"]));
    await pass(1);
    expect(new Set(reports(results))).toEqual(new Set(["abandoned"]));
    expect(await writer.write(emails[66] as Email, sent(), false)).toBe("abandoned");
  });
});
