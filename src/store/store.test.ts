import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStore } from "./store.ts";
import { readSetting, writeSetting } from "./tables/settings.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-store-"));
  file = join(folder, "sendwright.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the SQLite store", () => {
  it("keeps what was committed over a restart, and migrates only once", async () => {
    const first = await openSqliteStore(file);
    await writeSetting(first.db, "greeting", { text: "hello" });
    await first.close();
    const second = await openSqliteStore(file);
    expect(await readSetting(second.db, "greeting")).toEqual({ text: "hello" });
    await second.close();
  });

  it("is made for its owner's eyes alone, in a folder that others may look into too", async () => {
    chmodSync(folder, 0o755);
    const store = await openSqliteStore(file);
    await writeSetting(store.db, "greeting", "hello");
    await store.reader.selectFrom("settings").selectAll().execute();
    const modes = ["", "-wal", "-shm"].map((end) => (statSync(`${file}${end}`).mode & 0o777).toString(8));
    expect(modes).toEqual(["600", "600", "600"]);
    await store.close();
  });

  it("keeps the mode of a file that is there: its owner may let a group read it", async () => {
    await (await openSqliteStore(file)).close();
    chmodSync(file, 0o640);
    const store = await openSqliteStore(file);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    await store.close();
  });

  it("syncs each commit to the disk", async () => {
    const store = await openSqliteStore(file);
    expect((await sql`pragma synchronous`.execute(store.db)).rows).toEqual([{ synchronous: 2 }]);
    expect((await sql`pragma journal_mode`.execute(store.db)).rows).toEqual([{ journal_mode: "wal" }]);
    await store.close();
  });

  it("lets one server in, tells the second why not, and stays readable to others", async () => {
    const store = await openSqliteStore(file);
    await expect(openSqliteStore(file)).rejects.toMatchObject({ code: "store.locked" });
    const reader = new DatabaseSync(file, { readOnly: true });
    expect(reader.prepare("select count(*) as n from emails").get()).toEqual({ n: 0 });
    reader.close();
    await store.close();
    await (await openSqliteStore(file)).close();
  });

  it("refuses a database that a newer version wrote, and leaves it alone", async () => {
    await (await openSqliteStore(file)).close();
    const newer = new DatabaseSync(file);
    newer.exec("insert into kysely_migration (name, timestamp) values ('9999-future', '')");
    newer.close();
    await expect(openSqliteStore(file)).rejects.toMatchObject({
      code: "store.newer",
      message: expect.stringContaining("9999-future"),
    });
    // The refusal let the lock go: the next one is refused for the same reason.
    await expect(openSqliteStore(file)).rejects.toMatchObject({ code: "store.newer" });
  });

  it("undoes a transaction that fails, and keeps concurrent ones apart", async () => {
    const store = await openSqliteStore(file);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        store.transaction(async (db) => {
          await writeSetting(db, `key-${index}`, index);
          if (index % 2 === 1) throw new Error("no");
          await writeSetting(db, `also-${index}`, index);
        }),
      ),
    );
    expect(results.filter(({ status }) => status === "rejected")).toHaveLength(10);
    const rows = await store.db.selectFrom("settings").select("key").execute();
    expect(rows).toHaveLength(20);
    await store.close();
  });

  it("speaks of an unusable disk as unavailable", async () => {
    await expect(openSqliteStore(join(folder, "missing", "sendwright.db"))).rejects.toMatchObject({
      code: "store.unavailable",
    });
  });
});
