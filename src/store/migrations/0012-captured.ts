import type { Kysely } from "kysely";
import type { SchemaChange } from "./schema-change.ts";

/** Whether emails and attempts went to the built-in sandbox, as it was known when they did. */
export const captured: SchemaChange = {
  async up(db: Kysely<unknown>) {
    for (const table of ["emails", "attempts"]) {
      await db.schema
        .alterTable(table)
        .addColumn("captured", "integer", (c) => c.notNull().defaultTo(0))
        .execute();
    }
  },
};
