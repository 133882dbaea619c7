import type { Kysely } from "kysely";
import type { SchemaChange } from "./schema-change.ts";

/** Circuit breakers with a half-open state, and emails that one relay refuses and another one may accept. */
export const delivery: SchemaChange = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable("smtp_config")
      .addColumn("needs_admin", "integer", (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable("smtp_config").addColumn("trial_until", "bigint").execute();
    await db.schema.alterTable("emails").addColumn("refused_by", "text").execute();
  },
  // What a stand-in looks for, whatever else is queued. It is empty almost always.
  indexes: {
    emails_refused: "on emails (priority, next_attempt_at) where state = 'queued' and refused_by is not null",
  },
};
