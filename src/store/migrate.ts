import { type Kysely, sql, type Transaction } from "kysely";
import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import { isPostgres } from "./dialect.ts";
import { migrations } from "./migrations/index.ts";
import { changeAtOnce } from "./migrations/schema-change.ts";
import type { Schema } from "./schema.ts";

/** What migrating needs of a store. */
export interface Migrating {
  readonly db: Kysely<Schema>;
  /** Runs work in one transaction, while no other node does such work. */
  readonly exclusively: (work: (transaction: Transaction<Schema>) => Promise<void>) => Promise<void>;
  /** Called before the first change to a database that holds something, with the name of its first migration. */
  readonly beforeUpgrade: (name: string) => Promise<void>;
}

/**
 * Brings the schema up to date in one transaction, with the names of the migrations in it: whoever is killed
 * meanwhile leaves the database as it was. Of several nodes that start at once, one does it and the others wait.
 * PostgreSQL is left without the new indexes on large tables, which `buildIndexes` adds.
 * @throws SendwrightError `store.newer` for a database that a later Sendwright has changed; `store.upgrade_failed`,
 * `store.unavailable`: then nothing was changed.
 */
export async function migrate({ db, exclusively, beforeUpgrade }: Migrating): Promise<void> {
  const done = await executed(db);
  const [first] = pendingAfter(done);
  if (first === undefined) return;
  if (done.length > 0) await beforeUpgrade(first);
  await exclusively(async (transaction) => {
    await transaction.schema
      .createTable(bookkeeping)
      .ifNotExists()
      .addColumn("name", "varchar(255)", (column) => column.notNull().primaryKey())
      .addColumn("timestamp", "varchar(255)", (column) => column.notNull())
      .execute();
    // Another node may have been faster.
    const before = await executed(transaction);
    // A table that holds nothing is indexed at once.
    const isAtOnce = before.length === 0 || !isPostgres(transaction);
    for (const name of pendingAfter(before)) await migrateBy(name, transaction, isAtOnce);
  });
}

/**
 * For the command line, which leaves migrating to the server.
 * @throws SendwrightError `store.newer`; `store.older` if no server of this version has opened it yet.
 */
export async function refuseUnlessCurrent({ db }: Pick<Migrating, "db">): Promise<void> {
  if (pendingAfter(await executed(db)).length > 0) {
    throw new SendwrightError(
      "store.older",
      "This version of Sendwright hasn't upgraded the database yet. Start the server once, then run this again.",
    );
  }
}

/** The table of Kysely's own migrator, which earlier versions used: a row for each migration that was made. */
const bookkeeping = "kysely_migration";

async function executed(db: Kysely<Schema>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === bookkeeping)) return [];
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(bookkeeping)}`.execute(db);
  return rows.map(({ name }) => name).sort();
}

/** A database that a later Sendwright has changed must not be touched by this one. */
function pendingAfter(done: readonly string[]): readonly string[] {
  const unknown = done.filter((name) => migrations[name] === undefined);
  if (unknown.length > 0) {
    throw new SendwrightError(
      "store.newer",
      `A newer Sendwright upgraded this database (it has ${unknown.join(", ")}). Start that version, or restore a backup from before the upgrade.`,
    );
  }
  return Object.keys(migrations).filter((name) => !done.includes(name));
}

async function migrateBy(name: string, transaction: Transaction<Schema>, isAtOnce: boolean): Promise<void> {
  const change = migrations[name];
  if (change === undefined) throw new TypeError(`There is no migration ${name}.`);
  try {
    await (isAtOnce ? changeAtOnce(change, transaction) : change.up(transaction));
  } catch (error) {
    throw upgradeFailed(name, error);
  }
  const timestamp = new Date().toISOString();
  await sql`insert into ${sql.table(bookkeeping)} (name, timestamp) values (${name}, ${timestamp})`.execute(
    transaction,
  );
}

/** What SQLite says of a change that was made before. PostgreSQL never kept a part of a migration. */
const madeBefore = /duplicate column name|already exists|no such index/;

function upgradeFailed(name: string, cause: unknown): unknown {
  if (isSendwrightError(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy = madeBefore.test(reason)
    ? "The upgrade was interrupted before. Restore a backup from before that upgrade."
    : "Start the earlier version again, and report this.";
  return new SendwrightError(
    "store.upgrade_failed",
    `Sendwright can't upgrade the database: ${name} failed (${reason}). Nothing was changed. ${remedy}`,
    { cause },
  );
}
