import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Kysely, sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Schema } from "../../src/store/schema.ts";
import { copiesOf } from "../../src/store/sqlite/copy.ts";
import { createSqlite } from "../../src/store/sqlite/dialect.ts";
import { openSqliteStore } from "../../src/store/store.ts";
import { claimEmails } from "../../src/store/tables/email-claims.ts";
import { healthFromRow } from "../../src/store/tables/smtp-config-health.ts";
import { claimOf, ruleOf } from "../support/claim.ts";
import { expectKept, makeOlder, migrationNames, type Rows, versions } from "../support/older-database.ts";

/** A hundred files are upgraded and killed before the first test; the machine may be busy. */
const slowMs = 240_000;

/**
 * Which statements of opening to be stopped at: those of the next migration, from the beginning of the transaction
 * to the row that names it. Those of later migrations are the next versions' own; the first and the last version
 * have all that is before and after.
 */
function stopsIn(statements: readonly string[], count: number): readonly number[] {
  const begun = statements.findIndex((text) => /^begin/i.test(text));
  const named = statements.findIndex((text) => /^insert into "kysely_migration"/.test(text));
  expect(begun, statements.join("\n")).toBeGreaterThan(0);
  expect(named, statements.join("\n")).toBeGreaterThan(begun);
  const isLast = count === migrationNames.length - 1;
  const first = count === 0 || isLast ? 0 : begun;
  return statements.map((_, index) => index).slice(first, isLast ? statements.length : named + 1);
}

/** Makes the file of an earlier version: in memory, where nothing waits for the disk, then written at once. */
async function writeOlder(file: string, count: number): Promise<void> {
  const db = new Kysely<Schema>({ dialect: createSqlite(":memory:").dialect });
  await makeOlder(db, count);
  await sql`vacuum into ${file}`.execute(db);
  await db.destroy();
}

interface Contents {
  readonly schema: readonly unknown[];
  readonly rows: Rows;
  /** The names of the migrations that the file has had. */
  readonly migrations: readonly unknown[];
}

/** All that a file holds; what a killed process left in its log is undone by looking. */
function contentsOf(file: string): Contents {
  const database = new DatabaseSync(file);
  try {
    expect(database.prepare("pragma integrity_check").get(), file).toEqual({ integrity_check: "ok" });
    const schema = database.prepare("select type, name, tbl_name, sql from sqlite_schema").all();
    const rows: Record<string, Record<string, unknown>[]> = {};
    let migrations: unknown[] = [];
    for (const { name } of schema.filter(({ type }) => type === "table")) {
      if (name === "kysely_migration")
        migrations = database.prepare("select name from kysely_migration").all();
      else rows[String(name)] = database.prepare(`select * from ${name}`).all();
    }
    return { schema: schema.map((one) => JSON.stringify(one)).sort(), rows, migrations };
  } finally {
    database.close();
  }
}

