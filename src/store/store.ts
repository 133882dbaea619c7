import { existsSync } from "node:fs";
import { Kysely, sql, type Transaction } from "kysely";
import { Migrator } from "kysely/migration";
import { isPosthornError, PosthornError } from "../errors.ts";
import { holdLock } from "./lock.ts";
import { migrations } from "./migrations/index.ts";
import type { Schema } from "./schema.ts";
import { sqliteDialect } from "./sqlite.ts";

/** The database, migrated and ready. */
export interface Store {
  readonly db: Kysely<Schema>;
  /** Runs the work in one transaction: all of it is kept, or none. */
  transaction<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Opens a SQLite database for a server, taking the lock that keeps other servers off, and brings its
 * schema up to date.
 * @param file a path whose folder exists, or `:memory:`.
 * @throws PosthornError `store.locked`, `store.newer`, `store.unavailable`
 */
export async function openSqliteStore(file: string): Promise<Store> {
  const release = file === ":memory:" ? () => {} : holdLock(lockFile(file));
  try {
    const store = connectTo(file, release);
    await refuseNewer(store.db);
    const { error } = await migrator(store.db).migrateToLatest();
    if (error !== undefined) throw error;
    return store;
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * Opens a SQLite database beside the server that may be running on it, for the command line: nothing
 * is locked or migrated, so whoever uses it writes single rows that a server expects to change.
 * @throws PosthornError `store.unavailable` if there is none; `store.newer`; `store.older` if no server of
 * this version has opened it yet.
 */
export async function openSqliteStoreBeside(file: string): Promise<Store> {
  if (!existsSync(file)) {
    throw new PosthornError(
      "store.unavailable",
      `There is no database ${file}. Check POSTHORN_DATA_DIR, or start the server once to make one.`,
    );
  }
  const store = connectTo(file, () => {});
  try {
    await refuseNewer(store.db);
    const pending = (await migrator(store.db).getMigrations()).filter(
      ({ executedAt }) => executedAt === undefined,
    );
    if (pending.length > 0) {
      throw new PosthornError(
        "store.older",
        `${file} was not opened by this version of Posthorn yet. Start the server once, then try again.`,
      );
    }
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Whether a server has the database open. */
export function isServed(file: string): boolean {
  try {
    holdLock(lockFile(file))();
    return false;
  } catch (error) {
    if (isPosthornError(error, "store.locked")) return true;
    throw error;
  }
}

function lockFile(file: string): string {
  return `${file.replace(/\.db$/, "")}.lock`;
}

function connectTo(file: string, release: () => void): Store {
  const db = new Kysely<Schema>({ dialect: sqliteDialect(file) });
  return {
    db,
    transaction: (work) => db.transaction().execute(work),
    async close() {
      await db.destroy();
      release();
    },
  };
}

function migrator(db: Kysely<Schema>): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
}

/** A database that a later Posthorn has changed must not be touched by this one. */
async function refuseNewer(db: Kysely<Schema>): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === "kysely_migration")) return;
  const done = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  const unknown = done.rows.map((row) => row.name).filter((name) => migrations[name] === undefined);
  if (unknown.length > 0) {
    throw new PosthornError(
      "store.newer",
      `This database was written by a newer Posthorn (it has ${unknown.join(", ")}). Start that version, or restore a backup made before the upgrade.`,
    );
  }
}
