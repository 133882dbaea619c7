import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** What many emails and many nodes need. */
export const engine: Migration = {
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
    // With the expiry in it, emails that wait too long are found without reading them.
    await db.schema.dropIndex("emails_queue").execute();
    await sql`create index emails_due on emails (priority, next_attempt_at, expires_at)
      where state = 'queued'`.execute(db);
  },
};
