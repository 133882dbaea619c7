import { priorities, type RecipientRole } from "../../core/model.ts";
import { rowStatement } from "../row-statement.ts";
import type { Db } from "../schema.ts";
import { type Step, write } from "../step.ts";
import type { Email } from "./emails.ts";

/** What acceptance stores, all of it in one transaction. */
export interface NewEmail {
  readonly email: Email;
  readonly idempotency: { readonly key: string; readonly requestHash: string } | null;
  readonly content: Uint8Array;
  readonly encrypted: boolean;
  readonly recipients: readonly { readonly address: string; readonly role: RecipientRole }[];
}

/**
 * Stores emails: all of them or none. An idempotency key that its caller has used already is refused; see
 * `isKeyTaken`.
 */
export function insertEmails(db: Db, accepted: readonly NewEmail[]): Step<void> {
  return write(
    ...insertEmailRows(db, accepted.map(emailRow)),
    ...insertContentRows(db, accepted.map(contentRow)),
    ...insertRecipientRows(db, accepted.flatMap(recipientRows)),
  );
}

/** Whether an insert failed because the idempotency key of an email had been used. */
export function isKeyTaken(error: unknown): boolean {
  // SQLite names the columns of the index, PostgreSQL the index.
  return error instanceof Error && /emails_idempotency|UNIQUE.*emails\.idempotency_key/.test(error.message);
}

const insertEmailRows = rowStatement(
  [
    "id",
    "state",
    "priority",
    "from_address",
    "from_name",
    "reply_to_json",
    "subject",
    "template",
    "tags_json",
    "message_id",
    "caller",
    "idempotency_key",
    "request_hash",
    "sensitive",
    "needs_smtputf8",
    "on_unknown",
    "possible_duplicate",
    "captured",
    "attempts",
    "next_attempt_at",
    "expires_at",
    "lease",
    "sender",
    "via",
    "via_fallback",
    "resent_from",
    "created_at",
  ],
  (db, rows) => db.insertInto("emails").values(rows).compile(),
);

function emailRow({ email, idempotency }: NewEmail) {
  return {
    id: email.id,
    state: email.state,
    priority: priorities.indexOf(email.priority),
    from_address: email.from?.address ?? null,
    from_name: email.from?.name ?? null,
    reply_to_json: JSON.stringify(email.replyTo),
    subject: email.subject,
    template: email.template,
    tags_json: JSON.stringify(email.tags),
    message_id: email.messageId,
    caller: email.caller,
    idempotency_key: idempotency?.key ?? null,
    request_hash: idempotency?.requestHash ?? null,
    sensitive: flag(email.sensitive),
    needs_smtputf8: flag(email.needsSmtpUtf8),
    on_unknown: email.onUnknown,
    possible_duplicate: flag(email.possibleDuplicate),
    captured: flag(email.captured),
    attempts: email.attemptCount,
    next_attempt_at: email.nextAttemptAt,
    expires_at: email.expiresAt,
    lease: email.lease,
    sender: email.from?.address.toLowerCase() ?? null,
    via: email.via?.configId ?? null,
    via_fallback: email.via === null ? null : flag(email.via.fallback),
    resent_from: email.resentFrom,
    created_at: email.createdAt,
  };
}

const insertContentRows = rowStatement(["email_id", "content", "encrypted"], (db, rows) =>
  db.insertInto("email_content").values(rows).compile(),
);

function contentRow({ email, content, encrypted }: NewEmail) {
  return { email_id: email.id, content, encrypted: flag(encrypted) };
}

const insertRecipientRows = rowStatement(["email_id", "position", "address", "role", "state"], (db, rows) =>
  db.insertInto("recipients").values(rows).compile(),
);

function recipientRows({ email, recipients }: NewEmail) {
  return recipients.map(({ address, role }, position) => ({
    email_id: email.id,
    position,
    address,
    role,
    state: "queued",
  }));
}

function flag(value: boolean): 0 | 1 {
  return value ? 1 : 0;
}
