import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rowStatement, statement } from "./row-statement.ts";
import { openSqliteStore, type Store } from "./store.ts";

let store: Store;
beforeEach(async () => {
  store = await openSqliteStore(":memory:");
});
afterEach(() => store.close());

describe("a statement for many rows", () => {
  /** Counts how often it is compiled. */
  function insertSettings() {
    const compiled: number[] = [];
    const statement = rowStatement(["key", "value_json"], (db, rows) => {
      compiled.push(rows.length);
      return db.insertInto("settings").values(rows).compile();
    });
    return { compiled, statement };
  }

  const row = (index: number) => ({ key: `key ${index}`, value_json: String(index) });

  it("is the statement for each of its rows, however many there are", async () => {
    const { statement } = insertSettings();
    let nextRow = 0;
    for (const count of [1, 2, 3, 63, 64, 65, 131]) {
      const rows = Array.from({ length: count }, () => row(nextRow++));
      for (const query of statement(store.db, rows)) await store.db.executeQuery(query);
    }
    const stored = await store.db.selectFrom("settings").selectAll().execute();
    expect(new Map(stored.map(({ key, value_json }) => [key, value_json]))).toEqual(
      new Map(Array.from({ length: nextRow }, (_, index) => [`key ${index}`, String(index)])),
    );
  });

  it("is none for no rows", () => {
    expect(insertSettings().statement(store.db, [])).toEqual([]);
  });

  it("is compiled once for each number of rows; from then on its text is the same", () => {
    const { compiled, statement } = insertSettings();
    const texts = (count: number) =>
      statement(
        store.db,
        Array.from({ length: count }, (_, index) => row(index)),
      ).map((query) => query.sql);
    const first = texts(70);
    expect(compiled).toEqual([64, 4, 2]);
    for (let index = 0; index < 3; index++) expect(texts(70)).toEqual(first);
    expect(texts(66)).toEqual([first[0], first[2]]);
    expect(compiled).toEqual([64, 4, 2]);
  });

  it("with one set of values is compiled once, and has the values of each call", async () => {
    let compiled = 0;
    const find = statement(["key", "other"], (db, { key, other }) => {
      compiled++;
      return db.selectFrom("settings").selectAll().where("key", "in", [key, other, key]).compile();
    });
    for (const key of ["a", "b"]) {
      const query = find(store.db, { key, other: "z" });
      expect(query.parameters).toEqual([key, "z", key]);
      expect((await store.db.executeQuery(query)).rows).toEqual([]);
    }
    expect(compiled).toBe(1);
  });

  it("takes the values by the names of its columns, in whatever order it uses them, more than once or never", async () => {
    const statement = rowStatement(["unused", "key", "value_json"], (db, rows) =>
      sql`insert into settings (value_json, key)
        values ${sql.join(rows.map(({ key, value_json }) => sql`(${key} || ${value_json} || ${key}, ${key})`))}`.compile(
        db,
      ),
    );
    const rows = ["a", "b", "c"].map((key) => ({ value_json: `<${key}>`, key, unused: 5 }));
    for (const query of statement(store.db, rows)) await store.db.executeQuery(query);
    const stored = await store.db.selectFrom("settings").selectAll().orderBy("key").execute();
    expect(stored).toEqual(["a", "b", "c"].map((key) => ({ key, value_json: `${key}<${key}>${key}` })));
  });
});
