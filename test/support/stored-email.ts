import { firstIdAt } from "../../src/core/id.ts";
import type { EmailState, RecipientState } from "../../src/core/model.ts";
import type { Db } from "../../src/store/schema.ts";

export interface StoredEmail {
  readonly acceptedAt: number;
  readonly state?: EmailState;
  /** When it became final; where it is, by default when it was accepted. */
  readonly finalAt?: number;
  readonly subject?: string;
  readonly template?: string | null;
  readonly recipients?: readonly string[];
  /** Of each recipient; by default that of the email. */
  readonly recipientStates?: readonly RecipientState[];
  readonly idempotencyKey?: string | null;
  readonly content?: Uint8Array;
  readonly caller?: string;
}

let count = 0;

/** As `newId` makes them, but for any time: that one never goes back. */
function idAt(ms: number): string {
  count += 1;
  return `${firstIdAt(ms)}-7000-8000-${count.toString(16).padStart(12, "0")}`;
}

/** Puts an email into the log as if it had come to this state by itself. @returns its id. */
export async function storeEmail(db: Db, given: StoredEmail): Promise<string> {
  const { acceptedAt, state = "sent", recipients = ["jo@example.com"], idempotencyKey = null } = given;
  const isFinal = state !== "queued" && state !== "sending";
  const id = idAt(acceptedAt);
  await db
    .insertInto("emails")
    .values({
      id,
      state,
      priority: 1,
      reply_to_json: "[]",
      subject: given.subject ?? "Hello",
      template: given.template ?? null,
      tags_json: "[]",
      message_id: `<${id}@example.com>`,
      caller: given.caller ?? "library",
      idempotency_key: idempotencyKey,
      request_hash: idempotencyKey === null ? null : "a hash",
      sensitive: 0,
      needs_smtputf8: 0,
      on_unknown: "resend",
      possible_duplicate: 0,
      captured: 0,
      attempts: 0,
      next_attempt_at: isFinal ? null : acceptedAt,
      expires_at: acceptedAt + 86_400_000,
      lease: 0,
      created_at: acceptedAt,
      finished_at: given.finalAt ?? (isFinal ? acceptedAt : null),
    })
    .execute();
  const content = given.content ?? Buffer.from("Subject: Hello\r\n\r\nHello Jo\r\n");
  await db.insertInto("email_content").values({ email_id: id, content, encrypted: 0 }).execute();
  await db
    .insertInto("recipients")
    .values(
      recipients.map((address, position) => ({
        email_id: id,
        position,
        address,
        role: "to" as const,
        state: given.recipientStates?.[position] ?? recipientStateIn(state),
      })),
    )
    .execute();
  return id;
}

function recipientStateIn(state: EmailState): RecipientState {
  if (state === "sending") return "queued";
  return state === "partial" ? "failed" : state;
}
