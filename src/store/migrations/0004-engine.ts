import type { Kysely } from "kysely";
import type { SchemaChange } from "./schema-change.ts";

/** What many emails and many nodes need. */
export const engine: SchemaChange = {
  async up(db: Kysely<unknown>) {
    // How often a config has failed in a row: it rests the longer.
    await db.schema
      .alterTable("smtp_config")
      .addColumn("failures", "integer", (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema
      .createTable("nodes")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("seen_at", "bigint", (c) => c.notNull())
      .execute();
  },
  // With the expiry in it, emails that wait too long are found without reading them.
  indexes: { emails_due: "on emails (priority, next_attempt_at, expires_at) where state = 'queued'" },
  replacedIndexes: ["emails_queue"],
};
