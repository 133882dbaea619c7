import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { databases, type OpenDatabase } from "../../test/conformance/databases.ts";
import type { Store } from "../store/store.ts";
import { createNodes, shareOf } from "./cluster.ts";

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
    const nodes = createNodes(database.store);
    expect(nodes.standing).toEqual({ rank: 0, nodes: 1 });
    expect(await nodes.meet(0)).toBe(false);
    expect(await nodes.meet(10_000)).toBe(false);
    expect(nodes.standing).toEqual({ rank: 0, nodes: 1 });
    await nodes.leave();
  });

  if (!shared) return;
  const placesOf = (all: readonly ReturnType<typeof createNodes>[]) =>
    all.map(({ standing }) => `${standing.rank} of ${standing.nodes}`).sort();

  /** So many nodes that have met each other at a time. */
  async function meeting(count: number, now: number) {
    const stores: Store[] = [database.store];
    while (stores.length < count) stores.push(await database.another());
    const all = stores.map(createNodes);
    for (let round = 0; round < 2; round++) for (const nodes of all) await nodes.meet(now);
    return { stores, all };
  }

  it("have each a standing of their own, which all of them see alike", async () => {
    const { all } = await meeting(3, 0);
    expect(placesOf(all)).toEqual(["0 of 3", "1 of 3", "2 of 3"]);
    for (const nodes of all) expect(await nodes.meet(5_000)).toBe(false);
  });

  it("are told when their standing has changed", async () => {
    const { all } = await meeting(2, 0);
    const newcomer = createNodes(await database.another());
    expect(await newcomer.meet(1_000)).toBe(true);
    for (const nodes of all) expect(await nodes.meet(1_000)).toBe(true);
    expect(placesOf([...all, newcomer])).toEqual(["0 of 3", "1 of 3", "2 of 3"]);
  });

  it("count a node no more that leaves, or was not heard of for half a minute", async () => {
    const { all } = await meeting(3, 0);
    const [first, second, third] = all;
    await third?.leave();
    await first?.meet(1_000);
    await second?.meet(1_000);
    expect(placesOf(all.slice(0, 2))).toEqual(["0 of 2", "1 of 2"]);
    await first?.meet(30_999);
    expect(first?.standing.nodes).toBe(2);
    await first?.meet(31_000);
    expect(first?.standing).toEqual({ rank: 0, nodes: 1 });
    // The silent one was only slow: it is back.
    await second?.meet(32_000);
    await first?.meet(32_000);
    expect(placesOf(all.slice(0, 2))).toEqual(["0 of 2", "1 of 2"]);
  });

  it("tell the others at once when they leave", async () => {
    const { stores, all } = await meeting(2, 0);
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
    await all[1]?.meet(1_000);
    expect(all[1]?.standing).toEqual({ rank: 0, nodes: 1 });
  });
});
