import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SqliteStatement } from "./database.ts";
import { SqliteThread } from "./thread.ts";

const run = (sql: string, ...parameters: unknown[]): SqliteStatement => ({ sql, parameters });
const insert = (n: number) => run("insert into number (n) values (?)", n);
/** Keeps the thread busy for some hundredths of a second. */
const slow = run(
  "with recursive t (n) as (select 1 union all select n + 1 from t where n < 300000) select max(n) from t",
);

let folder: string;
let file: string;
let thread: SqliteThread;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sendwright-sqlite-"));
  file = join(folder, "numbers.db");
  thread = await SqliteThread.start(file, "write");
  await thread.execute(run("create table number (n integer primary key)"));
  await thread.execute(run("create table note (body blob)"));
});
afterEach(async () => {
  await thread.close();
  rmSync(folder, { recursive: true });
});

async function stored(): Promise<unknown[]> {
  return (await thread.execute(run("select n from number order by n"))).rows.flat();
}

/** What a promise ended with. */
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => "done",
    (error: { message: string }) => error.message,
  );

describe("the thread of a SQLite file", () => {
  it("answers in the order in which it was asked, also where some fail", async () => {
    const answers = await Promise.allSettled([
      thread.execute(slow),
      thread.execute(run("select 1")),
      thread.execute(run("nonsense")),
      thread.transact([insert(1), run("select count(*) from number")]),
      thread.transact([insert(2), insert(1)]),
      thread.execute(run("select count(*) from number")),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(answers[1]).toMatchObject({ value: { rows: [[1]] } });
    expect(answers[3]).toMatchObject({ value: [{ changes: 1 }, { rows: [[1]] }] });
    expect(answers[5]).toMatchObject({ value: { rows: [[1]] } });
  });

  it("commits transactions together that wait for it, and a failing one takes none with it", async () => {
    await thread.execute(run("pragma wal_checkpoint(truncate)"));
    const busy = thread.execute(slow);
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        outcome(thread.transact([insert(Math.floor(index / 10) * 10 + (index % 9))])),
      ),
    );
    await busy;
    // Every tenth has the number of another one.
    expect(outcomes.filter((one) => one === "done")).toHaveLength(54);
    expect(outcomes.filter((one) => one.includes("UNIQUE"))).toHaveLength(6);
    expect(await stored()).toHaveLength(54);
    // A commit appends at least one page to the log; together they change but one.
    const pages = statSync(`${file}-wal`).size / 4096;
    expect(pages).toBeLessThan(10);
  });

  it("keeps the order between single statements and transactions", async () => {
    const busy = thread.execute(slow);
    const count = run("select count(*) from number");
    const answers = await Promise.all([
      thread.transact([insert(1)]),
      thread.execute(count),
      thread.transact([insert(2)]),
      thread.transact([insert(3)]),
      thread.execute(count),
    ]);
    await busy;
    expect([answers[1], answers[4]]).toMatchObject([{ rows: [[1]] }, { rows: [[3]] }]);
  });

  it("says of an error of SQLite which one it is", async () => {
    await thread.execute(insert(1));
    await expect(thread.execute(insert(1))).rejects.toMatchObject({
      name: "SqliteFailure",
      errcode: 1555,
      message: "UNIQUE constraint failed: number.n",
    });
  });

  it("takes bytes as they are when it is asked, and no others that lie beside them", async () => {
    const memory = Buffer.from(new SharedArrayBuffer(100));
    memory.fill("a");
    const inserted = thread.execute(run("insert into note values (?)", memory.subarray(10, 20)));
    const transacted = thread.transact([run("insert into note values (?)", memory.subarray(30, 35))]);
    memory.fill("b");
    await Promise.all([inserted, transacted]);
    const { rows } = await thread.execute(run("select body from note order by rowid"));
    expect(rows.map(([body]) => Buffer.from(body as Uint8Array).toString())).toEqual([
      "a".repeat(10),
      "a".repeat(5),
    ]);
  });

  it("gives bytes back as they were stored", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    await thread.execute(run("insert into note values (?)", bytes));
    const { rows } = await thread.execute(run("select body from note"));
    expect(Buffer.from(rows[0]?.[0] as Uint8Array)).toEqual(bytes);
  });

  it("refuses a value that cannot travel, and keeps nothing of its statement", async () => {
    const cannotTravel = () => {};
    for (const value of [cannotTravel, 1, cannotTravel, 2]) {
      const single = thread.execute(run("insert into number values (?)", value));
      const both = thread.transact([
        run("select 'first' as word"),
        run("insert into number values (? + 10)", value),
        run("select 'first' as word"),
      ]);
      if (value === cannotTravel) {
        await expect(single).rejects.toThrow(/could not be cloned/);
        await expect(both).rejects.toThrow(/could not be cloned/);
      } else {
        await single;
        expect((await both).map(({ rows }) => rows)).toEqual([[["first"]], [], [["first"]]]);
      }
    }
    expect(await stored()).toEqual([1, 2, 11, 12]);
  });

  it("knows more texts than it keeps", async () => {
    const ask = (index: number) => thread.execute(run(`select ${index} as n, ? as p`, index));
    for (const round of [0, 1]) {
      const answers = await Promise.all(Array.from({ length: 600 }, (_, index) => ask(index)));
      expect(
        answers.map(({ rows }) => rows[0]),
        `round ${round}`,
      ).toEqual(Array.from({ length: 600 }, (_, index) => [index, index]));
    }
  });
});

