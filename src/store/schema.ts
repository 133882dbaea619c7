import type { Kysely, Transaction } from "kysely";
import type {
  AlertKind,
  AttemptOutcome,
  AuthMethod,
  EmailState,
  RecipientRole,
  RecipientState,
  Stage,
  TemplateChange,
  TemplateKind,
  TlsMode,
  UnknownPolicy,
} from "../core/model.ts";

/**
 * The tables as the database holds them, the same on every database. Times are integer milliseconds
 * since the epoch, UTC; flags are 0 or 1; columns named `*_json` hold JSON text. The files beside this
 * one turn rows into readonly values and back; nobody else reads a row.
 */
export interface Schema {
  smtp_config: SmtpConfigRow;
  smtp_config_versions: SmtpConfigVersionRow;
  smtp_config_usage: SmtpConfigUsageRow;
  oauth_grants: OauthGrantRow;
  encryption_key: EncryptionKeyRow;
  emails: EmailRow;
  email_content: EmailContentRow;
  recipients: RecipientRow;
  attempts: AttemptRow;
  settings: SettingRow;
  templates: TemplateRow;
  template_versions: TemplateVersionRow;
  audit_log: AuditRow;
  api_keys: ApiKeyRow;
  nodes: NodeRow;
  config_checks: ConfigCheckRow;
  alerts: AlertRow;
  webhook_deliveries: WebhookDeliveryRow;
}

/** A database handle or an open transaction: every table function takes either. */
export type Db = Kysely<Schema> | Transaction<Schema>;

export type Flag = 0 | 1;

export interface SmtpConfigRow {
  id: string;
  name: string;
  position: number;
  enabled: Flag;
  smtp_server: string;
  smtp_port: number;
  use_tls: Flag;
  tls_mode: TlsMode;
  username: string | null;
  /** A plain Fernet token of the password. */
  password_enc: string | null;
  auth_method: AuthMethod;
  allow_cleartext_auth: Flag;
  from_email: string;
  from_name: string | null;
  reply_to: string | null;
  ehlo_name: string | null;
  ca_pem: string | null;
  max_connections: number;
  /** Messages per second; null is unlimited. */
  max_per_second: number | null;
  /** Further senders, as a list of addresses and `@domain`; null if there are none. */
  senders_json: string | null;
  /** Emails in any minute, hour and 24 hours, and recipients in any 24 hours; null is unlimited. */
  max_per_minute: number | null;
  max_per_hour: number | null;
  max_per_day: number | null;
  max_recipients_per_day: number | null;
  /** Who gets a copy of each email. */
  bcc: string | null;
  /** HMAC over id, destination, cleartext permission and token. */
  seal: string;
  version: number;
  created_at: number;
  updated_at: number;
  updated_by: string;
  /** The last test report in short, or null: `{ at, ok, stage, title }`. */
  last_test_json: string | null;
  paused_until: number | null;
  /** Why the config is paused, for the page; null when it is not. */
  paused_reason: string | null;
  /** Failures in a row: the cooldown grows with them. */
  failures: number;
  /** An admin has to change something before the config works. */
  needs_admin: Flag;
  /** Until when a node tries, with one email, whether the failure behind a pause is over; null if none does. */
  trial_until: number | null;
  /** The version through which an email was taken last; null before the first. */
  proven_version: number | null;
  /** The version that failed, by its own fault, before any email was taken through it. */
  faulty_version: number | null;
}

/** How much a config with limits has sent, or is sending, in a span of time. */
export interface SmtpConfigUsageRow {
  config_id: string;
  /** The length of the span: each limit counts in its own. */
  bucket_ms: number;
  starts_at: number;
  emails: number;
  recipients: number;
}

/** An earlier version of a config, or a draft of the next. */
export interface SmtpConfigVersionRow {
  config_id: string;
  kind: "past" | "draft";
  version: number;
  settings_json: string;
  password_enc: string | null;
  /** As that of a config, with an id of its own. */
  seal: string;
  saved_at: number;
  saved_by: string;
  last_test_json: string | null;
}

/** How a config signs in with OAuth. */
export interface OauthGrantRow {
  config_id: string;
  /** A Fernet token, under a key of this row, of the client, its secret, the tokens, and their destination. */
  grant_enc: string;
  version: number;
  renewing_until: number | null;
  refused_at: number | null;
  refusal: string | null;
  /** SHA-256 of the state of a consent under way, hex. */
  consent_state: string | null;
  /** A Fernet token, under another key of this row, of what belongs to that consent. */
  consent_enc: string | null;
  consent_expires_at: number | null;
  consent_error: string | null;
}

/** What the last scheduled check of a config found, and when the next one is due. */
export interface ConfigCheckRow {
  config_id: string;
  due_at: number;
  /** A node is at it; it is given up after this. */
  claimed_until: number | null;
  checked_at: number | null;
  /** Of the config that was checked. */
  version: number | null;
  outcome_json: string | null;
}

