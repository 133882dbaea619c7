import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newEmail } from "../../test/support/new-email.ts";
import { smtpConfig } from "../../test/support/smtp-config.ts";
import { SendwrightError } from "../core/errors.ts";
import { createLog } from "../core/log.ts";
import { Metrics } from "../core/metrics.ts";
import { resolveSettings } from "../smtp-configs/open.ts";
import { ConfigSource } from "../smtp-configs/repository.ts";
import { runSteps } from "../store/step.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import type { ClaimedEmail } from "../store/tables/email-claims.ts";
import { insertEmails } from "../store/tables/email-inserts.ts";
import { findEmail } from "../store/tables/emails.ts";
import { insertSmtpConfig } from "../store/tables/smtp-configs.ts";
import { createFixedClock, type FixedClock } from "../testing/fixed-clock.ts";
import { ClaimLoop } from "./claim-loop.ts";
import type { Membership } from "./cluster.ts";
import { Completer } from "./completer.ts";
import { Leases } from "./leases.ts";
import { type Route, Routes } from "./routes.ts";

const configSource = new ConfigSource(null);
const second = 1_000;

/** What a transaction has to wait for: before the database hears of it, or with the database's answer. */
interface Fate {
  readonly asked?: Promise<void>;
  readonly answered?: Promise<void>;
}

let clock: FixedClock;
let real: Store;
/** The same database, as one that is shared. Its answers may be held up, and others may announce something. */
let store: Store;
let fates: Fate[];
let transactions: number;
let announcements: number;
let announced: () => void;
/** How many heartbeats this node began, and until when the next one takes. */
let heartbeats: number;
let heartbeatDone: Promise<void>;
let membership: Membership;
let routes: Routes;
let completer: Completer;
let claimLoop: ClaimLoop;
/** What was claimed, in this order, with its route. */
let begun: { readonly claimed: ClaimedEmail; readonly route: Route }[];
beforeEach(async () => {
  clock = createFixedClock();
  real = await openSqliteStore(":memory:");
  open({ shared: true });
});
afterEach(async () => {
  await claimLoop.stopClaiming();
  claimLoop.end();
  await routes.close();
  await real.close();
});

function open({ shared }: { readonly shared: boolean }): void {
  fates = [];
  transactions = 0;
  announcements = 0;
  heartbeats = 0;
  heartbeatDone = Promise.resolve();
  membership = { rank: 0, nodes: 1 };
  begun = [];
  store = {
    ...real,
    shared,
    transact: (steps) =>
      runSteps(steps, async (queries) => {
        transactions++;
        const fate = fates.shift();
        await fate?.asked;
        const [results] = await real.transact([{ queries, read: (all) => all }]);
        await fate?.answered;
        return results;
      }),
    announcement() {
      announcements++;
      return real.announcement();
    },
    onAnnounced(callback) {
      announced = callback;
    },
  };
  const cluster = {
    get membership() {
      return membership;
    },
    async heartbeat() {
      heartbeats++;
      await heartbeatDone;
      return false;
    },
  };
  routes = new Routes({ db: store.db, configSource, cluster, clock, onCapacity() {} });
  const log = createLog("silent");
  completer = new Completer({
    db: store.db,
    configSource,
    clock,
    log,
    metrics: new Metrics(),
    random: () => 0.5,
    hasFallback: () => false,
    onFailing() {},
    resolve: (config) => resolveSettings(config.settings, null),
    senderOf: (_, { settings }) => settings.fromEmail,
    explainTitle: () => null,
  });
  claimLoop = new ClaimLoop({
    store,
    clock,
    log,
    cluster,
    routes,
    leases: new Leases(store, clock),
    completer,
    onClaimed: (claimed, route) => begun.push({ claimed, route }),
  });
}

/** Until nothing happens any more, but for what is held up or waits for its time. */
async function idle(): Promise<void> {
  for (let turns = 0; turns < 30; turns++) await turn();
}

/** Holds up the answer of the next transaction. @returns the function that lets it come. */
function hold(): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  fates.push({ answered: promise });
  return async () => {
    resolve();
    await idle();
  };
}

/** Holds up the next transaction. @returns the function that makes it fail. */
function holdToFail(): () => Promise<void> {
  const { promise, reject } = Promise.withResolvers<void>();
  fates.push({ asked: promise });
  return async () => {
    reject(new SendwrightError("store.unavailable", "The database is away."));
    await idle();
  };
}

async function start(): Promise<void> {
  await claimLoop.start();
  await idle();
}

const save = () => insertSmtpConfig(store.db, smtpConfig());

/** Another part has stored an email: the claim loop knows nothing of it yet. */
async function queue(): Promise<string> {
  const email = newEmail(clock.now());
  await real.transact([insertEmails(store.db, [email])]);
  return email.email.id;
}

/** An email that this node has claimed. */
async function claimedOne(): Promise<ClaimedEmail> {
  await save();
  await queue();
  await start();
  const [first] = begun;
  if (first === undefined) throw new Error("the email is claimed");
  return first.claimed;
}

const begunIds = () => begun.map(({ claimed }) => claimed.email.id);

