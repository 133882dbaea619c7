import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GivenConfig, notPaused, paused, smtpConfig } from "../../test/support/smtp-config.ts";
import { systemClock } from "../core/clock.ts";
import { createEgress } from "../net/egress.ts";
import { connect } from "../smtp/connection.ts";
import { ConfigSource } from "../smtp-configs/repository.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { findSmtpConfig, insertSmtpConfig, type SmtpConfig } from "../store/tables/smtp-configs.ts";
import { createFixedClock, type FixedClock } from "../testing/fixed-clock.ts";
import { startTestRelay, type TestRelay } from "../testing/test-relay.ts";
import { trialMs } from "./circuit-breaker.ts";
import { capacityOf, type Route, Routes } from "./routes.ts";

const configSource = new ConfigSource(null);

const message = {
  from: "a@a.test",
  to: ["b@b.test"],
  content: Buffer.from("Subject: hi\r\n\r\n"),
  needsSmtpUtf8: false,
};

let clock: FixedClock;
let store: Store;
let routes: Routes;
/** This node's membership among others. */
let membership: { rank: number; nodes: number };
/** How often more capacity was announced. */
let announced: number;
beforeEach(async () => {
  clock = createFixedClock();
  store = await openSqliteStore(":memory:");
  membership = { rank: 0, nodes: 1 };
  announced = 0;
  const cluster = {
    get membership() {
      return membership;
    },
  };
  const onCapacity = () => {
    announced++;
  };
  routes = new Routes({
    db: store.db,
    configSource,
    cluster,
    clock,
    canOpen: () => true,
    isSandbox: () => false,
    onCapacity,
  });
});
afterEach(async () => {
  await routes.close();
  await store.close();
});

/** Reads the configs, as each tick may. */
async function refresh(): Promise<Route[]> {
  await store.transact([routes.reading()]);
  return [...routes.inOrder];
}

async function refreshed(): Promise<Route> {
  const [route] = await refresh();
  if (route === undefined) throw new Error("there is a config");
  return route;
}

const save = (given: GivenConfig = {}) => insertSmtpConfig(store.db, smtpConfig(given));
const pausedFor = (ms: number): GivenConfig => ({
  health: {
    breaker: { state: "open", until: clock.now() + ms, reason: null, failures: 1, needsAdmin: false },
  },
});
const change = (set: Record<string, string | number | null>) =>
  store.db.updateTable("smtp_config").set(set).execute();

async function stored(): Promise<SmtpConfig> {
  const found = await findSmtpConfig(store.db, "config-1");
  if (found === undefined) throw new Error("there is a config");
  return found;
}

/** Opens a breaker of the route for ten seconds. */
function fail({ breakers }: Route, owner: "config" | "node" = "config"): void {
  const event = { kind: "failed", cause: "unreachable", reason: "No network", isKnownGood: true } as const;
  breakers.record(owner, event, breakers.changes);
}

/** Sends through a route, as the delivery worker does. */
async function send(route: Route, relay: TestRelay): Promise<void> {
  const taken = route.pool.acquire();
  try {
    await taken.open(() =>
      connect({
        relay: { host: relay.host, port: relay.port, tls: "none", caPem: null, ehloName: "app.test" },
        credentials: null,
        allowCleartextAuth: false,
        egress: createEgress("default"),
        clock: systemClock,
      }),
    );
    await taken.send(message);
  } finally {
    taken.release();
  }
}

