import { type CompiledQuery, sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Db } from "./schema.ts";
import { type Step, write } from "./step.ts";
import { openSqliteStore, type Store } from "./store.ts";

let store: Store;
beforeEach(async () => {
  store = await openSqliteStore(":memory:");
});
afterEach(() => store.close());

/** Gives for each query the sum of the numbers `n` that it selects. */
function sums(...queries: readonly CompiledQuery<{ n: number }>[]): Step<number[]> {
  return {
    queries,
    read: (results) =>
      results.map(({ rows }) => (rows as { n: number }[]).reduce((sum, { n }) => sum + n, 0)),
  };
}

const numbers = (...values: readonly number[]) =>
  sql<{ n: number }>`select value as n from json_each(${JSON.stringify(values)})`.compile(store.db);
const setting = (db: Db, key: string) =>
  write(db.insertInto("settings").values({ key, value_json: "1" }).compile());
const keys = async () =>
  (await store.db.selectFrom("settings").select("key").orderBy("key").execute()).map(({ key }) => key);

describe("steps of a transaction", () => {
  it("read each the results of their own queries", async () => {
    const results = await store.transact([
      sums(numbers(1, 2), numbers(3)),
      setting(store.db, "a"),
      sums(),
      sums(numbers(4), numbers(), numbers(5, 6)),
    ]);
    expect(results).toEqual([[3, 3], undefined, [], [4, 0, 11]]);
    expect(await keys()).toEqual(["a"]);
  });

  it("see what those before them wrote", async () => {
    const count = sums(sql<{ n: number }>`select count(*) as n from settings`.compile(store.db));
    const [before, , after] = await store.transact([count, setting(store.db, "a"), count]);
    expect([before, after]).toEqual([[0], [1]]);
  });

  it("are all kept, or none", async () => {
    await store.transact([setting(store.db, "a")]);
    await expect(store.transact([setting(store.db, "b"), setting(store.db, "a")])).rejects.toThrow(/UNIQUE/);
    expect(await keys()).toEqual(["a"]);
  });

  it("are done, whatever goes wrong with reading them", async () => {
    const wrong: Step<never> = {
      queries: [],
      read() {
        throw new Error("misread");
      },
    };
    await expect(store.transact([setting(store.db, "a"), wrong])).rejects.toThrow("misread");
    expect(await keys()).toEqual(["a"]);
  });

  it("may be none", async () => {
    expect(await store.transact([])).toEqual([]);
  });
});
