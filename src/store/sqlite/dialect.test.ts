import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { CompiledQuery, Kysely, sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSqlite, type Sqlite } from "./dialect.ts";

interface Tables {
  number: { n: number };
  owner: { of: number };
  filler: { bytes: Uint8Array };
}

const insert = (n: number) => CompiledQuery.raw("insert into number (n) values (?)", [n]);

describe.each(["a file", "memory"])("SQLite in %s", (where) => {
  let folder: string;
  let sqlite: Sqlite;
  let db: Kysely<Tables>;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "sendwright-sqlite-"));
    sqlite = createSqlite(where === "memory" ? ":memory:" : join(folder, "numbers.db"));
    db = new Kysely<Tables>({ dialect: sqlite.dialect });
    await db.executeQuery(CompiledQuery.raw("create table number (n integer primary key)"));
    await db.executeQuery(
      CompiledQuery.raw(
        "create table owner (of integer references number (n) deferrable initially deferred)",
      ),
    );
    await db.executeQuery(CompiledQuery.raw("create table filler (bytes blob)"));
  });
  afterEach(async () => {
    await db.destroy();
    rmSync(folder, { recursive: true });
  });

  const stored = async () =>
    (await db.selectFrom("number").select("n").orderBy("n").execute()).map(({ n }) => n);
  const begun = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    return { promise, resolve };
  };

  it("gives rows by the names of their columns, and the number of rows that were changed", async () => {
    await db
      .insertInto("number")
      .values([{ n: 1 }, { n: 2 }])
      .execute();
    expect(
      (await db.updateTable("number").set({ n: 3 }).where("n", "=", 2).executeTakeFirst()).numUpdatedRows,
    ).toBe(1n);
    expect((await db.deleteFrom("number").where("n", "=", 9).executeTakeFirst()).numDeletedRows).toBe(0n);
    expect((await sql`select n, n * 2 as twice from number order by n`.execute(db)).rows).toEqual([
      { n: 1, twice: 2 },
      { n: 3, twice: 6 },
    ]);
    expect(
      await sqlite.transact([CompiledQuery.raw("update number set n = n + 10 returning n")]),
    ).toMatchObject([{ rows: [{ n: 11 }, { n: 13 }], numAffectedRows: 2n }]);
  });

  it("keeps a transaction in one go whole, or not at all", async () => {
    await sqlite.transact([insert(1), insert(2)]);
    await expect(sqlite.transact([insert(3), insert(1)])).rejects.toThrow(/UNIQUE/);
    expect(await stored()).toEqual([1, 2]);
  });

  it("does many at once, and none that fails takes another one with it", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) =>
        sqlite.transact([insert(index), insert(index % 4 === 0 ? index : 100 + index)]),
      ),
    );
    expect(results.filter(({ status }) => status === "rejected")).toHaveLength(10);
    expect(await stored()).toHaveLength(60);
  });

  it("lets no transaction in one go into one that goes step by step, and the other way round", async () => {
    const inside = begun();
    const goOn = begun();
    const steps = db
      .transaction()
      .execute(async (within) => {
        await within.insertInto("number").values({ n: 1 }).execute();
        inside.resolve();
        await goOn.promise;
        await within.insertInto("number").values({ n: 2 }).execute();
        throw new Error("undone");
      })
      .catch((error: Error) => error.message);
    await inside.promise;
    let isDone = false;
    const inOneGo = Promise.all([sqlite.transact([insert(10)]), sqlite.transact([insert(11)])]).then(() => {
      isDone = true;
    });
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(isDone).toBe(false);
    goOn.resolve();
    expect(await steps).toBe("undone");
    await inOneGo;
    expect(await stored()).toEqual([10, 11]);
  });

  it("does transactions of both kinds side by side, all of them", async () => {
    const stepByStep = (n: number) =>
      db.transaction().execute(async (within) => {
        await within.insertInto("number").values({ n }).execute();
        await turn();
        await within
          .insertInto("number")
          .values({ n: n + 1 })
          .execute();
      });
    const work = Array.from({ length: 30 }, (_, index) =>
      index % 3 === 0 ? stepByStep(index * 2) : sqlite.transact([insert(index * 2), insert(index * 2 + 1)]),
    );
    await Promise.all(work);
    expect(await stored()).toEqual(Array.from({ length: 60 }, (_, index) => index));
  });

  it("goes on after a transaction whose commit failed", async () => {
    const orphan = db
      .transaction()
      .execute((within) => within.insertInto("owner").values({ of: 99 }).execute());
    await expect(orphan).rejects.toThrow(/FOREIGN KEY/);
    await sqlite.transact([insert(1)]);
    await db.transaction().execute((within) => within.insertInto("number").values({ n: 2 }).execute());
    expect(await stored()).toEqual([1, 2]);
  });

  it("goes on after a full disk, which it calls unavailable", async () => {
    await sql`pragma max_page_count = 20`.execute(db);
    const bytes = Buffer.alloc(200_000);
    const full = { code: "store.unavailable", message: expect.stringContaining("full") };
    await expect(db.insertInto("filler").values({ bytes }).execute()).rejects.toMatchObject(full);
    await expect(
      db.transaction().execute(async (within) => {
        await within.insertInto("number").values({ n: 1 }).execute();
        await within.insertInto("filler").values({ bytes }).execute();
      }),
    ).rejects.toMatchObject(full);
    await expect(
      sqlite.transact([insert(2), CompiledQuery.raw("insert into filler values (?)", [bytes])]),
    ).rejects.toMatchObject(full);
    await sqlite.transact([insert(3)]);
    expect(await stored()).toEqual([3]);
  });

  it("tells what is wrong with a query as it is: the database is not to blame", async () => {
    await sqlite.transact([insert(1)]);
    const wrong: [string, () => Promise<unknown>][] = [
      ["UNIQUE constraint failed: number.n", () => db.insertInto("number").values({ n: 1 }).execute()],
      ["UNIQUE constraint failed: number.n", () => sqlite.transact([insert(1)])],
      ["no such table: missing", () => sql`select * from missing`.execute(db)],
      // No value of SQLite: a mistake in the program, which will not pass by itself.
      ["cannot be bound", () => db.executeQuery(CompiledQuery.raw("select ?", [undefined]))],
      ["cannot be bound", () => sqlite.transact([CompiledQuery.raw("select ?", [undefined])])],
    ];
    for (const [words, ask] of wrong) {
      const error = await ask().then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error, words).toBeInstanceOf(Error);
      expect((error as Error).message).toContain(words);
      expect(error).not.toHaveProperty("code", "store.unavailable");
    }
  });
});

