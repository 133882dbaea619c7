import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SharedDatabase, sharedDatabase } from "../../test/support/shared-postgres.ts";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { DatabaseClock } from "./database-clock.ts";
import { openPostgresStore, type Store } from "./store.ts";

const minute = 60_000;

describe("the clock of a database that nodes share", () => {
  let database: SharedDatabase;
  let store: Store;
  beforeAll(async () => {
    database = await sharedDatabase();
    store = await openPostgresStore(database.url);
  });
  afterAll(async () => {
    await store.close();
    await database.giveBack();
  });

  /** The time of the server is that of this machine. */
  const isNow = (ms: number) => expect(Math.abs(ms - Date.now())).toBeLessThan(minute);

  it("is the same for nodes whose own clocks are apart, and tells by how much", async () => {
    for (const skewMs of [-10 * minute, 0, 10 * minute]) {
      const local = createFixedClock(Date.now() + skewMs);
      const clock = new DatabaseClock(local);
      expect(clock.now()).toBe(local.now());
      await clock.look(store.db);
      isNow(clock.now());
      expect(Math.abs(clock.skewMs - skewMs)).toBeLessThan(minute / 2);
    }
  });

  it("goes on between two looks, whatever the node's time of day is set to", async () => {
    const local = createFixedClock(Date.now());
    const clock = new DatabaseClock(local);
    await clock.look(store.db);
    const before = clock.now();
    local.step(-3 * 60 * minute);
    await local.advance(minute);
    expect(clock.now() - before).toBe(minute);
    const fired: number[] = [];
    clock.after(minute, () => fired.push(clock.now() - before));
    await local.advance(minute);
    expect(fired).toEqual([2 * minute]);
  });

  it("does not believe an answer that took long", async () => {
    const readings = [0, 0, 2_000];
    const local = { ...createFixedClock(0), now: () => 5_000, monotonic: () => readings.shift() ?? 2_000 };
    const clock = new DatabaseClock(local);
    await clock.look(store.db);
    expect(clock.now()).toBe(7_000);
  });
});
