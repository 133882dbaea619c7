// The request side of emails: accepts them, shows what became of them, and retries or cancels them.
// RFC 5322 for the message that is composed once, here; delivery sends its bytes.
// It does not connect to SMTP servers or choose a config: see delivery/.
import PostalMime from "postal-mime";
import { SendwrightError } from "../core/errors.ts";
import { type Actor, testEmailTemplate } from "../core/model.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import { findContent } from "../store/tables/email-content.ts";
import { type EmailFilter, listEmails } from "../store/tables/email-criteria.ts";
import { endQueued, requeueEmail } from "../store/tables/email-queue.ts";
import { listResends, type Resend } from "../store/tables/email-resends.ts";
import {
  type Attempt,
  type Email,
  findEmail,
  listAttempts,
  listRecipients,
  type Recipient,
} from "../store/tables/emails.ts";
import { Acceptance, type AcceptanceDependencies, type AcceptOptions } from "./acceptance.ts";
import { defaultExpiryMs } from "./compose.ts";
import { revealContent } from "./content-encryption.ts";
import { contentGone } from "./content-gone.ts";
import type { Accepted } from "./idempotency.ts";
import { Resending } from "./resending.ts";

export type EmailSummary = Email & { readonly recipients: readonly Recipient[] };
export type EmailDetail = EmailSummary & {
  readonly attempts: readonly Attempt[];
  /** The SMTP config that the request named; null if it named none. */
  readonly config: AskedConfig | null;
  /** The emails that repeat this one, the newest first, 100 at most. */
  readonly resends: readonly Resend[];
};

/** An SMTP config as a request named it. */
export interface AskedConfig {
  readonly id: string;
  /** Null once it is deleted. */
  readonly name: string | null;
  /** Whether others may send what it cannot. */
  readonly fallback: boolean;
}

/** The most resends that one email shows. */
const maxResends = 100;

/** Accepts emails and answers for them; the delivery worker claims them from the same store. */
export class Outbox {
  readonly #dependencies: AcceptanceDependencies;
  readonly #acceptance: Acceptance;
  readonly #resending: Resending;

  constructor(dependencies: AcceptanceDependencies) {
    this.#dependencies = dependencies;
    this.#acceptance = new Acceptance(dependencies);
    this.#resending = new Resending(dependencies);
  }

  /** Accepts one email, as `Acceptance.accept` does, with its errors. */
  accept(input: unknown, options: AcceptOptions): Promise<Accepted> {
    return this.#acceptance.accept(input, options);
  }

  /** Accepts many emails, as `Acceptance.acceptAll` does. */
  acceptAll(inputs: readonly unknown[], options: AcceptOptions): Promise<(Accepted | SendwrightError)[]> {
    return this.#acceptance.acceptAll(inputs, options);
  }

  /** Sends a final email once more, as `Resending.resend` does. */
  resend(id: string, options: AcceptOptions): Promise<Accepted> {
    return this.#resending.resend(id, options);
  }

  /** The newest first; `next` is the `after` of the following page, or null at the end. */
  async list(filter: EmailFilter): Promise<{ items: EmailSummary[]; next: string | null }> {
    const { reader } = this.#dependencies.store;
    const emails = await listEmails(reader, { ...filter, limit: filter.limit + 1 });
    const page = emails.slice(0, filter.limit);
    const ids = page.map(({ id }) => id);
    const recipients = await listRecipients(reader, ids);
    return {
      items: page.map((email) => ({ ...email, recipients: recipients.get(email.id) ?? [] })),
      next: emails.length > filter.limit ? (ids.at(-1) ?? null) : null,
    };
  }

  /** @throws SendwrightError `email.not_found` */
  async get(id: string): Promise<EmailDetail> {
    const { db } = this.#dependencies.store;
    // The email is read last: it may be newer than its attempts, but never says less than they do.
    const attempts = await listAttempts(db, id);
    const recipients = (await listRecipients(db, [id])).get(id) ?? [];
    const resends = await listResends(db, id, maxResends);
    const email = await this.#find(id);
    return { ...email, recipients, attempts, resends, config: await this.#askedConfig(email) };
  }

  async #askedConfig({ via }: Email): Promise<AskedConfig | null> {
    if (via === null) return null;
    const { store, configSource } = this.#dependencies;
    const config = await configSource.find(store.db, via.configId);
    return { id: via.configId, name: config?.settings.name ?? null, fallback: via.fallback };
  }

  /**
   * The composed MIME bytes, as the SMTP server gets them but for From and Reply-To.
   * @throws SendwrightError `email.not_found`, or `email.content_gone` if they are purged or sensitive.
   */
  async source(id: string): Promise<Uint8Array> {
    const { store, secrets } = this.#dependencies;
    const email = await this.#find(id);
    if (email.sensitive) {
      throw new SendwrightError(
        "email.content_gone",
        "Sendwright never shows the content of a sensitive email.",
      );
    }
    const stored = await findContent(store.db, id);
    if (stored === undefined) throw contentGone(email);
    return revealContent(secrets, id, stored);
  }

  /**
   * The content as a reader would see it; null for a part that the email does not have.
   * @throws SendwrightError as `source` does.
   */
  async preview(id: string): Promise<{ html: string | null; text: string | null }> {
    const { html = null, text = null } = await PostalMime.parse(await this.source(id));
    return { html, text };
  }

  /**
   * Queues an email again for the recipients that have not got it.
   * @throws SendwrightError `email.not_found`, `email.state_conflict`, `email.content_gone`
   */
  async retry(id: string, actor: Actor): Promise<void> {
    const { store, clock, onQueued } = this.#dependencies;
    const email = await this.#find(id);
    if (email.template === testEmailTemplate) {
      throw new SendwrightError(
        "email.state_conflict",
        "This email tested one SMTP config; a retry could go through another. Send a new test email from the settings page.",
      );
    }
    if ((await findContent(store.db, id)) === undefined) throw contentGone(email);
    const now = clock.now();
    // A queued email keeps its expiry: an impatient admin must not have a reset link sent late.
    const expiresAt = email.state === "queued" ? email.expiresAt : now + defaultExpiryMs;
    await store.transaction(async (db) => {
      if (!(await requeueEmail(db, id, now, expiresAt))) {
        throw new SendwrightError(
          "email.state_conflict",
          email.state === "sent"
            ? "This email was sent to all recipients, so there's nothing to retry."
            : "This email is being sent. Wait for the outcome.",
        );
      }
      await writeAudit(db, { at: now, actor, action: "email.retried", target: id, detail: {} });
    });
    onQueued();
  }

  /**
   * Cancels a queued email.
   * @throws SendwrightError `email.not_found`, or `email.state_conflict` if it is no longer queued.
   */
  async cancel(id: string, actor: Actor): Promise<void> {
    const { store, clock } = this.#dependencies;
    const email = await this.#find(id);
    const now = clock.now();
    await store.transaction(async (db) => {
      if (!(await endQueued(db, id, "cancelled", now))) {
        throw new SendwrightError(
          "email.state_conflict",
          `Only queued emails can be cancelled. This one is ${email.state}.`,
        );
      }
      await writeAudit(db, { at: now, actor, action: "email.cancelled", target: id, detail: {} });
    });
  }

  async #find(id: string): Promise<Email> {
    const email = await findEmail(this.#dependencies.store.db, id);
    if (email === undefined) throw new SendwrightError("email.not_found", `Email ${id} not found.`);
    return email;
  }
}