describe("closing the thread", () => {
  it("answers first what was asked before", async () => {
    const asked = [
      thread.execute(slow),
      thread.transact([insert(1)]),
      thread.execute(run("select n from number")),
    ];
    await thread.close();
    expect(await Promise.all(asked)).toMatchObject([
      { rows: [[300_000]] },
      [{ changes: 1 }],
      { rows: [[1]] },
    ]);
  });

  it("leaves the file whole for the next one, without a log", async () => {
    await thread.transact([insert(1)]);
    await thread.close();
    expect(statSync(`${file}-wal`, { throwIfNoEntry: false })).toBeUndefined();
    thread = await SqliteThread.start(file, "read");
    expect(await stored()).toEqual([1]);
  });

  it("refuses what is asked later, and may be done twice", async () => {
    await thread.close();
    await expect(thread.execute(run("select 1"))).rejects.toThrow(/thread stopped/);
    await expect(thread.transact([insert(1)])).rejects.toThrow(/thread stopped/);
    await thread.close();
  });
});

it("is not started where the file cannot be opened", async () => {
  await expect(SqliteThread.start(join(folder, "missing", "x.db"), "write")).rejects.toMatchObject({
    errcode: 14,
    message: "unable to open database file",
  });
});

/** A program of its own that asks the thread something and tells the answer. */
const program = (word: string) => `
  import { SqliteThread } from ${JSON.stringify(new URL("thread.ts", import.meta.url).href)};
  const thread = await SqliteThread.start(${JSON.stringify(join(folder, "other.db"))}, "write");
  const { rows } = await thread.execute(${JSON.stringify(slow)});
  process.stdout.write("${word} " + rows[0][0]);
`;

it("keeps no process alive that is done with it, but one that waits for it", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program("found")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [code, signal] = await once(child, "close");
  expect({ output, code, signal }).toEqual({ output: "found 300000", code: 0, signal: null });
});

it("works under node --watch, which speaks to threads too, and again after a change", async () => {
  const main = join(folder, "main.mjs");
  writeFileSync(main, program("first"));
  const child = spawn(process.execPath, ["--watch", main], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  let output = "";
  /** All that was said until one run is over, well or not. */
  const run = () =>
    new Promise<string>((resolve) => {
      const hear = (text: string) => {
        output += text;
        if (/(?:Completed|Failed) running/.test(output)) resolve(output);
      };
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").removeAllListeners("data").on("data", hear);
      }
    });
  try {
    expect(await run()).toContain("first 300000");
    output = "";
    writeFileSync(main, program("second"));
    expect(await run()).toContain("second 300000");
  } finally {
    child.kill();
    await ended;
  }
});
