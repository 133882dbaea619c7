import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Scheduled checks of SMTP configs, what they tell of, and the events that a webhook is to get. */
export const watching: Migration = {
  async up(db: Kysely<unknown>) {
    // Without a foreign key: the config of the environment has no row.
    await db.schema
      .createTable("config_checks")
      .addColumn("config_id", "text", (c) => c.primaryKey())
      .addColumn("due_at", "bigint", (c) => c.notNull())
      .addColumn("claimed_until", "bigint")
      .addColumn("checked_at", "bigint")
      .addColumn("version", "integer")
      .addColumn("outcome_json", "text")
      .execute();

    await db.schema
      .createTable("alerts")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("config_id", "text", (c) => c.notNull())
      .addColumn("config_name", "text", (c) => c.notNull())
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("level", "integer", (c) => c.notNull())
      .addColumn("title", "text", (c) => c.notNull())
      .addColumn("explanation", "text", (c) => c.notNull())
      .addColumn("remedy", "text", (c) => c.notNull())
      .addColumn("raised_at", "bigint", (c) => c.notNull())
      .addColumn("cleared_at", "bigint")
      .addColumn("acknowledged_at", "bigint")
      .addColumn("acknowledged_by", "text")
      .addColumn("email_due", "text")
      .execute();
    // Of each kind a config has one that is not over.
    await db.schema
      .createIndex("alerts_open")
      .unique()
      .on("alerts")
      .columns(["config_id", "kind"])
      .where(sql.ref("cleared_at"), "is", null)
      .execute();

    await db.schema
      .createTable("webhook_deliveries")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("body", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("tries", "integer", (c) => c.notNull())
      .addColumn("next_try_at", "bigint", (c) => c.notNull())
      .execute();
  },
};
