import { SendwrightError } from "../core/errors.ts";
import { freeMemory } from "../core/free-memory.ts";
import { newId } from "../core/id.ts";
import { testEmailTemplate } from "../core/model.ts";
import { makeMessageId } from "../message/mime.ts";
import { auditStep } from "../store/tables/audit-log.ts";
import { findContent } from "../store/tables/email-content.ts";
import { insertEmails, isKeyTaken, type NewEmail } from "../store/tables/email-inserts.ts";
import { type Email, findEmail, listRecipients } from "../store/tables/emails.ts";
import type { AcceptanceDependencies, AcceptOptions } from "./acceptance.ts";
import { defaultExpiryMs } from "./compose.ts";
import { protectContent, revealContent } from "./content-encryption.ts";
import { contentGone } from "./content-gone.ts";
import { type Accepted, earlierReply, hashRequest } from "./idempotency.ts";
import { renewedMessage } from "./renewed-message.ts";

/** Sends final emails to their recipients once more, each as a new email. */
export class Resending {
  readonly #dependencies: AcceptanceDependencies;

  constructor(dependencies: AcceptanceDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Queues a copy of an email for all its recipients, for 24 hours. The copy has a Message-ID and a Date of its own,
   * because receivers drop what has the Message-ID of an email that they have; all else is the same, byte for byte.
   * @throws SendwrightError `email.not_found`; `email.state_conflict` if the email is not final, is a test email, or
   *   names an SMTP config that was deleted; `email.content_gone` if it is purged or sensitive; `idempotency.conflict`,
   *   `queue.full`, `disk.full`, `store.unavailable`
   */
  async resend(id: string, { caller, idempotencyKey }: AcceptOptions): Promise<Accepted> {
    const { store, clock, metrics, intake, onQueued } = this.#dependencies;
    const email = await findEmail(store.db, id);
    if (email === undefined) throw new SendwrightError("email.not_found", `Email ${id} not found.`);
    const idempotency =
      idempotencyKey === undefined
        ? null
        : { key: idempotencyKey, requestHash: hashRequest({ resendOf: id }) };
    const earlier = await earlierReply(this.#dependencies, caller, idempotency);
    if (earlier !== null) return earlier;
    await this.#refuse(email);
    await intake.check();
    const now = clock.now();
    const copy: NewEmail = { ...(await this.#copyOf(email, caller.id, now)), idempotency };
    intake.add();
    const { id: copyId, messageId, state } = copy.email;
    try {
      await store.transact([
        insertEmails(store.db, [copy]),
        auditStep(store.db, {
          at: now,
          actor: caller,
          action: "email.resent",
          target: id,
          detail: { email: copyId },
        }),
        store.announcement(),
      ]);
    } catch (error) {
      // Another request with the same key was stored since.
      const faster = isKeyTaken(error) ? await earlierReply(this.#dependencies, caller, idempotency) : null;
      if (faster === null) throw error;
      return faster;
    }
    freeMemory(copy.content);
    metrics.accepted(clock.now() - now);
    onQueued();
    return { id: copyId, messageId, state, repeated: false };
  }

  async #refuse({ state, sensitive, template, via }: Email): Promise<void> {
    const { store, configSource } = this.#dependencies;
    if (template === testEmailTemplate) {
      throw conflict("This email tested one SMTP config. Send a new test email from the settings page.");
    }
    if (sensitive) {
      throw new SendwrightError(
        "email.content_gone",
        "A sensitive email can't be resent, because it may contain a link or code that expires. Send a new one.",
      );
    }
    if (state === "queued" || state === "sending") {
      throw conflict(`This email is not final yet (${state}). Wait for the outcome before you resend it.`);
    }
    const isBound = via !== null && !via.fallback;
    if (isBound && (await configSource.find(store.db, via.configId)) === undefined) {
      throw conflict("This email's SMTP config was deleted. Send a new email.");
    }
  }

  async #copyOf(email: Email, caller: string, now: number): Promise<Omit<NewEmail, "idempotency">> {
    const { store, secrets } = this.#dependencies;
    const stored = await findContent(store.db, email.id);
    if (stored === undefined) throw contentGone(email);
    const recipients = (await listRecipients(store.db, [email.id])).get(email.id) ?? [];
    const id = newId(now);
    const messageId = makeMessageId(id, email.messageId.slice(email.messageId.lastIndexOf("@") + 1, -1));
    const content = renewedMessage(revealContent(secrets, email.id, stored), { messageId, date: now });
    return {
      email: {
        ...email,
        id,
        messageId,
        caller,
        state: "queued",
        possibleDuplicate: false,
        attemptCount: 0,
        nextAttemptAt: now,
        expiresAt: now + defaultExpiryMs,
        resentFrom: email.id,
        lease: 0,
        refusedBy: [],
        createdAt: now,
        sentAt: null,
        finishedAt: null,
      },
      ...protectContent(secrets, { id, sensitive: email.sensitive }, content),
      recipients: recipients.map(({ address, role }) => ({ address, role })),
    };
  }
}

function conflict(detail: string): SendwrightError {
  return new SendwrightError("email.state_conflict", detail);
}