describe("the routes", () => {
  it("are those of the configs that are on, in their order", async () => {
    await save({ id: "b", settings: { position: 2 } });
    await save({ id: "off", settings: { position: 0, enabled: false } });
    await save({ id: "a", settings: { position: 1 } });
    await save({ id: "c", settings: { position: 2 } });
    expect((await refresh()).map(({ config }) => config.id)).toEqual(["a", "b", "c"]);
  });

  it("stay for as long as the settings do, and know of breakers and tests what was read last", async () => {
    await save();
    const route = await refreshed();
    await change({ paused_until: 5, paused_reason: "busy", failures: 2, last_test_json: null });
    expect(await refreshed()).toBe(route);
    expect(route.config).toMatchObject(paused({ until: 5, reason: "busy", failures: 2 }));
    expect(route.ended).toBe(false);
  });

  it.each([
    ["saved anew", () => change({ version: 2 })],
    ["changed by other hands", () => change({ seal: "another" })],
    ["turned off", () => change({ enabled: 0 })],
    ["deleted", () => store.db.deleteFrom("smtp_config").execute()],
    [
      "shared with another node",
      async () => {
        membership = { rank: 1, nodes: 2 };
      },
    ],
  ])("end with a config that is %s: they take nothing more", async (_how, happen) => {
    await save();
    const route = await refreshed();
    expect(capacityOf(route)).toBe(1);
    await happen();
    const after = await refresh();
    expect(after).not.toContain(route);
    expect(route.ended).toBe(true);
    expect(capacityOf(route)).toBe(0);
    for (const other of after) expect(capacityOf(other)).toBe(1);
  });

  it("end one by one: the others go on", async () => {
    await save({ id: "a" });
    await save({ id: "b", settings: { position: 1 } });
    const [first, second] = await refresh();
    await store.db.updateTable("smtp_config").set({ version: 2 }).where("id", "=", "a").execute();
    const after = await refresh();
    expect([first?.ended, second?.ended]).toEqual([true, false]);
    expect(after[1]).toBe(second);
    expect(after[0]).not.toBe(first);
  });

  it("go by the newest reading, whichever answer comes first", async () => {
    const older = routes.reading();
    const [answer] = await store.transact([{ queries: older.queries, read: (results) => results }]);
    await save();
    const route = await refreshed();
    older.read(answer);
    expect(routes.inOrder).toEqual([route]);
    expect(route.ended).toBe(false);
    expect(await refreshed()).toBe(route);
  });

  it("have this node's share of the limits", async () => {
    await save({ settings: { maxConnections: 5, maxPerSecond: 1 } });
    expect(capacityOf(await refreshed())).toBe(1);
    membership = { rank: 0, nodes: 2 };
    // One message a second is the other node's.
    expect(capacityOf(await refreshed())).toBe(0);
    membership = { rank: 1, nodes: 2 };
    expect(capacityOf(await refreshed())).toBe(1);
  });
});

describe("what a route may send", () => {
  it("is all that its pool has capacity for", async () => {
    await using relay = await startTestRelay();
    await save();
    const route = await refreshed();
    await send(route, relay);
    expect(capacityOf(route)).toBe(route.pool.capacity());
    expect(capacityOf(route)).toBeGreaterThan(1);
  });

  it("is nothing while the breaker is open, nor once its cooldown is over, before the trial has begun", async () => {
    await save(pausedFor(1_000));
    const route = await refreshed();
    expect([route.breakers.permission, capacityOf(route)]).toEqual(["none", 0]);
    await clock.advance(999);
    expect([route.breakers.permission, capacityOf(route)]).toEqual(["none", 0]);
    await clock.advance(1);
    expect([route.breakers.permission, capacityOf(route)]).toEqual(["trial", 0]);
  });

  it("is one email during a trial, and none while that is under way", async () => {
    await using relay = await startTestRelay();
    await save(pausedFor(0));
    const route = await refreshed();
    await routes.beginTrials(route);
    await send(route, relay);
    expect(route.pool.capacity()).toBeGreaterThan(1);
    expect([route.breakers.permission, capacityOf(route)]).toEqual(["one", 1]);
    for (const underWay of [1, 3]) {
      route.underWay = underWay;
      expect(capacityOf(route)).toBe(0);
    }
    route.underWay = 0;
    route.breakers.record("config", { kind: "succeeded" }, route.breakers.changes);
    expect(capacityOf(route)).toBe(route.pool.capacity());
  });

  it("is what the breakers of the config and of this node both allow", async () => {
    await save();
    const route = await refreshed();
    fail(route, "node");
    expect(route.breakers.permission).toBe("none");
    expect(await stored()).toMatchObject(notPaused);
    expect(routes.nodeFaults()).toEqual([{ configId: "config-1", reason: "No network" }]);
    await clock.advance(10_000);
    await routes.beginTrials(route);
    expect(route.breakers.permission).toBe("one");
    expect(await stored()).toMatchObject(notPaused);
    route.breakers.record("node", { kind: "succeeded" }, route.breakers.changes);
    expect(route.breakers.permission).toBe("all");
    expect(routes.nodeFaults()).toEqual([]);
  });
});

