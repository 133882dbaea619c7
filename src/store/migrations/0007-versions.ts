import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Earlier versions of SMTP configs, and drafts of the next. */
export const versions: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("smtp_config_versions")
      .addColumn("config_id", "text", (c) => c.notNull().references("smtp_config.id").onDelete("cascade"))
      .addColumn("kind", "text", (c) => c.notNull().check(sql`kind in ('past', 'draft')`))
      .addColumn("version", "integer", (c) => c.notNull())
      .addColumn("settings_json", "text", (c) => c.notNull())
      .addColumn("password_enc", "text")
      .addColumn("seal", "text", (c) => c.notNull())
      .addColumn("saved_at", "bigint", (c) => c.notNull())
      .addColumn("saved_by", "text", (c) => c.notNull())
      .addColumn("last_test_json", "text")
      .addPrimaryKeyConstraint("smtp_config_versions_key", ["config_id", "kind", "version"])
      .execute();
    // The version through which an email was taken, and the one that failed before it could show that.
    await db.schema.alterTable("smtp_config").addColumn("proven_version", "integer").execute();
    await db.schema.alterTable("smtp_config").addColumn("faulty_version", "integer").execute();
  },
};
