import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { databases, type OpenDatabase } from "../../test/conformance/databases.ts";
import type { Store } from "../store/store.ts";
import { Cluster, shareOf } from "./cluster.ts";

describe("the shares of several nodes", () => {
  const limits = fc.record({
    maxConnections: fc.integer({ min: 1, max: 100 }),
    maxPerSecond: fc.option(fc.integer({ min: 1, max: 1_000 })),
  });

  it("add up to what the relay allows, and are as equal as whole numbers can be", () => {
    fc.assert(
      fc.property(limits, fc.integer({ min: 1, max: 30 }), (whole, nodes) => {
        const shares = Array.from({ length: nodes }, (_, rank) => shareOf(whole, { rank, nodes }));
        for (const name of ["maxConnections", "maxPerSecond"] as const) {
          const limit = whole[name];
          if (limit === null) {
            expect(shares.map((share) => share[name])).toEqual(shares.map(() => null));
            continue;
          }
          const parts = shares.map((share) => share[name] ?? 0);
          expect(parts.reduce((sum, part) => sum + part, 0)).toBe(limit);
          expect(Math.max(...parts) - Math.min(...parts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it("are the whole for a node alone", () => {
    const whole = { maxConnections: 5, maxPerSecond: 14 };
    expect(shareOf(whole, { rank: 0, nodes: 1 })).toEqual(whole);
  });
});

describe.each(databases)("nodes on $name", ({ shared, start, open, stop }) => {
  let database: OpenDatabase;
  beforeAll(start);
  afterAll(stop);
  beforeEach(async () => {
    database = await open();
  });
  afterEach(() => database.dispose());

  it("have the whole to themselves while they are alone", async () => {
    const cluster = new Cluster(database.store);
    expect(cluster.membership).toEqual({ rank: 0, nodes: 1 });
    expect(await cluster.heartbeat(0)).toBe(false);
    expect(await cluster.heartbeat(10_000)).toBe(false);
    expect(cluster.membership).toEqual({ rank: 0, nodes: 1 });
    await cluster.leave();
  });

  if (!shared) return;
  const ranksOf = (all: readonly Cluster[]) =>
    all.map(({ membership }) => `${membership.rank} of ${membership.nodes}`).sort();

  /** So many nodes that have heard of each other by a time. */
  async function acquainted(count: number, now: number) {
    const stores: Store[] = [database.store];
    while (stores.length < count) stores.push(await database.another());
    const all = stores.map((each) => new Cluster(each));
    for (let beat = 0; beat < 2; beat++) for (const cluster of all) await cluster.heartbeat(now);
    return { stores, all };
  }

  it("have each a rank of their own, which all of them see alike", async () => {
    const { all } = await acquainted(3, 0);
    expect(ranksOf(all)).toEqual(["0 of 3", "1 of 3", "2 of 3"]);
    for (const cluster of all) expect(await cluster.heartbeat(5_000)).toBe(false);
  });

  it("learn when their membership has changed", async () => {
    const { all } = await acquainted(2, 0);
    const newcomer = new Cluster(await database.another());
    expect(await newcomer.heartbeat(1_000)).toBe(true);
    for (const cluster of all) expect(await cluster.heartbeat(1_000)).toBe(true);
    expect(ranksOf([...all, newcomer])).toEqual(["0 of 3", "1 of 3", "2 of 3"]);
  });

  it("count a node no more that leaves, or was not heard of for half a minute", async () => {
    const { all } = await acquainted(3, 0);
    const [first, second, third] = all;
    await third?.leave();
    await first?.heartbeat(1_000);
    await second?.heartbeat(1_000);
    expect(ranksOf(all.slice(0, 2))).toEqual(["0 of 2", "1 of 2"]);
    await first?.heartbeat(30_999);
    expect(first?.membership.nodes).toBe(2);
    await first?.heartbeat(31_000);
    expect(first?.membership).toEqual({ rank: 0, nodes: 1 });
    // The silent one was only slow: it is back.
    await second?.heartbeat(32_000);
    await first?.heartbeat(32_000);
    expect(ranksOf(all.slice(0, 2))).toEqual(["0 of 2", "1 of 2"]);
  });

  it("count a node not at all that may not send", async () => {
    const { all } = await acquainted(1, 0);
    const other = new Cluster(await database.another(), () => false);
    await other.heartbeat(1_000);
    await all[0]?.heartbeat(1_000);
    expect(all[0]?.membership).toEqual({ rank: 0, nodes: 1 });
  });

  it("notify the others at once when they leave", async () => {
    const { stores, all } = await acquainted(2, 0);
    const heard = Promise.withResolvers<void>();
    const listens = Promise.withResolvers<void>();
    let calls = 0;
    stores[1]?.onAnnounced(() => {
      calls++;
      (calls === 1 ? listens : heard).resolve();
    });
    await listens.promise;
    await all[0]?.leave();
    await heard.promise;
    await all[1]?.heartbeat(1_000);
    expect(all[1]?.membership).toEqual({ rank: 0, nodes: 1 });
  });
});
