import { Kysely, SqliteDialect, sql } from "kysely";
import { migrate } from "../src/store/migrate.ts";
import { migrations } from "../src/store/migrations/index.ts";
import { changeAtOnce } from "../src/store/migrations/schema-change.ts";
import type { Schema } from "../src/store/schema.ts";
import { type SqliteAnswer, SqliteDatabase, type SqliteStatement } from "../src/store/sqlite/database.ts";
import { Violation } from "./scene.ts";
import type { Outcome } from "./simulation.ts";
import { Random } from "./world/random.ts";
import { Scheduler } from "./world/scheduler.ts";
import { Trace } from "./world/trace.ts";

/** A scenario of its own kind: the database of an earlier version, and starts that are killed while they upgrade it. */
export interface UpgradePlan {
  readonly seed: number;
  /** How many migrations have made the database. */
  readonly from: number;
  /** For each start that is killed, how many statements it executes. */
  readonly kills: readonly number[];
}

type Row = Readonly<Record<string, unknown>>;

const share = 0.02;
/** An upgrade from the first version has about as many statements. */
const maxStatements = 70;

/** @returns null for seeds that make another kind of scenario. */
export function upgradePlan(seed: number): UpgradePlan | null {
  const random = new Random(`upgrade ${seed}`);
  if (!random.chance(share)) return null;
  const from = random.int(0, Object.keys(migrations).length - 1);
  const kills = Array.from({ length: random.int(1, 3) }, () => random.int(1, maxStatements));
  return { seed, from, kills };
}

/** Plays it: whatever was killed, the next start brings the database up to date with all that was in it. */
export async function simulateUpgrade({ seed, from, kills }: UpgradePlan): Promise<Outcome> {
  const trace = new Trace(new Scheduler());
  const database = new MortalDatabase();
  let violation: Violation | null = null;
  try {
    await makeOlder(database, from);
    const before = await contentsOf(database);
    trace.note("database", `is of version ${from}`);
    for (const [index, statements] of [...kills, Number.POSITIVE_INFINITY].entries()) {
      database.revive(statements);
      trace.note(`start${index}`, `upgrades, to be killed after ${statements} statements`);
      await upgrade(database).catch((error: Error) => {
        if (!database.isDead) throw new Violation("a killed upgrade is made again", error.message);
        trace.note(`start${index}`, "is killed");
      });
    }
    requireKept(before, await contentsOf(database));
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error;
    trace.note("check", `VIOLATED ${error.message} (seed ${seed})`);
  } finally {
    database.close();
  }
  return { violation, hash: trace.hash, trace: trace.lines, virtualMs: 0 };
}

function upgrade(database: MortalDatabase): Promise<void> {
  const db = kyselyOn(database);
  return migrate({
    db,
    exclusively: (work) => db.transaction().execute(work),
    beforeUpgrade: async () => {},
  });
}

/** A real SQLite database in memory whose process ends after some statements: what it has not committed is gone. */
class MortalDatabase extends SqliteDatabase {
  #left = Number.POSITIVE_INFINITY;
  isDead = false;

  constructor() {
    super(":memory:", "write");
  }

  /** Another process opens it. */
  revive(statements: number): void {
    this.#left = statements;
    this.isDead = false;
  }

  override execute(statement: SqliteStatement): SqliteAnswer {
    if (!this.isDead && this.#left-- <= 0) this.#die();
    if (this.isDead) throw new Error("The process was killed.");
    return super.execute(statement);
  }

  #die(): void {
    this.isDead = true;
    try {
      super.execute({ sql: "rollback", parameters: [] });
    } catch {
      // There was no transaction.
    }
  }
}

function kyselyOn(database: MortalDatabase): Kysely<Schema> {
  const prepare = (text: string) => ({
    reader: true,
    all: (parameters: readonly unknown[]) => {
      const { columns, rows } = database.execute({ sql: text, parameters });
      return rows.map((row) => Object.fromEntries((columns ?? []).map((name, index) => [name, row[index]])));
    },
    run: unused,
    iterate: unused,
  });
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: { prepare, close() {} } }) });
}

function unused(): never {
  throw new TypeError("Kysely reads the rows of each statement.");
}

/** Makes the schema as it was, with a row in each of its tables. */
async function makeOlder(database: MortalDatabase, from: number): Promise<void> {
  const db = kyselyOn(database);
  if (from > 0) {
    await sql`create table kysely_migration (name text not null primary key, timestamp text not null)`.execute(
      db,
    );
  }
  for (const [name, change] of Object.entries(migrations).slice(0, from)) {
    await changeAtOnce(change, db);
    await sql`insert into kysely_migration values (${name}, ${""})`.execute(db);
  }
  await sql`pragma foreign_keys = off`.execute(db);
  for (const { name, columns } of await db.introspection.getTables()) {
    const values = columns.map((column) => valueFor(column.name, column.dataType));
    await sql`insert into ${sql.table(name)} values (${sql.join(values)})`.execute(db);
  }
  await sql`pragma foreign_keys = on`.execute(db);
}

function valueFor(column: string, type: string): unknown {
  if (/blob/i.test(type)) return Buffer.from([0, 128, 255]);
  if (/int/i.test(type)) return 1;
  // The only column that takes but a few words.
  return column === "kind" ? "past" : "x";
}

async function contentsOf(database: MortalDatabase): Promise<ReadonlyMap<string, readonly Row[]>> {
  const db = kyselyOn(database);
  const contents = new Map<string, readonly Row[]>();
  for (const { name } of await db.introspection.getTables({ withInternalKyselyTables: true })) {
    contents.set(name, (await sql<Row>`select * from ${sql.table(name)}`.execute(db)).rows);
  }
  return contents;
}

function requireKept(
  before: ReadonlyMap<string, readonly Row[]>,
  after: ReadonlyMap<string, readonly Row[]>,
): void {
  const made = after.get("kysely_migration")?.length ?? 0;
  if (made !== Object.keys(migrations).length) {
    throw new Violation("an upgrade is made to its end", `${made} migrations are made`);
  }
  for (const [table, rows] of before) {
    if (table === "kysely_migration") continue;
    const kept = after.get(table) ?? [];
    const isKept = rows.length === kept.length && rows.every((row, index) => isIn(row, kept[index]));
    if (!isKept) throw new Violation("an upgrade keeps what is stored", `a row of ${table} is another one`);
  }
}

/** Perhaps with more columns. */
function isIn(row: Row, other: Row = {}): boolean {
  return Object.entries(row).every(([name, value]) => String(other[name]) === String(value));
}
