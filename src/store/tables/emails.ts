import type {
  AttemptOutcome,
  EmailState,
  Mailbox,
  Offer,
  Priority,
  RecipientRole,
  RecipientState,
  ShownCertificate,
  Stage,
  UnknownPolicy,
} from "../../core/model.ts";
import { priorities } from "../../core/model.ts";
import { columns } from "../columns.ts";
import type { Db, EmailRow, RecipientRow } from "../schema.ts";

/** An accepted message with its state: the durable row, without its contents and recipients. */
export interface Email {
  readonly id: string;
  readonly state: EmailState;
  readonly priority: Priority;
  /** Null where the config's own sender is used. */
  readonly from: Mailbox | null;
  readonly replyTo: readonly Mailbox[];
  readonly subject: string;
  readonly template: string | null;
  readonly tags: readonly string[];
  readonly messageId: string;
  /** The id of the actor who sent it. */
  readonly caller: string;
  /** Contents are encrypted, never shown, and purged once the email is final. */
  readonly sensitive: boolean;
  readonly needsSmtpUtf8: boolean;
  readonly onUnknown: UnknownPolicy;
  readonly possibleDuplicate: boolean;
  /** The built-in sandbox has it, for one recipient or more: they did not get it. */
  readonly captured: boolean;
  readonly attemptCount: number;
  readonly nextAttemptAt: number | null;
  readonly expiresAt: number;
  /** The config that the request named; null if it named none. */
  readonly via: NamedConfig | null;
  /** The id of the email that this one repeats; null if it repeats none. */
  readonly resentFrom: string | null;
  /** The fencing token of the last claim. */
  readonly lease: number;
  /** Configs that refused this email for reasons of their own (`refusalOf`): another one may send it. */
  readonly refusedBy: readonly string[];
  readonly createdAt: number;
  readonly sentAt: number | null;
  readonly finishedAt: number | null;
}

/** A config that a request named. */
export interface NamedConfig {
  readonly configId: string;
  /** Whether others may send what it cannot. */
  readonly fallback: boolean;
}

export interface Recipient {
  readonly position: number;
  readonly address: string;
  readonly role: RecipientRole;
  readonly state: RecipientState;
  readonly code: number | null;
  readonly enhancedCode: string | null;
  readonly reply: string | null;
}

export interface Attempt {
  /** Made once, by whoever attempted: it may be written twice, and is there once. */
  readonly id: string;
  readonly at: number;
  readonly configId: string | null;
  readonly configName: string | null;
  readonly relayHost: string | null;
  readonly relayAddress: string | null;
  readonly tlsVersion: string | null;
  readonly stage: Stage | null;
  readonly outcome: AttemptOutcome;
  readonly errorCode: string | null;
  readonly code: number | null;
  readonly enhancedCode: string | null;
  readonly reply: string | null;
  readonly durationMs: number;
  readonly possibleDuplicate: boolean;
  /** It went to the built-in sandbox. */
  readonly captured: boolean;
  /** Null where nothing failed at a stage of the connection, and in what older versions wrote. */
  readonly failure: AttemptFailure | null;
  /** Why it went through this config; null in what older versions wrote, and for tests of a config. */
  readonly route: AttemptRoute | null;
  /** What became of the archive copy; left out where none was tried. */
  readonly copy?: AttemptCopy | null;
}

/** The copy of an email that its config sends to an archive. */
export interface AttemptCopy {
  readonly address: string;
  readonly outcome: "sent" | "temporary" | "permanent" | "unknown";
  readonly code: number | null;
  readonly reply: string | null;
}

/** Why an email goes through a config. */
export type AttemptRoute =
  /** The request named it. */
  | { readonly by: "named" }
  /** The sender is its own. */
  | { readonly by: "sender" }
  /** No config has the sender, and this is the first one. */
  | { readonly by: "first" }
  /** Another one would have sent it. */
  | {
      readonly by: "stand-in";
      readonly for: string;
      readonly because: StandInReason;
    };

/** Why the config that should send an email does not. `refused`: its relay does not accept this email. */
export type StandInReason = "paused" | "limit" | "refused";

/** How a relay was reached when an attempt failed, and what was seen: for the explanation. Redacted. */
export interface AttemptFailure {
  readonly port: number;
  readonly tls: "implicit" | "starttls" | "none";
  /** Whether the config named the authorities that it trusts. */
  readonly ownAuthority: boolean;
  /** Null where the config does not sign in. */
  readonly username: string | null;
  readonly allowCleartextAuth: boolean;
  /** The sender that MAIL FROM names. */
  readonly from: string;
  /** Whom the refusal means; null where it is not about one recipient alone. */
  readonly recipient: string | null;
  /** The code of the operating system or of OpenSSL, such as `ECONNREFUSED`. */
  readonly systemCode: string | null;
  readonly offered: Offer | null;
  readonly certificate: ShownCertificate | null;
  /** The answer to a recipient who was refused while others were taken; else the attempt's own reply says it. */
  readonly refusal: Refusal | null;
}

