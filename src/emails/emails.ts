import PostalMime from "postal-mime";
import { SendwrightError } from "../core/errors.ts";
import { type Actor, testEmailTemplate } from "../core/model.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import { findContent } from "../store/tables/email-content.ts";
import { type EmailFilter, listEmails } from "../store/tables/email-criteria.ts";
import { endQueued, requeueEmail } from "../store/tables/email-queue.ts";
import {
  type Attempt,
  type Email,
  findEmail,
  listAttempts,
  listRecipients,
  type Recipient,
} from "../store/tables/emails.ts";
import { type Acceptance, type AcceptanceParts, createAcceptance } from "./acceptance.ts";
import { defaultExpiryMs } from "./compose.ts";
import { revealContent } from "./content-encryption.ts";

export type EmailSummary = Email & { readonly recipients: readonly Recipient[] };
export type EmailDetail = EmailSummary & { readonly attempts: readonly Attempt[] };

/** Takes emails in and answers for them; the delivery worker takes them from here. */
export interface Outbox extends Acceptance {
  /** The newest first; `next` is the `after` of the following page, or null at the end. */
  list(filter: EmailFilter): Promise<{ items: EmailSummary[]; next: string | null }>;
  /** @throws SendwrightError `email.not_found` */
  get(id: string): Promise<EmailDetail>;
  /**
   * The composed MIME bytes, as the relay gets them but for From and Reply-To.
   * @throws SendwrightError `email.not_found`, or `email.content_gone` where they are purged or sensitive.
   */
  source(id: string): Promise<Uint8Array>;
  /**
   * What a reader would see of the contents.
   * @throws SendwrightError as `source` does.
   */
  preview(id: string): Promise<{ html: string | null; text: string | null }>;
  /**
   * Queues an email again for the recipients that have not got it.
   * @throws SendwrightError `email.not_found`, `email.state_conflict`, `email.content_gone`
   */
  retry(id: string, actor: Actor): Promise<void>;
  /**
   * Ends an email that waits.
   * @throws SendwrightError `email.not_found`, or `email.state_conflict` where it no longer waits.
   */
  cancel(id: string, actor: Actor): Promise<void>;
}

export function createOutbox(parts: AcceptanceParts): Outbox {
  const { store, secrets, clock, onQueued } = parts;

  async function mustFind(id: string): Promise<Email> {
    const email = await findEmail(store.db, id);
    if (email === undefined) throw new SendwrightError("email.not_found", `There is no email ${id}.`);
    return email;
  }

  async function source(id: string): Promise<Uint8Array> {
    const email = await mustFind(id);
    if (email.sensitive) {
      throw new SendwrightError("email.content_gone", "The contents of a sensitive email are never shown.");
    }
    const stored = await findContent(store.db, id);
    if (stored === undefined) throw contentGone(email);
    return revealContent(secrets, id, stored);
  }

  return {
    ...createAcceptance(parts),
    source,

    async preview(id) {
      const { html, text } = await PostalMime.parse(await source(id));
      return { html: html ?? null, text: text ?? null };
    },

    async list(filter) {
      const emails = await listEmails(store.reader, { ...filter, limit: filter.limit + 1 });
      const page = emails.slice(0, filter.limit);
      const recipients = await listRecipients(
        store.reader,
        page.map((email) => email.id),
      );
      return {
        items: page.map((email) => ({ ...email, recipients: recipients.get(email.id) ?? [] })),
        next: emails.length > filter.limit ? (page.at(-1)?.id ?? null) : null,
      };
    },

    async get(id) {
      // The email comes last: it may be newer than its attempts, but never speaks of less than they do.
      const attempts = await listAttempts(store.db, id);
      const recipients = (await listRecipients(store.db, [id])).get(id) ?? [];
      return { ...(await mustFind(id)), recipients, attempts };
    },

    async retry(id, actor) {
      const email = await mustFind(id);
      if (email.template === testEmailTemplate) {
        throw new SendwrightError(
          "email.state_conflict",
          "This was a test of one SMTP config, and sent again it might go through another. Send a new test email from the settings.",
        );
      }
      if ((await findContent(store.db, id)) === undefined) throw contentGone(email);
      const now = clock.now();
      // What still waits keeps its time: a reset link is not sent late because somebody was impatient.
      const expiresAt = email.state === "queued" ? email.expiresAt : now + defaultExpiryMs;
      await store.transaction(async (transaction) => {
        if (!(await requeueEmail(transaction, id, now, expiresAt))) {
          throw new SendwrightError(
            "email.state_conflict",
            email.state === "sent"
              ? "This email has been sent to everybody: there is nothing to try again."
              : "This email is being sent right now. Wait for the outcome.",
          );
        }
        await writeAudit(transaction, { at: now, actor, action: "email.retried", target: id, detail: {} });
      });
      onQueued();
    },

    async cancel(id, actor) {
      const email = await mustFind(id);
      const now = clock.now();
      await store.transaction(async (transaction) => {
        if (!(await endQueued(transaction, id, "cancelled", now))) {
          throw new SendwrightError(
            "email.state_conflict",
            `Only a queued email can be cancelled; this one is ${email.state}.`,
          );
        }
        await writeAudit(transaction, { at: now, actor, action: "email.cancelled", target: id, detail: {} });
      });
    },
  };
}

function contentGone(email: Email): SendwrightError {
  return new SendwrightError(
    "email.content_gone",
    email.sensitive
      ? "This email was sensitive: its contents were deleted when it became final, so it cannot be sent again. Ask for a new one."
      : "The contents of this email have been deleted, so it cannot be sent again.",
  );
}