/** Trouble that was told of; kept for a while after it is over. */
export interface AlertRow {
  id: string;
  /** "" for trouble of all configs together. */
  config_id: string;
  config_name: string;
  kind: AlertKind;
  /** Grows as it becomes more urgent. */
  level: number;
  title: string;
  explanation: string;
  remedy: string;
  raised_at: number;
  cleared_at: number | null;
  acknowledged_at: number | null;
  acknowledged_by: string | null;
  /** The email that is still to be accepted: `raised` or `cleared`. */
  email_due: "raised" | "cleared" | null;
}

/** An event that the webhook has not taken yet. */
export interface WebhookDeliveryRow {
  /** The same in each try: receivers know repetitions by it. */
  id: string;
  body: string;
  created_at: number;
  tries: number;
  next_try_at: number;
}

/** How a key is derived; never a key. */
export interface EncryptionKeyRow {
  key_id: string;
  kdf: string;
  /** base64url; null where the secret is the key. */
  salt: string | null;
  params_json: string;
  check_token: string;
  created_at: number;
  retired_at: number | null;
}

export interface EmailRow {
  id: string;
  state: EmailState;
  /** 0 high, 1 normal, 2 low. */
  priority: number;
  /** Null where the config's own sender is used. */
  from_address: string | null;
  from_name: string | null;
  reply_to_json: string;
  subject: string;
  template: string | null;
  tags_json: string;
  message_id: string;
  /** Who sent it: the actor's id. */
  caller: string;
  idempotency_key: string | null;
  request_hash: string | null;
  sensitive: Flag;
  needs_smtputf8: Flag;
  on_unknown: UnknownPolicy;
  possible_duplicate: Flag;
  /** The built-in sandbox has it, for one recipient or more. */
  captured: Flag;
  attempts: number;
  next_attempt_at: number | null;
  expires_at: number;
  /** The fencing token: grows with each claim, and only its holder may settle. */
  lease: number;
  lease_until: number | null;
  body_started_at: number | null;
  /** The config of the last attempt. */
  config_id: string | null;
  /** `from_address` in lower case, by which its config is found; null for final emails of older versions. */
  sender: string | null;
  /** The config that the request named. */
  via: string | null;
  /** Whether others may send what the named config cannot. */
  via_fallback: Flag | null;
  /** The email that this one repeats. */
  resent_from: string | null;
  /** Configs whose relay accepts this email from nobody, each as ` id:version `; null if there is none. */
  refused_by: string | null;
  created_at: number;
  /** When the last recipient was taken by a relay. */
  sent_at: number | null;
  /** When the email became final. */
  finished_at: number | null;
}

export interface EmailContentRow {
  email_id: string;
  /** The MIME bytes without From and Reply-To, or a Fernet token of them. */
  content: Uint8Array;
  encrypted: Flag;
}

export interface RecipientRow {
  email_id: string;
  /** The order in which the caller named them. */
  position: number;
  address: string;
  role: RecipientRole;
  state: RecipientState;
  code: number | null;
  enhanced_code: string | null;
  reply: string | null;
}

export interface AttemptRow {
  id: string;
  email_id: string;
  at: number;
  config_id: string | null;
  config_name: string | null;
  relay_host: string | null;
  relay_address: string | null;
  tls_version: string | null;
  stage: Stage | null;
  outcome: AttemptOutcome;
  error_code: string | null;
  code: number | null;
  enhanced_code: string | null;
  reply: string | null;
  duration_ms: number;
  possible_duplicate: Flag;
  /** The built-in sandbox got it. */
  captured: Flag;
  /** What an explanation needs beyond the other columns; null unless it failed. */
  failure_json: string | null;
  /** Why the attempt went through this config, and what became of its archive copy. */
  route_json: string | null;
}

export interface SettingRow {
  key: string;
  value_json: string;
}

/** A template or a part of templates that admins have written: nothing is here of what is only built in. */
export interface TemplateRow {
  kind: TemplateKind;
  name: string;
  /** That of its newest version, from 1 on. */
  version: number;
  /** Grows with each write of any of them, so that a node reads again only what is new to it. */
  revision: number;
  /** Null where the built-in one is used again. */
  content_json: string | null;
  created_at: number;
  updated_at: number;
  updated_by: string;
}

export interface TemplateVersionRow {
  kind: TemplateKind;
  name: string;
  version: number;
  change: TemplateChange;
  note: string | null;
  /** Null: the built-in one. */
  content_json: string | null;
  created_at: number;
  created_by: string;
}

export interface AuditRow {
  id: string;
  at: number;
  actor_id: string;
  actor_name: string;
  action: string;
  target: string | null;
  detail_json: string;
}

export interface ApiKeyRow {
  id: string;
  name: string;
  scope: "send" | "admin";
  /** SHA-256 of the key, hex. The key has 256 random bits: a slow hash would add nothing. */
  key_hash: string;
  /** The first characters of the key, by which its owner knows it. */
  prefix: string;
  created_at: number;
  created_by: string;
  last_used_at: number | null;
}

/** A node that works on this database, where several may. */
export interface NodeRow {
  id: string;
  seen_at: number;
}