export interface Refusal {
  readonly code: number;
  readonly enhancedCode: string | null;
  /** The lines as they came, each without the reply code. */
  readonly text: string;
}

/** Lets another email have the key. */
export async function releaseIdempotencyKey(db: Db, id: string): Promise<void> {
  await db
    .updateTable("emails")
    .set({ idempotency_key: null, request_hash: null })
    .where("id", "=", id)
    .execute();
}

/** The email that a caller's idempotency key already made, with the hash of its request. */
export async function findByIdempotencyKey(
  db: Db,
  caller: string,
  key: string,
): Promise<{ email: Email; requestHash: string | null } | undefined> {
  const row = await db
    .selectFrom("emails")
    .select(columns.emails)
    .where("caller", "=", caller)
    .where("idempotency_key", "=", key)
    .executeTakeFirst();
  return row === undefined ? undefined : { email: emailFromRow(row), requestHash: row.request_hash };
}

export async function findEmail(db: Db, id: string): Promise<Email | undefined> {
  const row = await db.selectFrom("emails").select(columns.emails).where("id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : emailFromRow(row);
}

/** Of several emails at once, in the callers' order. */
export async function listRecipients(db: Db, emailIds: readonly string[]): Promise<Map<string, Recipient[]>> {
  const byEmail = new Map<string, Recipient[]>(emailIds.map((id) => [id, []]));
  if (emailIds.length === 0) return byEmail;
  const rows = await db
    .selectFrom("recipients")
    .select(columns.recipients)
    .where("email_id", "in", [...emailIds])
    .orderBy("email_id")
    .orderBy("position")
    .execute();
  for (const row of rows) {
    byEmail.get(row.email_id)?.push(recipientFromRow(row));
  }
  return byEmail;
}

export function recipientFromRow(row: RecipientRow): Recipient {
  return {
    position: row.position,
    address: row.address,
    role: row.role,
    state: row.state,
    code: row.code,
    enhancedCode: row.enhanced_code,
    reply: row.reply,
  };
}

/** The oldest first. */
export async function listAttempts(db: Db, emailId: string): Promise<Attempt[]> {
  const rows = await db
    .selectFrom("attempts")
    .select(columns.attempts)
    .where("email_id", "=", emailId)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    at: row.at,
    configId: row.config_id,
    configName: row.config_name,
    relayHost: row.relay_host,
    relayAddress: row.relay_address,
    tlsVersion: row.tls_version,
    stage: row.stage,
    outcome: row.outcome,
    errorCode: row.error_code,
    code: row.code,
    enhancedCode: row.enhanced_code,
    reply: row.reply,
    durationMs: row.duration_ms,
    possibleDuplicate: row.possible_duplicate === 1,
    captured: row.captured === 1,
    failure: row.failure_json === null ? null : JSON.parse(row.failure_json),
    ...routeFromJson(row.route_json),
  }));
}

function routeFromJson(json: string | null): Pick<Attempt, "route" | "copy"> {
  if (json === null) return { route: null };
  const { copy, ...route } = JSON.parse(json);
  return copy === undefined ? { route } : { route, copy };
}

/** How many emails wait or are under way: the log behind them does not count, however long it is. */
export async function countOpen(db: Db): Promise<{ queued: number; sending: number }> {
  const rows = await db
    .selectFrom("emails")
    .select(["state", (eb) => eb.fn.countAll<number>().as("count")])
    .where("state", "in", ["queued", "sending"])
    .groupBy("state")
    .execute();
  const count = (state: EmailState) => Number(rows.find((row) => row.state === state)?.count ?? 0);
  return { queued: count("queued"), sending: count("sending") };
}

export function emailFromRow(row: EmailRow): Email {
  return {
    id: row.id,
    state: row.state,
    priority: priorities[row.priority] ?? "normal",
    from: row.from_address === null ? null : { address: row.from_address, name: row.from_name },
    replyTo: JSON.parse(row.reply_to_json),
    subject: row.subject,
    template: row.template,
    tags: JSON.parse(row.tags_json),
    messageId: row.message_id,
    caller: row.caller,
    sensitive: row.sensitive === 1,
    needsSmtpUtf8: row.needs_smtputf8 === 1,
    onUnknown: row.on_unknown,
    possibleDuplicate: row.possible_duplicate === 1,
    captured: row.captured === 1,
    attemptCount: row.attempts,
    nextAttemptAt: row.next_attempt_at,
    expiresAt: row.expires_at,
    via: row.via === null ? null : { configId: row.via, fallback: row.via_fallback === 1 },
    resentFrom: row.resent_from,
    lease: row.lease,
    refusedBy: row.refused_by?.trim().split(" ") ?? [],
    createdAt: row.created_at,
    sentAt: row.sent_at,
    finishedAt: row.finished_at,
  };
}

/** With a space around each, so that one can be looked for. */
export function refusedByColumn(refusedBy: readonly string[]): string | null {
  return refusedBy.length === 0 ? null : ` ${refusedBy.join(" ")} `;
}
