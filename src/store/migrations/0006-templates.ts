import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Templates and their parts, as admins have edited them, with every version. */
export const templates: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("templates")
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("version", "integer", (c) => c.notNull())
      .addColumn("revision", "bigint", (c) => c.notNull())
      .addColumn("content_json", "text")
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("updated_at", "bigint", (c) => c.notNull())
      .addColumn("updated_by", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("templates_key", ["kind", "name"])
      .execute();
    await db.schema
      .createTable("template_versions")
      .addColumn("kind", "text", (c) => c.notNull())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("version", "integer", (c) => c.notNull())
      .addColumn("change", "text", (c) => c.notNull())
      .addColumn("note", "text")
      .addColumn("content_json", "text")
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("created_by", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("template_versions_key", ["kind", "name", "version"])
      .execute();
  },
};
