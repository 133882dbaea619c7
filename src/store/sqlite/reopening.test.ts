import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import workerThreads, { type Worker } from "node:worker_threads";
import { CompiledQuery, Kysely } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createFixedClock, type FixedClock } from "../../testing/fixed-clock.ts";
import { createSqlite, type Sqlite } from "./dialect.ts";

interface Tables {
  number: { n: number };
}

const insert = (n: number) => CompiledQuery.raw("insert into number (n) values (?)", [n]);
const slow = CompiledQuery.raw(
  "with recursive t (n) as (select 1 union all select n + 1 from t where n < 300000) select max(n) from t",
);
const unavailable = expect.objectContaining({ code: "store.unavailable" });
const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

/** The threads that were started, the newest last: real ones, which a test may end. */
const threads: Worker[] = [];
const RealWorker = workerThreads.Worker;
class KnownWorker extends RealWorker {
  constructor(...given: ConstructorParameters<typeof RealWorker>) {
    super(...given);
    threads.push(this);
  }
}
beforeAll(() => {
  workerThreads.Worker = KnownWorker;
  syncBuiltinESMExports();
});
afterAll(() => {
  workerThreads.Worker = RealWorker;
  syncBuiltinESMExports();
});

let folder: string;
let clock: FixedClock;
let sqlite: Sqlite;
let db: Kysely<Tables>;
beforeEach(async () => {
  threads.length = 0;
  folder = mkdtempSync(join(tmpdir(), "sendwright-sqlite-"));
  clock = createFixedClock();
  open("numbers.db");
  await db.executeQuery(CompiledQuery.raw("create table number (n integer primary key)"));
});
afterEach(async () => {
  await db.destroy();
  rmSync(folder, { recursive: true });
});

function open(name: string): void {
  sqlite = createSqlite(join(folder, name), "write", clock);
  db = new Kysely<Tables>({ dialect: sqlite.dialect });
}

const endThread = async () => {
  await threads.at(-1)?.terminate();
};
const stored = async () =>
  (await db.selectFrom("number").select("n").orderBy("n").execute()).map(({ n }) => n);

describe("a thread that ended", () => {
  it("is followed by another one, whatever is asked next", async () => {
    await sqlite.transact([insert(1)]);
    await endThread();
    await sqlite.transact([insert(2)]);
    await endThread();
    expect(await stored()).toEqual([1, 2]);
    await endThread();
    await db.transaction().execute((within) => within.insertInto("number").values({ n: 3 }).execute());
    expect(await stored()).toEqual([1, 2, 3]);
    expect(threads).toHaveLength(4);
  });

  it("fails what was asked of it, as unavailable, and nothing that is asked later", async () => {
    const asked = [sqlite.transact([slow]), sqlite.transact([insert(1)]), db.executeQuery(slow)];
    const outcomes = Promise.all(asked.map(thrownBy));
    await endThread();
    for (const outcome of await outcomes) expect(outcome).toEqual(unavailable);
    await sqlite.transact([insert(2)]);
    expect(await stored()).toContain(2);
  });

  it("takes its transaction along as a whole, and holds up nobody", async () => {
    const work = db.transaction().execute(async (within) => {
      await within.insertInto("number").values({ n: 1 }).execute();
      await endThread();
      await within.insertInto("number").values({ n: 2 }).execute();
    });
    const beside = sqlite.transact([insert(3)]);
    expect(await thrownBy(work)).toEqual(unavailable);
    await beside;
    expect(await stored()).toEqual([3]);
  });

  it("takes along a transaction that would commit, and one that fails by itself keeps its own error", async () => {
    const commits = db.transaction().execute(async (within) => {
      await within.insertInto("number").values({ n: 1 }).execute();
      await endThread();
    });
    expect(await thrownBy(commits)).toEqual(unavailable);
    const fails = db.transaction().execute(async (within) => {
      await within.insertInto("number").values({ n: 2 }).execute();
      await endThread();
      throw new Error("of the work");
    });
    expect(await thrownBy(fails)).toEqual(new Error("of the work"));
    expect(await stored()).toEqual([]);
  });

  it("leaves under load what was answered, and the rest wholly or not at all", async () => {
    const answered: number[] = [];
    const failed: number[] = [];
    let next = 0;
    let isOver = false;
    /** Each transaction has two rows, `n` and `-n`. */
    const work = async () => {
      while (!isOver) {
        next += 1;
        const n = next;
        const outcome = await thrownBy(sqlite.transact([insert(n), insert(-n)]));
        (outcome === null ? answered : failed).push(n);
        if (outcome !== null) expect(outcome).toEqual(unavailable);
      }
    };
    const workers = Array.from({ length: 20 }, work);
    for (let round = 1; round <= 5; round++) {
      await expect.poll(() => answered.length, { interval: 1 }).toBeGreaterThan(round * 200);
      await endThread();
    }
    await expect.poll(() => answered.length, { interval: 1 }).toBeGreaterThan(1_200);
    isOver = true;
    await Promise.all(workers);
    const rows = new Set(await stored());
    for (const n of answered) expect([rows.has(n), rows.has(-n)]).toEqual([true, true]);
    for (const n of failed) expect(rows.has(n)).toBe(rows.has(-n));
    expect(failed.length).toBeGreaterThan(0);
  });
});

describe("a file that cannot be opened", () => {
  it("is tried again after a while that grows to five seconds, and by one of those who ask", async () => {
    await db.destroy();
    open("missing/numbers.db");
    const ask = () => Promise.all([thrownBy(sqlite.transact([insert(1)])), thrownBy(stored())]);
    const before = threads.length;
    const delays: number[] = [];
    expect(await ask()).toEqual([unavailable, unavailable]);
    for (let tries = 1; tries < 9; tries++) {
      const started = threads.length;
      let waited = 0;
      for (; threads.length === started; waited += 50) {
        expect(await ask()).toEqual([unavailable, unavailable]);
        if (threads.length === started) await clock.advance(50);
      }
      expect(threads.length).toBe(started + 1);
      delays.push(waited - 50);
    }
    expect(delays).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 5_000]);
    expect(threads.length).toBe(before + 9);
    mkdirSync(join(folder, "missing"));
    await clock.advance(5_000);
    await db.executeQuery(CompiledQuery.raw("create table number (n integer primary key)"));
    await sqlite.transact([insert(1)]);
    expect(await stored()).toEqual([1]);
  });
});
