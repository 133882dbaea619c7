import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GivenConfig, paused, smtpConfig } from "../../test/support/smtp-config.ts";
import { systemClock } from "../core/clock.ts";
import { createEgress } from "../net/egress.ts";
import { connect } from "../smtp/connection.ts";
import { ConfigSource } from "../smtp-configs/repository.ts";
import { openSqliteStore, type Store } from "../store/store.ts";
import { insertSmtpConfig } from "../store/tables/smtp-configs.ts";
import { createFixedClock, type FixedClock } from "../testing/fixed-clock.ts";
import { startTestRelay, type TestRelay } from "../testing/test-relay.ts";
import { isHalfOpen, type Route, Routes } from "./routes.ts";

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
  routes = new Routes({ db: store.db, configSource, cluster, clock, onCapacity });
});
afterEach(async () => {
  await routes.close();
  await store.close();
});

async function refresh(): Promise<Route[]> {
  const [configs] = await store.transact([routes.reading()]);
  return configs.map((config) => routes.of(config));
}

async function refreshed(): Promise<Route> {
  const [route] = await refresh();
  if (route === undefined) throw new Error("there is a config");
  return route;
}

const save = (given: GivenConfig = {}) => insertSmtpConfig(store.db, smtpConfig(given));
const pausedFor = (ms: number): GivenConfig => ({
  health: { breaker: { state: "open", until: clock.now() + ms, reason: null, failures: 1 } },
});
const change = (set: Record<string, string | number | null>) =>
  store.db.updateTable("smtp_config").set(set).execute();

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
    expect(routes.capacity(route)).toBe(1);
    await happen();
    const after = await refresh();
    expect(after).not.toContain(route);
    expect(route.ended).toBe(true);
    expect(routes.capacity(route)).toBe(0);
    for (const other of after) expect(routes.capacity(other)).toBe(1);
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
    expect(older.read(answer)).toEqual([route.config]);
    expect(route.ended).toBe(false);
    expect(await refreshed()).toBe(route);
  });

  it("have this node's share of the limits", async () => {
    await save({ settings: { maxConnections: 5, maxPerSecond: 1 } });
    expect(routes.capacity(await refreshed())).toBe(1);
    membership = { rank: 0, nodes: 2 };
    // One message a second is the other node's.
    expect(routes.capacity(await refreshed())).toBe(0);
    membership = { rank: 1, nodes: 2 };
    expect(routes.capacity(await refreshed())).toBe(1);
  });
});

describe("a config", () => {
  it("is not usable while it is paused", async () => {
    await save(pausedFor(1_000));
    const { config } = await refreshed();
    expect(routes.isUsable(config)).toBe(false);
    await clock.advance(999);
    expect(routes.isUsable(config)).toBe(false);
    await clock.advance(1);
    expect(routes.isUsable(config)).toBe(true);
  });

  it("that was paused is tried with one email, until the pause is forgotten", async () => {
    await using relay = await startTestRelay();
    await save(pausedFor(0));
    const route = await refreshed();
    await send(route, relay);
    expect(isHalfOpen(route)).toBe(true);
    expect(route.pool.capacity()).toBeGreaterThan(1);
    expect(routes.capacity(route)).toBe(1);
    route.underWay = 1;
    expect(routes.capacity(route)).toBe(0);
    route.underWay = 3;
    expect(routes.capacity(route)).toBe(0);
    await change({ paused_until: null });
    await refresh();
    expect(isHalfOpen(route)).toBe(false);
    expect(routes.capacity(route)).toBe(route.pool.capacity());
  });

  it("is in cooldown by a decision of this node until it is read again with the pause", async () => {
    await save();
    const route = await refreshed();
    route.cooldown = { written: false };
    expect(routes.isUsable(route.config)).toBe(false);
    await refresh();
    expect(routes.isUsable(route.config)).toBe(false);
    // Read before the pause was written, looked at after: that reading does not know it.
    const early = routes.reading();
    route.cooldown.written = true;
    await store.transact([early]);
    expect(routes.isUsable(route.config)).toBe(false);
    await refresh();
    expect(route.cooldown).toBeNull();
    expect(routes.isUsable(route.config)).toBe(true);
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
