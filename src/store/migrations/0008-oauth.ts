import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Consents to send with OAuth, one a config. */
export const oauth: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable("oauth_grants")
      .addColumn("config_id", "text", (c) => c.primaryKey())
      .addColumn("grant_enc", "text", (c) => c.notNull())
      .addColumn("version", "integer", (c) => c.notNull())
      .addColumn("renewing_until", "bigint")
      .addColumn("refused_at", "bigint")
      .addColumn("refusal", "text")
      .addColumn("consent_state", "text")
      .addColumn("consent_enc", "text")
      .addColumn("consent_expires_at", "bigint")
      .addColumn("consent_error", "text")
      .execute();
  },
};