describe("a breaker", () => {
  it("that this node has opened is not closed by what was read before that is stored", async () => {
    await save();
    const route = await refreshed();
    fail(route);
    await refresh();
    expect(route.breakers.permission).toBe("none");
    const [unstored] = routes.unstoredBreakers();
    expect(unstored).toMatchObject({ config: route.config, breaker: { state: "open", failures: 1 } });
    // Read before it is stored, looked at after: that reading does not know it.
    const early = routes.reading();
    const [answer] = await store.transact([{ queries: early.queries, read: (results) => results }]);
    await store.transact([configSource.breakerStep(store.db, route.config, route.breakers.shared)]);
    unstored?.stored();
    early.read(answer);
    expect(route.breakers.permission).toBe("none");
    expect(await refreshed()).toBe(route);
    expect(route.breakers.permission).toBe("none");
    expect(routes.unstoredBreakers()).toEqual([]);
  });

  it("goes by what others have stored once this node has stored its own", async () => {
    await save();
    const route = await refreshed();
    fail(route);
    const [unstored] = routes.unstoredBreakers();
    await store.transact([configSource.breakerStep(store.db, route.config, route.breakers.shared)]);
    unstored?.stored();
    await configSource.resume(store.db, "config-1");
    await refresh();
    expect(route.breakers.permission).toBe("all");
  });

  it("stays as it is if the node's share of the config changes, and is new with new settings", async () => {
    await save();
    fail(await refreshed());
    membership = { rank: 1, nodes: 2 };
    expect((await refreshed()).breakers.permission).toBe("none");
    await change({ version: 2 });
    expect((await refreshed()).breakers.permission).toBe("all");
    expect(routes.unstoredBreakers()).toEqual([]);
  });

  it("is tried by one of two nodes, and the other learns of that with its next reading", async () => {
    const cluster = { membership };
    const others = new Routes({
      db: store.db,
      configSource,
      cluster,
      clock,
      canOpen: () => true,
      isSandbox: () => false,
      onCapacity() {},
    });
    await save(pausedFor(0));
    const route = await refreshed();
    await store.transact([others.reading()]);
    const [other] = others.inOrder;
    if (other === undefined) throw new Error("there is a config");
    await Promise.all([routes.beginTrials(route), others.beginTrials(other)]);
    const permissions = [route, other].map(({ breakers }) => breakers.permission);
    expect(permissions.sort()).toEqual(["one", "trial"]);
    await Promise.all([store.transact([routes.reading()]), store.transact([others.reading()])]);
    const known = [route, other].map(({ breakers }) => breakers.permission);
    expect(known.sort()).toEqual(["none", "one"]);
    expect(await stored()).toMatchObject({
      health: { breaker: { state: "half-open", until: clock.now() + trialMs, failures: 1 } },
    });
    // Its node is gone: after the time of a trial, each may try.
    await clock.advance(trialMs);
    expect([route, other].map(({ breakers }) => breakers.permission)).toEqual(["trial", "trial"]);
    await others.close();
  });

  it("that is not stored yet is tried without the database, which knows nothing of it", async () => {
    await save();
    const route = await refreshed();
    fail(route);
    await clock.advance(10_000);
    await routes.beginTrials(route);
    expect(route.breakers.permission).toBe("one");
    expect(await stored()).toMatchObject(notPaused);
  });
});

const anEmail = { from: null, via: null, refusedBy: [] };

describe("a fallback", () => {
  it("is another config that is on and may be used, or tried", async () => {
    await save({ id: "a" });
    const [only] = await refresh();
    if (only === undefined) throw new Error("there is a config");
    expect(routes.hasFallback(anEmail, only.config)).toBe(false);
    await save({ id: "b", settings: { position: 1 }, ...pausedFor(1_000) });
    await save({ id: "c", settings: { position: 2, enabled: false } });
    const [first, second] = await refresh();
    if (first === undefined || second === undefined) throw new Error("there are two configs");
    expect([first, second].map(({ config }) => routes.hasFallback(anEmail, config))).toEqual([false, true]);
    await clock.advance(1_000);
    expect(routes.hasFallback(anEmail, first.config)).toBe(true);
  });
});

describe("the sessions of the routes", () => {
  it("are counted, also those of a route that has ended and is not done yet", async () => {
    const reached = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<undefined>();
    await using relay = await startTestRelay({
      onDot: () => {
        reached.resolve();
        return answer.promise;
      },
    });
    await save();
    expect(routes.sessions()).toBe(0);
    const sending = send(await refreshed(), relay);
    await reached.promise;
    expect(routes.sessions()).toBe(1);
    await change({ version: 2 });
    await refresh();
    expect(routes.sessions()).toBe(1);
    answer.resolve(undefined);
    await sending;
    while (routes.sessions() > 0) await turn();
  });

  it("are all over when the routes are closed, also those that had ended before", async () => {
    const goodbye = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    await using relay = await startTestRelay({
      onDot: async () => {
        asked.resolve();
        await goodbye.promise;
        return undefined;
      },
    });
    await save();
    const sending = send(await refreshed(), relay);
    await asked.promise;
    await change({ version: 2 });
    await refresh();
    let isClosed = false;
    const closing = routes.close().then(() => {
      isClosed = true;
    });
    for (let turns = 0; turns < 10; turns++) await turn();
    expect(isClosed).toBe(false);
    goodbye.resolve();
    await Promise.all([sending, closing]);
    expect(routes.sessions()).toBe(0);
  });

  it("announce when there is more capacity", async () => {
    await using relay = await startTestRelay();
    await save();
    const route = await refreshed();
    const before = announced;
    await send(route, relay);
    expect(announced).toBeGreaterThan(before);
    expect(routes.sessions()).toBe(1);
  });
});
