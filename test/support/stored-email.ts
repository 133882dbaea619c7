import { firstIdAt } from "../../src/id.ts";
import type { EmailState, RecipientState } from "../../src/model.ts";
import { insertEmail } from "../../src/store/emails.ts";
import type { Db } from "../../src/store/schema.ts";

export interface StoredEmail {
  readonly acceptedAt: number;
  readonly state?: EmailState;
  /** When it became final; null while it is not. */
  readonly finalAt?: number | null;
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
  await insertEmail(db, {
    email: {
      id,
      state,
      priority: "normal",
      from: null,
      replyTo: [],
      subject: given.subject ?? "Hello",
      template: given.template ?? null,
      tags: [],
      messageId: `<${id}@example.com>`,
      caller: given.caller ?? "library",
      sensitive: false,
      needsSmtpUtf8: false,
      onUnknown: "resend",
      possibleDuplicate: false,
      attemptCount: 0,
      nextAttemptAt: isFinal ? null : acceptedAt,
      expiresAt: acceptedAt + 86_400_000,
      lease: 0,
      createdAt: acceptedAt,
      sentAt: null,
      finishedAt: null,
    },
    idempotency: idempotencyKey === null ? null : { key: idempotencyKey, requestHash: "a hash" },
    content: given.content ?? Buffer.from("Subject: Hello\r\n\r\nHello Jo\r\n"),
    encrypted: false,
    recipients: recipients.map((address) => ({ address, role: "to" })),
  });
  const { finalAt = isFinal ? acceptedAt : null } = given;
  await db.updateTable("emails").set({ finished_at: finalAt }).where("id", "=", id).execute();
  for (const position of recipients.keys()) {
    await db
      .updateTable("recipients")
      .set({ state: given.recipientStates?.[position] ?? recipientStateIn(state) })
      .where("email_id", "=", id)
      .where("position", "=", position)
      .execute();
  }
  return id;
}

function recipientStateIn(state: EmailState): RecipientState {
  if (state === "sending") return "queued";
  return state === "partial" ? "failed" : state;
}
