import { type Kysely, sql } from "kysely";
import { Migrator } from "kysely/migration";
import { PosthornError } from "../errors.ts";
import { migrations } from "./migrations/index.ts";
import type { Schema } from "./schema.ts";

/**
 * Brings the schema up to date. Of several nodes that start at once, one does it and the others wait.
 * @throws PosthornError `store.newer` for a database that a later Posthorn has changed.
 */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  await refuseNewer(db);
  const { error } = await migrator(db).migrateToLatest();
  if (error !== undefined) throw error;
}

/**
 * For the command line, which leaves migrating to the server.
 * @throws PosthornError `store.newer`; `store.older` if no server of this version has opened it yet.
 */
export async function refuseUnlessCurrent(db: Kysely<Schema>): Promise<void> {
  await refuseNewer(db);
  const pending = (await migrator(db).getMigrations()).filter(({ executedAt }) => executedAt === undefined);
  if (pending.length > 0) {
    throw new PosthornError(
      "store.older",
      "This database was not opened by this version of Posthorn yet. Start the server once, then try again.",
    );
  }
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
