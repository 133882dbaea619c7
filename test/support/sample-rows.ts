import { sql } from "kysely";
import { firstIdAt } from "../../src/core/id.ts";
import { type EmailState, emailStates } from "../../src/core/model.ts";
import type { Db, EmailRow } from "../../src/store/schema.ts";
import { insertAlert } from "../../src/store/tables/alerts.ts";
import { insertApiKey } from "../../src/store/tables/api-keys.ts";
import { writeSetting } from "../../src/store/tables/settings.ts";
import { insertVersion } from "../../src/store/tables/smtp-config-versions.ts";
import { insertSmtpConfig, type SmtpConfig } from "../../src/store/tables/smtp-configs.ts";
import { saveTemplate } from "../../src/store/tables/templates.ts";
import { insertWebhookDelivery } from "../../src/store/tables/webhook-deliveries.ts";
import { smtpConfig } from "./smtp-config.ts";

/** The time of the sample's newest rows: that at which `createFixedClock` begins. */
export const sampleNow = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;

/** The id of a thing of that number, made that many hours before `sampleNow`: the same in each run. */
export function sampleId(number: number): string {
  return `${firstIdAt(sampleNow - number * hourMs)}-7000-8000-${String(number).padStart(12, "0")}`;
}

/** The number of the email in each state; one more is queued for later. */
export const sampleEmail = Object.fromEntries(
  emailStates.map((state, index) => [state, index + 1]),
) as Record<EmailState, number>;
export const scheduledEmail = emailStates.length + 1;

export const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));

/** Writes rows into every table: configs, emails in each state, templates, alerts and all the rest. */
export async function writeSample(db: Db): Promise<void> {
  const main = smtpConfig({
    id: "config-1",
    settings: { name: "Main", username: "shop" },
    secret: { kind: "password", token: "token", seal: "" },
    revision: { createdAt: 1 },
  });
  const until = sampleNow + hourMs;
  const spare = smtpConfig({
    id: "config-2",
    settings: { name: "Spare", position: 1, enabled: false },
    health: { breaker: { state: "open", until, reason: "421 Try later", failures: 2, needsAdmin: false } },
  });
  for (const config of [main, spare]) await insertSmtpConfig(db, config);
  for (const kind of ["past", "draft"] as const) await insertVersion(db, versionOf(main, kind));

  for (const state of emailStates) await writeEmail(db, sampleEmail[state], { state });
  await writeEmail(db, scheduledEmail, { state: "queued", next_attempt_at: sampleNow + hourMs, priority: 2 });

  for (const name of ["order", "welcome"]) {
    const content = { subject: "Hello", html: "<p>Grüße</p>" };
    const saved = { kind: "template", name, version: 1, revision: 1, content, updatedBy: "user:1" } as const;
    const times = { createdAt: sampleNow - hourMs, updatedAt: sampleNow };
    await saveTemplate(db, { ...saved, ...times }, { change: "created", note: "first" });
  }
  await writeSetting(db, "templates_revision", 1);

  const alert = { configId: "config-1", configName: "Main", kind: "unreachable", level: 1 } as const;
  const words = { title: "Can't connect", explanation: "ECONNREFUSED", remedy: "Start the server" };
  const open = { clearedAt: null, acknowledgedAt: null, acknowledgedBy: null, emailDue: "raised" } as const;
  const cleared = { clearedAt: sampleNow, acknowledgedAt: sampleNow, acknowledgedBy: "Ada", emailDue: null };
  await insertAlert(db, { id: sampleId(1), raisedAt: sampleNow - hourMs, ...alert, ...words, ...open });
  await insertAlert(db, { id: sampleId(2), raisedAt: sampleNow - hourMs, ...alert, ...words, ...cleared });

  const key = { id: sampleId(1), name: "Shop", prefix: "sw_abc", createdBy: "user:1" };
  await insertApiKey(db, { ...key, scope: "send", createdAt: sampleNow, lastUsedAt: null }, "hash-1");
  await db
    .insertInto("audit_log")
    .values([1, 2, 3].map((number) => auditRow(number)))
    .execute();
  await db
    .insertInto("config_checks")
    .values(["config-1", "config-2"].map((id) => checkRow(id, id === "config-1" ? sampleNow : null)))
    .execute();
  await db
    .insertInto("oauth_grants")
    .values({
      config_id: "config-1",
      grant_enc: "grant",
      version: 7,
      renewing_until: null,
      refused_at: null,
      refusal: null,
      consent_state: "state",
      consent_enc: "consent",
      consent_error: null,
      consent_expires_at: sampleNow + hourMs,
    })
    .execute();
  await db
    .insertInto("encryption_key")
    .values({
      key_id: "old",
      kdf: "none",
      salt: null,
      params_json: '{"n":1}',
      check_token: "token",
      created_at: sampleNow - hourMs,
      retired_at: sampleNow,
    })
    .execute();
  const event = { body: '{"type":"config.alert.raised"}', createdAt: sampleNow };
  await insertWebhookDelivery(db, { id: "msg_1", ...event });
  await db
    .insertInto("nodes")
    .values([1, 2].map((number) => ({ id: `sample-${number}`, seen_at: sampleNow - number * hourMs })))
    .execute();
  await sql`insert into users (id, name, email, email_verified, created_at, updated_at)
    values ('1', 'Ada', 'ada@example.com', 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')`.execute(db);
}

