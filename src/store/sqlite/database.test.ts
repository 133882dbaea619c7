import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SqliteDatabase, type SqliteStatement } from "./database.ts";

const run = (sql: string, ...parameters: unknown[]): SqliteStatement => ({ sql, parameters });
const insert = (n: number) => run("insert into number (n) values (?)", n);

let folder: string;
let file: string;
let database: SqliteDatabase;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-sqlite-"));
  file = join(folder, "numbers.db");
  database = new SqliteDatabase(file, "write");
  database.execute(run("create table number (n integer primary key, of integer)"));
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

const stored = () => database.execute(run("select n from number order by n")).rows.flat();

describe("a SQLite database", () => {
  it("answers with columns and rows, or with how many rows were changed", () => {
    expect(database.execute(run("insert into number values (1, 10), (2, 20)"))).toEqual({
      columns: null,
      rows: [],
      changes: 2,
    });
    expect(database.execute(run("select n, of * ? as product from number order by n", 2))).toEqual({
      columns: ["n", "product"],
      rows: [
        [1, 20],
        [2, 40],
      ],
      changes: 2,
    });
    expect(database.execute(run("update number set of = 0 where n = 2 returning n"))).toEqual({
      columns: ["n"],
      rows: [[2]],
      changes: 1,
    });
    expect(database.execute(run("select n from number where n > 9"))).toMatchObject({
      columns: ["n"],
      rows: [],
    });
  });

  it("keeps answering, however many different statements it was asked", () => {
    for (let index = 0; index < 1_200; index++) {
      expect(database.execute(run(`select ${index} as n`)).rows).toEqual([[index]]);
    }
    expect(database.execute(run("select 0 as n")).rows).toEqual([[0]]);
  });

  it("follows a table that was changed since a statement was compiled", () => {
    expect(database.execute(run("select * from number")).columns).toEqual(["n", "of"]);
    database.execute(run("alter table number add column name text"));
    database.execute(run("insert into number values (1, 2, 'three')"));
    expect(database.execute(run("select * from number"))).toMatchObject({
      columns: ["n", "of", "name"],
      rows: [[1, 2, "three"]],
    });
  });

  it("cannot write where it is there for reading", () => {
    const reader = new SqliteDatabase(file, "read");
    expect(() => reader.execute(insert(1))).toThrow(/readonly/);
    expect(reader.execute(run("select count(*) from number")).rows).toEqual([[0]]);
    reader.close();
  });

  it("is not opened where there is no folder for it, or where the file is something else", () => {
    expect(() => new SqliteDatabase(join(folder, "missing", "numbers.db"), "write")).toThrow(
      /unable to open/,
    );
    const other = join(folder, "letter.txt");
    writeFileSync(other, "Dear Jo,\n".repeat(1_000));
    expect(() => new SqliteDatabase(other, "write")).toThrow(/not a database/);
  });
});

describe("transactions", () => {
  it("give the answers of their statements, each its own", () => {
    const count = run("select count(*) from number");
    const done = database.transact([[insert(1), count], [], [insert(2), insert(3), count]]);
    expect(
      done.map((one) => one.committed && one.answers.map(({ rows, changes }) => rows[0]?.[0] ?? changes)),
    ).toEqual([[1, 1], [], [1, 1, 3]]);
    expect(stored()).toEqual([1, 2, 3]);
  });

  it("that fail take none with them, and leave nothing", () => {
    const done = database.transact([[insert(1)], [insert(2), insert(1)], [run("nonsense")], [insert(3)]]);
    expect(done.map(({ committed }) => committed)).toEqual([true, false, false, true]);
    expect(done[1]).toMatchObject({ error: { errcode: 1555, message: expect.stringContaining("UNIQUE") } });
    expect(stored()).toEqual([1, 3]);
  });

  it("all fail where the commit does", () => {
    database.execute(
      run("create table owner (of integer references number (n) deferrable initially deferred)"),
    );
    const orphan = run("insert into owner values (99)");
    const done = database.transact([[insert(1)], [orphan], [insert(2)]]);
    expect(done.map(({ committed }) => committed)).toEqual([false, false, false]);
    expect(done[0]).toMatchObject({ error: { message: expect.stringContaining("FOREIGN KEY") } });
    expect(stored()).toEqual([]);
    expect(database.transact([[insert(4)]])).toMatchObject([{ committed: true }]);
    expect(stored()).toEqual([4]);
  });

  it("all fail where the disk is full, and are taken again when it has room", () => {
    const fill = (n: number) => run("insert into number values (?, zeroblob(200000))", n);
    database.execute(run("create table filler (n integer, bytes blob)"));
    database.execute(run("pragma max_page_count = 20"));
    const done = database.transact([[insert(1)], [fill(2)], [insert(3)]]);
    expect(done[1]).toMatchObject({ committed: false, error: { errcode: 13 } });
    // SQLite may undo the one or end the whole; whoever was told that it is kept has it.
    expect(stored()).toEqual(done.flatMap(({ committed }, index) => (committed ? [index + 1] : [])));
    database.execute(run("pragma max_page_count = 10000"));
    expect(database.transact([[fill(2)]])).toMatchObject([{ committed: true }]);
  });

  it("fail, and wait no longer than they should, while another process writes", () => {
    const other = new SqliteDatabase(file, "write");
    other.execute(run("begin immediate"));
    database.execute(run("pragma busy_timeout = 0"));
    const done = database.transact([[insert(1)], [insert(2)]]);
    expect(done).toMatchObject([
      { committed: false, error: { errcode: 5 } },
      { committed: false, error: { errcode: 5 } },
    ]);
    other.execute(run("rollback"));
    expect(database.transact([[insert(1)]])).toMatchObject([{ committed: true }]);
    other.close();
  });
});
