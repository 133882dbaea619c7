import { type Kysely, sql } from "kysely";
import type { SchemaChange } from "./schema-change.ts";

/** Which config takes which email, what each may take, and how an email came to be. */
export const routing: SchemaChange = {
  async up(db: Kysely<unknown>) {
    const addTo = async (table: string, columns: Readonly<Record<string, "text" | "integer">>) => {
      for (const [name, type] of Object.entries(columns)) {
        await db.schema.alterTable(table).addColumn(name, type).execute();
      }
    };
    await addTo("smtp_config", {
      senders_json: "text",
      max_per_minute: "integer",
      max_per_hour: "integer",
      max_per_day: "integer",
      max_recipients_per_day: "integer",
      bcc: "text",
    });
    await addTo("emails", { sender: "text", via: "text", via_fallback: "integer", resent_from: "text" });
    await addTo("attempts", { route_json: "text" });
    // What is final is routed no more; what is retried later goes to the first config, as it did.
    await sql`update emails set sender = lower(from_address)
      where from_address is not null and state in ('queued', 'sending')`.execute(db);
    await db.schema
      .createTable("smtp_config_usage")
      .addColumn("config_id", "text", (c) => c.notNull())
      .addColumn("bucket_ms", "integer", (c) => c.notNull())
      .addColumn("starts_at", "bigint", (c) => c.notNull())
      .addColumn("emails", "integer", (c) => c.notNull())
      .addColumn("recipients", "integer", (c) => c.notNull())
      .addPrimaryKeyConstraint("smtp_config_usage_pk", ["config_id", "bucket_ms", "starts_at"])
      .execute();
  },
  indexes: { emails_resent: "on emails (resent_from) where resent_from is not null" },
};