describe("SQLite in a file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sendwright-sqlite-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("that cannot be opened is unavailable, each time it is asked", async () => {
    const db = new Kysely<Tables>({ dialect: createSqlite(join(folder, "missing", "x.db")).dialect });
    for (let tries = 0; tries < 2; tries++) {
      await expect(db.selectFrom("number").selectAll().execute()).rejects.toMatchObject({
        code: "store.unavailable",
        message: "Sendwright can't use the database: unable to open database file.",
      });
    }
    await db.destroy();
  });

  it("that holds something else is unavailable, and left as it is", async () => {
    const file = join(folder, "letter.txt");
    const letter = "Dear Jo,\n".repeat(1_000);
    writeFileSync(file, letter);
    const db = new Kysely<Tables>({ dialect: createSqlite(file).dialect });
    await expect(db.selectFrom("number").selectAll().execute()).rejects.toMatchObject({
      code: "store.unavailable",
      message: "Sendwright can't use the database: file is not a database.",
    });
    await db.destroy();
    expect(readFileSync(file, "utf8")).toBe(letter);
  });

  it("is unavailable once it is closed", async () => {
    const sqlite = createSqlite(join(folder, "x.db"));
    const db = new Kysely<Tables>({ dialect: sqlite.dialect });
    await sql`select 1`.execute(db);
    await db.destroy();
    await expect(sqlite.transact([CompiledQuery.raw("select 1")])).rejects.toMatchObject({
      code: "store.unavailable",
    });
  });

  it("is read beside what is written, as of the last commit, and not written by whoever reads", async () => {
    const file = join(folder, "x.db");
    const writer = new Kysely<Tables>({ dialect: createSqlite(file).dialect });
    await sql`create table number (n integer primary key)`.execute(writer);
    const reader = new Kysely<Tables>({ dialect: createSqlite(file, "read").dialect });
    const count = async () => (await reader.selectFrom("number").selectAll().execute()).length;
    await writer.transaction().execute(async (within) => {
      await within.insertInto("number").values({ n: 1 }).execute();
      expect(await count()).toBe(0);
    });
    expect(await count()).toBe(1);
    await expect(reader.deleteFrom("number").execute()).rejects.toMatchObject({ code: "store.unavailable" });
    expect(await count()).toBe(1);
    await reader.destroy();
    await writer.destroy();
  });
});