function versionOf(config: SmtpConfig, kind: "past" | "draft") {
  const saved = { savedAt: sampleNow, savedBy: "user:1", lastTest: null };
  const { id: configId, secret, revision } = config;
  const { position: _, enabled: __, ...settings } = config.settings;
  return { configId, kind, version: revision.version, settings, secret, ...saved };
}

function auditRow(number: number) {
  return {
    id: sampleId(number),
    at: sampleNow - number * hourMs,
    actor_id: "user:1",
    actor_name: "Ada",
    action: "smtp_config.updated",
    target: "config-1",
    detail_json: '{"name":"Main"}',
  };
}

function checkRow(configId: string, checkedAt: number | null) {
  const outcome = { ok: true, stage: null, title: null, certificateEndsAt: null, suspects: [], proven: null };
  return {
    config_id: configId,
    due_at: sampleNow + hourMs,
    claimed_until: null,
    checked_at: checkedAt,
    version: checkedAt === null ? null : 1,
    outcome_json: checkedAt === null ? null : JSON.stringify(outcome),
  };
}

/** An email with two recipients, contents and, once something was tried, an attempt. */
async function writeEmail(
  db: Db,
  number: number,
  { state, ...given }: Partial<EmailRow> & { state: EmailState },
): Promise<void> {
  const id = sampleId(number);
  const isOpen = state === "queued" || state === "sending";
  const at = sampleNow - number * hourMs;
  await db
    .insertInto("emails")
    .values({
      id,
      state,
      priority: 1,
      from_address: "shop@example.com",
      from_name: "Shop",
      ...{
        reply_to_json: "[]",
        subject: `Order 100% ${number}`,
        template: number % 2 === 0 ? "order" : null,
      },
      tags_json: '["order"]',
      message_id: `<${id}@example.com>`,
      caller: "library",
      idempotency_key: `key-${number}`,
      request_hash: `hash-${number}`,
      needs_smtputf8: 0,
      sensitive: number % 2 === 0 ? 1 : 0,
      on_unknown: number % 2 === 0 ? "hold" : "resend",
      possible_duplicate: 0,
      captured: 0,
      attempts: 1,
      expires_at: sampleNow + 24 * hourMs,
      lease: 1,
      next_attempt_at: state === "queued" ? at : null,
      lease_until: state === "sending" ? sampleNow + hourMs : null,
      body_started_at: state === "sending" ? sampleNow : null,
      config_id: "config-1",
      created_at: at,
      sent_at: state === "sent" ? at + 1 : null,
      finished_at: isOpen ? null : at + 1,
      ...given,
    })
    .execute();
  await db.insertInto("email_content").values({ email_id: id, content: bytes, encrypted: 1 }).execute();
  const states = isOpen
    ? (["sent", "queued"] as const)
    : (["sent", state === "partial" ? "failed" : state] as const);
  await db
    .insertInto("recipients")
    .values(
      states.map((recipientState, position) => ({
        email_id: id,
        position,
        role: "to" as const,
        state: recipientState,
        code: 250,
        address: position === 0 ? "jo@example.com" : `guest${number}@example.com`,
        enhanced_code: "2.0.0",
        reply: "2.0.0 Ok: queued",
      })),
    )
    .execute();
  await db
    .insertInto("attempts")
    .values({
      id,
      email_id: id,
      at,
      config_id: "config-1",
      config_name: "Main",
      relay_host: "smtp.example.com",
      relay_address: "192.0.2.1",
      tls_version: "TLSv1.3",
      stage: "recipient" as const,
      outcome: state === "sent" ? "sent" : "temporary",
      error_code: null,
      code: 451,
      enhanced_code: "4.3.0",
      reply: "4.3.0 Later",
      duration_ms: 12,
      possible_duplicate: 0,
      captured: 0,
      failure_json: null,
    })
    .execute();
}
