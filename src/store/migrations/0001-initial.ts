import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { isPostgres } from "../dialect.ts";

/** SMTP configs, keys, the outbox, and what surrounds them. */
export const initial: Migration = {
  async up(db: Kysely<unknown>) {
    const blob = isPostgres(db) ? sql`bytea` : sql`blob`;
    await db.schema
      .createTable("smtp_config")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("position", "integer", (c) => c.notNull())
      .addColumn("enabled", "integer", (c) => c.notNull())
      .addColumn("smtp_server", "text", (c) => c.notNull())
      .addColumn("smtp_port", "integer", (c) => c.notNull())
      .addColumn("use_tls", "integer", (c) => c.notNull())
      .addColumn("tls_mode", "text", (c) => c.notNull())
      .addColumn("username", "text")
      .addColumn("password_enc", "text")
      .addColumn("auth_method", "text", (c) => c.notNull())
      .addColumn("allow_cleartext_auth", "integer", (c) => c.notNull())
      .addColumn("from_email", "text", (c) => c.notNull())
      .addColumn("from_name", "text")
      .addColumn("reply_to", "text")
      .addColumn("ehlo_name", "text")
      .addColumn("ca_pem", "text")
      .addColumn("max_connections", "integer", (c) => c.notNull())
      .addColumn("max_per_second", "integer")
      .addColumn("seal", "text", (c) => c.notNull())
      .addColumn("version", "integer", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("updated_at", "bigint", (c) => c.notNull())
      .addColumn("updated_by", "text", (c) => c.notNull())
      .addColumn("last_test_json", "text")
      .addColumn("paused_until", "bigint")
      .addColumn("paused_reason", "text")
      .execute();

    await db.schema
      .createTable("encryption_key")
      .addColumn("key_id", "text", (c) => c.primaryKey())
      .addColumn("kdf", "text", (c) => c.notNull())
      .addColumn("salt", "text")
      .addColumn("params_json", "text", (c) => c.notNull())
      .addColumn("check_token", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("retired_at", "bigint")
      .execute();

    await db.schema
      .createTable("emails")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("state", "text", (c) => c.notNull())
      .addColumn("priority", "integer", (c) => c.notNull())
      .addColumn("from_address", "text")
      .addColumn("from_name", "text")
      .addColumn("reply_to_json", "text", (c) => c.notNull())
      .addColumn("subject", "text", (c) => c.notNull())
      .addColumn("template", "text")
      .addColumn("tags_json", "text", (c) => c.notNull())
      .addColumn("message_id", "text", (c) => c.notNull())
      .addColumn("caller", "text", (c) => c.notNull())
      .addColumn("idempotency_key", "text")
      .addColumn("request_hash", "text")
      .addColumn("sensitive", "integer", (c) => c.notNull())
      .addColumn("needs_smtputf8", "integer", (c) => c.notNull())
      .addColumn("on_unknown", "text", (c) => c.notNull())
      .addColumn("possible_duplicate", "integer", (c) => c.notNull())
      .addColumn("attempts", "integer", (c) => c.notNull())
      .addColumn("next_attempt_at", "bigint")
      .addColumn("expires_at", "bigint", (c) => c.notNull())
      .addColumn("lease", "integer", (c) => c.notNull())
      .addColumn("lease_until", "bigint")
      .addColumn("body_started_at", "bigint")
      .addColumn("config_id", "text")
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("sent_at", "bigint")
      .addColumn("finished_at", "bigint")
      .execute();
    // Only what waits or is under way is in the queue's index: the log may grow without slowing it.
    await sql`create index emails_queue on emails (priority, next_attempt_at) where state = 'queued'`.execute(
      db,
    );
    await sql`create index emails_leased on emails (lease_until) where state = 'sending'`.execute(db);
    await db.schema.createIndex("emails_by_state").on("emails").columns(["state", "id"]).execute();
    await sql`create unique index emails_idempotency on emails (caller, idempotency_key)
      where idempotency_key is not null`.execute(db);

    await db.schema
      .createTable("email_content")
      .addColumn("email_id", "text", (c) => c.primaryKey().references("emails.id").onDelete("cascade"))
      .addColumn("content", blob, (c) => c.notNull())
      .addColumn("encrypted", "integer", (c) => c.notNull())
      .execute();

    await db.schema
      .createTable("recipients")
      .addColumn("email_id", "text", (c) => c.notNull().references("emails.id").onDelete("cascade"))
      .addColumn("position", "integer", (c) => c.notNull())
      .addColumn("address", "text", (c) => c.notNull())
      .addColumn("role", "text", (c) => c.notNull())
      .addColumn("state", "text", (c) => c.notNull())
      .addColumn("code", "integer")
      .addColumn("enhanced_code", "text")
      .addColumn("reply", "text")
      .addPrimaryKeyConstraint("recipients_pk", ["email_id", "position"])
      .execute();
    await db.schema
      .createIndex("recipients_by_address")
      .on("recipients")
      .columns(["address", "email_id"])
      .execute();

    await db.schema
      .createTable("attempts")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("email_id", "text", (c) => c.notNull().references("emails.id").onDelete("cascade"))
      .addColumn("at", "bigint", (c) => c.notNull())
      .addColumn("config_id", "text")
      .addColumn("config_name", "text")
      .addColumn("relay_host", "text")
      .addColumn("relay_address", "text")
      .addColumn("tls_version", "text")
      .addColumn("stage", "text")
      .addColumn("outcome", "text", (c) => c.notNull())
      .addColumn("error_code", "text")
      .addColumn("code", "integer")
      .addColumn("enhanced_code", "text")
      .addColumn("reply", "text")
      .addColumn("duration_ms", "integer", (c) => c.notNull())
      .addColumn("possible_duplicate", "integer", (c) => c.notNull())
      .execute();
    await db.schema.createIndex("attempts_by_email").on("attempts").columns(["email_id", "id"]).execute();

    await db.schema
      .createTable("settings")
      .addColumn("key", "text", (c) => c.primaryKey())
      .addColumn("value_json", "text", (c) => c.notNull())
      .execute();

    await db.schema
      .createTable("audit_log")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("at", "bigint", (c) => c.notNull())
      .addColumn("actor_id", "text", (c) => c.notNull())
      .addColumn("actor_name", "text", (c) => c.notNull())
      .addColumn("action", "text", (c) => c.notNull())
      .addColumn("target", "text")
      .addColumn("detail_json", "text", (c) => c.notNull())
      .execute();

    await db.schema
      .createTable("api_keys")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("scope", "text", (c) => c.notNull())
      .addColumn("key_hash", "text", (c) => c.notNull().unique())
      .addColumn("prefix", "text", (c) => c.notNull())
      .addColumn("created_at", "bigint", (c) => c.notNull())
      .addColumn("created_by", "text", (c) => c.notNull())
      .addColumn("last_used_at", "bigint")
      .execute();
  },
};
