import { type Kysely, sql } from "kysely";
import { Migrator } from "kysely/migration";
import { expect } from "vitest";
import { isPostgres } from "../../src/store/dialect.ts";
import { migrations } from "../../src/store/migrations/index.ts";
import { changeAtOnce } from "../../src/store/migrations/schema-change.ts";
import type { Schema } from "../../src/store/schema.ts";

/** Every table's rows, by its name. */
export type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

export const migrationNames = Object.keys(migrations);

/** Each earlier version of the schema, by how many migrations made it, with the name of the next. */
export const versions = migrationNames.map((next, count) => ({ count, next }));

/**
 * Makes the database of an earlier version, as that version did: by Kysely's migrator, up to a number of
 * migrations; and writes a row into each of its tables.
 */
export async function makeOlder(db: Kysely<Schema>, count: number): Promise<void> {
  const some = Object.fromEntries(
    Object.entries(migrations)
      .slice(0, count)
      .map(([name, change]) => [name, { up: (to: Kysely<unknown>) => changeAtOnce(change, to) }]),
  );
  const { error } = await new Migrator({
    db,
    provider: { getMigrations: async () => some },
  }).migrateToLatest();
  if (error !== undefined) throw error;
  await db.connection().execute(async (connection) => {
    // Tables come in the order of their names, which foreign keys do not know.
    await (isPostgres(db)
      ? sql`set session_replication_role = replica`
      : sql`pragma foreign_keys = off`
    ).execute(connection);
    for (const { name, columns } of await connection.introspection.getTables()) {
      const values = columns.map((column) => valueFor(name, column.name, column.dataType));
      await sql`insert into ${sql.table(name)} values (${sql.join(values)})`.execute(connection);
    }
    await (isPostgres(db)
      ? sql`set session_replication_role = origin`
      : sql`pragma foreign_keys = on`
    ).execute(connection);
  });
}

function valueFor(table: string, column: string, type: string): unknown {
  if (/blob|bytea/i.test(type)) return Buffer.from([0, 128, 255]);
  if (/int/i.test(type)) return 1;
  // The only column that takes but a few words.
  return table === "smtp_config_versions" && column === "kind" ? "past" : "x";
}

/** The rows of every table that there is, with the names of the migrations that were made. */
export async function readRows(db: Kysely<Schema>): Promise<Rows> {
  const tables = await db.introspection.getTables();
  const rows: Record<string, Record<string, unknown>[]> = {};
  for (const { name } of tables) {
    rows[name] = (await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(db)).rows;
  }
  return rows;
}

export async function migrationsMade(db: Kysely<Schema>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === "kysely_migration")) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

/** What was there is still there, perhaps with more columns. */
export function expectKept(rows: Rows, before: Rows): void {
  for (const [table, were] of Object.entries(before)) {
    expect(rows[table], table).toMatchObject(were);
    expect(rows[table], table).toHaveLength(were.length);
  }
}
