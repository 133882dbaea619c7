import { Kysely, sql, type Transaction } from "kysely";
import { Migrator } from "kysely/migration";
import { PosthornError } from "../errors.ts";
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
 * Opens a SQLite database, taking the lock that keeps other servers off, and brings its schema up to date.
 * @param file a path whose folder exists, or `:memory:`.
 * @throws PosthornError `store.locked`, `store.newer`, `store.unavailable`
 */
export async function openSqliteStore(file: string): Promise<Store> {
  const release = file === ":memory:" ? () => {} : holdLock(`${file.replace(/\.db$/, "")}.lock`);
  try {
    const db = new Kysely<Schema>({ dialect: sqliteDialect(file) });
    await migrate(db);
    return {
      db,
      transaction: (work) => db.transaction().execute(work),
      async close() {
        await db.destroy();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

async function migrate(db: Kysely<Schema>): Promise<void> {
  await refuseNewer(db);
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
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