describe("an email that is stored while a tick is under way", () => {
  it("is claimed as soon as that has claimed, if that had all of the capacity", async () => {
    await save();
    await start();
    const answer = hold();
    claimLoop.requestTick();
    await idle();
    const id = await queue();
    claimLoop.requestTick();
    await idle();
    expect(begun).toEqual([]);
    await answer();
    expect(begunIds()).toEqual([id]);
  });

  it("is claimed as soon as a tick has failed and is repeated, if that had all of the capacity", async () => {
    await save();
    await start();
    const fail = holdToFail();
    claimLoop.requestTick();
    await idle();
    const id = await queue();
    claimLoop.requestTick();
    await idle();
    await fail();
    expect(begun).toEqual([]);
    await clock.advance(second);
    await idle();
    expect(begunIds()).toEqual([id]);
  });

  it("is claimed when the configs have been read, if that tick reads them", async () => {
    await start();
    const answer = hold();
    await save();
    claimLoop.configsChanged();
    await idle();
    const id = await queue();
    claimLoop.requestTick();
    await answer();
    expect(begunIds()).toEqual([id]);
  });

  it("takes no tick more than one for what is new, and one for what was left", async () => {
    await save();
    await start();
    const before = transactions;
    const answer = hold();
    claimLoop.requestTick();
    await idle();
    claimLoop.requestTick();
    claimLoop.requestTick();
    await idle();
    await answer();
    expect(transactions - before).toBe(2);
  });
});

describe("a request for another tick", () => {
  /** Calls the function so many microtasks after the next timer is set, which is the last that a tick does. */
  function afterTheTimer(microtasks: number, call: () => void): void {
    const { after } = clock;
    clock.after = (...timer) => {
      clock.after = after;
      let left = microtasks;
      const next = () => (left-- > 0 ? queueMicrotask(next) : call());
      next();
      return after(...timer);
    };
  }

  it.each([
    ["alone", false],
    ["shared", true],
  ])("is heard at every moment of the end of a tick, on a database that is %s", async (_, shared) => {
    open({ shared });
    await save();
    await start();
    for (let microtasks = 0; microtasks < 12; microtasks++) {
      afterTheTimer(microtasks, () => claimLoop.requestTick());
      const before = transactions;
      claimLoop.requestTick();
      await idle();
      expect(transactions - before, `${microtasks} microtasks after the end`).toBe(2);
    }
  });
});

describe("the configs", () => {
  it("are read again after that has failed", async () => {
    await save();
    await start();
    await store.db.updateTable("smtp_config").set({ enabled: 0 }).execute();
    const fail = holdToFail();
    // There is no capacity, so no claim reads them either.
    const slot = routes.of(claimLoop.enabled[0] ?? smtpConfig()).pool.acquire();
    claimLoop.configsChanged();
    await idle();
    await fail();
    expect(claimLoop.enabled).toHaveLength(1);
    await clock.advance(second);
    await idle();
    expect(claimLoop.enabled).toEqual([]);
    slot.release();
  });
});

describe("the timer", () => {
  it("for what a tick could not write stays, though another tick ends later and knows of nothing", async () => {
    const { email } = await claimedOne();
    const answer = hold();
    const fail = holdToFail();
    claimLoop.requestTick();
    await idle();
    const written = completer.handBack(email);
    claimLoop.requestTick();
    await idle();
    await fail();
    await answer();
    await clock.advance(second);
    await idle();
    await written;
    expect(await findEmail(store.db, email.id)).toMatchObject({ state: "queued" });
  });
});

describe("an email that is handed back", () => {
  it("is announced: another node may have capacity, and nothing else to wait for", async () => {
    const { email } = await claimedOne();
    const before = announcements;
    const written = completer.handBack(email);
    claimLoop.requestTick();
    await written;
    expect(announcements - before).toBe(1);
    claimLoop.requestTick();
    await idle();
    expect(announcements - before).toBe(1);
  });
});

describe("the heartbeat", () => {
  it("comes again within a second if a node announces itself while it is under way", async () => {
    await save();
    await start();
    let answer = () => {};
    heartbeatDone = new Promise((resolve) => {
      answer = resolve;
    });
    await clock.advance(10 * second);
    await idle();
    const before = heartbeats;
    announced();
    await idle();
    answer();
    await idle();
    expect(heartbeats).toBe(before);
    await clock.advance(second);
    await idle();
    expect(heartbeats).toBe(before + 1);
  });

  it("is one at a time: an older answer never comes after a newer one", async () => {
    await save();
    await start();
    let answer = () => {};
    heartbeatDone = new Promise((resolve) => {
      answer = resolve;
    });
    const before = heartbeats;
    await clock.advance(10 * second);
    await idle();
    claimLoop.requestTick();
    announced();
    await idle();
    expect(heartbeats).toBe(before + 1);
    answer();
    await idle();
  });

  it("is waited for before the first claim: a share of a limit is known only then", async () => {
    await save();
    await queue();
    let answer = () => {};
    heartbeatDone = new Promise((resolve) => {
      answer = resolve;
    });
    const started = claimLoop.start();
    announced();
    await idle();
    expect(begun).toEqual([]);
    answer();
    await started;
    await idle();
    expect(begun).toHaveLength(1);
  });
});