describe("a SQLite file that is upgraded", () => {
  /** More files than this are not open in one process at once. */
  const filesInProcess = 30;
  let folder: string;
  const at = (name: string) => join(folder, name);
  const olderFile = (count: number) => at(`older-${count}.db`);
  const wholeFile = (count: number) => at(`whole-${count}.db`);
  const stops: { readonly count: number; readonly file: string; readonly stopAt: number; text: string }[] =
    [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sendwright-upgrades-"));
    for (const { count } of versions) {
      await writeOlder(olderFile(count), count);
      copyFileSync(olderFile(count), wholeFile(count));
    }
    const files = versions.map(({ count }) => ({ file: wholeFile(count), stopAt: null }));
    const { signal, statements } = await upgrade(files);
    expect(signal).toBeNull();
    for (const { count } of versions) {
      const texts = statements[wholeFile(count)] ?? [];
      for (const stopAt of stopsIn(texts, count)) {
        const file = at(`${count}-stopped-at-${stopAt}.db`);
        copyFileSync(olderFile(count), file);
        stops.push({ count, file, stopAt, text: texts[stopAt] ?? "" });
      }
    }
    for (let start = 0; start < stops.length; start += filesInProcess) {
      const some = stops.slice(start, start + filesInProcess);
      expect((await upgrade(some)).signal).toBe("SIGKILL");
    }
  }, slowMs);
  afterAll(() => rmSync(folder, { recursive: true }));

  /** @returns how the process ended, with the statements of each file if it was not killed. */
  async function upgrade(files: readonly { readonly file: string; readonly stopAt: number | null }[]) {
    const program = fileURLToPath(new URL("upgrading-process.ts", import.meta.url));
    const given = files.map(({ file, stopAt }) => ({ file, stopAt }));
    const child = spawn(process.execPath, [program, JSON.stringify(given)], {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 60_000,
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const [, signal] = await once(child, "close");
    return { signal, statements: output === "" ? {} : (JSON.parse(output) as Record<string, string[]>) };
  }

  it.each(versions)(
    "before $next is as before or after it, wherever kill -9 stops that",
    async ({ count }) => {
      const own = stops.filter((stop) => stop.count === count);
      expect(own.length).toBeGreaterThan(4);
      const older = contentsOf(olderFile(count));
      const whole = contentsOf(wholeFile(count));
      expect(older).not.toEqual(whole);
      let changed = 0;
      for (const { file, stopAt, text } of own) {
        const found = contentsOf(file);
        const isCommitted = text === "close";
        expect(found, `${stopAt}: ${text}`).toEqual(isCommitted ? whole : older);
        if (isCommitted) changed += 1;
      }
      expect(changed).toBe(count === migrationNames.length - 1 ? 1 : 0);
    },
  );

  it.each(versions)("before $next opens after that, with all its rows", async ({ count, next }) => {
    const stop = stops.findLast((one) => one.count === count && one.text !== "close");
    if (stop === undefined) throw new Error("there are stops");
    await (await openSqliteStore(stop.file)).close();
    const upgraded = contentsOf(stop.file);
    expectKept(upgraded.rows, contentsOf(olderFile(count)).rows);
    expect(upgraded).toEqual(contentsOf(wholeFile(count)));
    expect(upgraded.schema).toEqual(contentsOf(wholeFile(0)).schema);
    // A database that was empty has nothing to go back to.
    expect(copiesOf(stop.file)).toEqual(count === 0 ? [] : [`${stop.file}.before-${next}`]);
  });
});

describe("the copy from before an upgrade", () => {
  let folder: string;
  let file: string;
  const copy = () => `${file}.before-0005-failures`;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "sendwright-upgrades-"));
    file = join(folder, "sendwright.db");
    await writeOlder(file, 4);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const summaryOf = (path: string) => {
    const database = new DatabaseSync(path);
    const { names } = database
      .prepare("select group_concat(name) as names from (select name from kysely_migration order by name)")
      .get() as { names: string };
    const { subject } = database.prepare("select subject from emails").get() as { subject: string };
    database.close();
    return { names: names.split(","), subject };
  };

  it("holds what the log held too, for its owner's eyes alone, and opens as the earlier version left it", async () => {
    // A connection that is open keeps what it wrote in the log.
    const other = new DatabaseSync(file);
    other.exec("pragma journal_mode = wal; update emails set subject = 'the newest'");
    chmodSync(file, 0o644);
    await (await openSqliteStore(file)).close();
    other.close();
    expect(copiesOf(file)).toEqual([copy()]);
    expect(statSync(copy()).mode & 0o777).toBe(0o600);
    expect(summaryOf(copy())).toEqual({ names: migrationNames.slice(0, 4), subject: "the newest" });
    expect(summaryOf(file)).toEqual({ names: migrationNames, subject: "the newest" });
  });

  it("takes the place of an earlier one, and of what was left of one that was interrupted", async () => {
    for (const name of ["0002-sign-in", "0005-failures", "0005-failures.part"]) {
      copyFileSync(file, `${file}.before-${name}`);
    }
    const changed = new DatabaseSync(file);
    changed.exec("update emails set subject = 'since then'");
    changed.close();
    await (await openSqliteStore(file)).close();
    expect(copiesOf(file)).toEqual([copy()]);
    expect(summaryOf(copy()).subject).toBe("since then");
  });

  it("is not made where nothing is pending", async () => {
    await (await openSqliteStore(file)).close();
    rmSync(copy());
    await (await openSqliteStore(file)).close();
    expect(copiesOf(file)).toEqual([]);
  });

  it("has no room: nothing is changed, and the error says so", async () => {
    const filler = new DatabaseSync(file);
    filler.exec("update email_content set content = zeroblob(3000000)");
    filler.close();
    const program = `
      const { openSqliteStore } = await import(process.argv[1]);
      await openSqliteStore(process.argv[2]).catch(({ code, message }) => console.log(JSON.stringify({ code, message })));
    `;
    const store = new URL("../../src/store/store.ts", import.meta.url).href;
    // No file may grow beyond 1 MB; the shell's unit is 512 bytes.
    const command = 'ulimit -f 2048; trap "" XFSZ; exec "$@"';
    const child = spawn(
      "/bin/sh",
      ["-c", command, "sh", process.execPath, "--input-type=module", "--eval", program, store, file],
      { stdio: ["ignore", "pipe", "inherit"], timeout: 60_000 },
    );
    const output = (await child.stdout.setEncoding("utf8").toArray()).join("");
    expect(JSON.parse(output)).toEqual({
      code: "store.unavailable",
      message: expect.stringMatching(
        /^The database wasn't upgraded, because Sendwright couldn't write the copy .*Nothing was changed\.$/,
      ),
    });
    expect(copiesOf(file)).toEqual([]);
    expect(summaryOf(file).names).toEqual(migrationNames.slice(0, 4));
  });
});

