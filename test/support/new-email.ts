import { newId } from "../../src/core/id.ts";
import type { NewEmail } from "../../src/store/tables/email-inserts.ts";
import type { Email } from "../../src/store/tables/emails.ts";

export interface GivenEmail extends Partial<Omit<Email, "id" | "messageId">> {
  /** The idempotency key. */
  readonly key?: string;
  readonly content?: Uint8Array;
  readonly encrypted?: boolean;
  readonly recipients?: readonly string[];
}

/** An email as acceptance stores it, due now for a day; a test names what is different. */
export function newEmail(now: number, given: GivenEmail = {}): NewEmail {
  const { key, content, encrypted, recipients = ["jo@example.com"], ...overrides } = given;
  const id = newId(given.createdAt ?? now);
  return {
    email: {
      id,
      state: "queued",
      priority: "normal",
      from: null,
      replyTo: [],
      subject: "Hello",
      template: null,
      tags: [],
      messageId: `<${id}@example.com>`,
      caller: "library",
      sensitive: false,
      needsSmtpUtf8: false,
      onUnknown: "resend",
      possibleDuplicate: false,
      captured: false,
      attemptCount: 0,
      nextAttemptAt: now,
      expiresAt: now + 86_400_000,
      lease: 0,
      via: null,
      resentFrom: null,
      refusedBy: [],
      createdAt: now,
      sentAt: null,
      finishedAt: null,
      ...overrides,
    },
    idempotency: key === undefined ? null : { key, requestHash: `hash of ${key}` },
    content: content ?? Buffer.from("Subject: Hello\r\n\r\nHi\r\n"),
    encrypted: encrypted ?? false,
    recipients: recipients.map((address) => ({ address, role: "to" })),
  };
}
