import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/**
 * A migration. Its indexes on tables that may be large stand apart: PostgreSQL builds these after it, without keeping
 * anybody from writing (postgres-indexes.ts), SQLite within it.
 */
export interface SchemaChange extends Migration {
  /** By its name, what an index is on: `on emails (state) where …`. */
  readonly indexes?: Readonly<Record<string, string>>;
  /** Names of earlier indexes whose place these take. */
  readonly replacedIndexes?: readonly string[];
}

/** Makes the change with its indexes, all in the caller's transaction: nobody may write meanwhile. */
export async function changeAtOnce<Tables>(change: SchemaChange, db: Kysely<Tables>): Promise<void> {
  await change.up(db);
  for (const [name, on] of Object.entries(change.indexes ?? {})) {
    await sql`create index ${sql.ref(name)} ${sql.raw(on)}`.execute(db);
  }
  for (const name of change.replacedIndexes ?? []) await sql`drop index ${sql.ref(name)}`.execute(db);
}