describe("a SQLite file from before 0010-delivery", () => {
  it("has breakers that need no admin and have no trial, and emails that no config has refused", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sendwright-upgrades-"));
    const file = join(folder, "sendwright.db");
    await writeOlder(file, migrationNames.indexOf("0010-delivery"));
    const older = new DatabaseSync(file);
    older.exec("update smtp_config set paused_until = 5, last_test_json = null, failures = 2");
    older.exec(
      "update emails set state = 'queued', next_attempt_at = 1, reply_to_json = '[]', tags_json = '[]'",
    );
    older.exec("update emails set expires_at = 1000");
    older.close();
    const store = await openSqliteStore(file);
    const row = await store.db.selectFrom("smtp_config").selectAll().executeTakeFirstOrThrow();
    expect(healthFromRow(row).breaker).toEqual({
      state: "open",
      until: 5,
      reason: "x",
      failures: 2,
      needsAdmin: false,
    });
    const claim = claimOf({ now: 10, leaseMs: 1_000, limit: 5 });
    const [standIn, claimed] = await store.transact([
      claimEmails(store.db, {
        ...claim,
        rule: ruleOf(
          [
            { id: "other", revision: { version: 1 } },
            { id: "a-config", revision: { version: 1 } },
          ],
          1,
        ),
      }),
      claimEmails(store.db, claim),
    ]);
    expect([standIn, claimed.map(({ email }) => email.refusedBy)]).toEqual([[], [[]]]);
    await store.close();
    rmSync(folder, { recursive: true });
  });
});

describe("a SQLite file that an earlier version left half upgraded", () => {
  it("is refused with what to do, and stays as it is", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sendwright-upgrades-"));
    const file = join(folder, "sendwright.db");
    await writeOlder(file, 3);
    const half = new DatabaseSync(file);
    // The first statement of 0004-engine, which that version kept by itself.
    half.exec("alter table smtp_config add column failures integer default 0 not null");
    half.close();
    const error = await openSqliteStore(file).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "store.upgrade_failed",
      message: expect.stringMatching(/0004-engine failed .*Nothing was changed.*Restore a backup/),
    });
    const database = new DatabaseSync(file);
    expect(database.prepare("select count(*) as n from kysely_migration").get()).toEqual({ n: 3 });
    database.close();
    rmSync(folder, { recursive: true });
  });
});
