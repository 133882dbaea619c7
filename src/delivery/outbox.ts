import { createHash } from "node:crypto";
import PostalMime from "postal-mime";
import type { Clock } from "../clock.ts";
import { type Issue, isPosthornError, PosthornError } from "../errors.ts";
import type { Metrics } from "../metrics.ts";
import type { Actor, EmailState } from "../model.ts";
import { invalidInput, parse } from "../parse.ts";
import type { Secrets } from "../secret/secrets.ts";
import { writeAudit } from "../store/audit-log.ts";
import { findContent } from "../store/email-content.ts";
import { insertEmails, isKeyTaken, type NewEmail } from "../store/email-inserts.ts";
import { endQueued, requeueEmail } from "../store/email-queue.ts";
import {
  type Attempt,
  type Email,
  type EmailFilter,
  findByIdempotencyKey,
  findEmail,
  listAttempts,
  listEmails,
  listRecipients,
  type Recipient,
  releaseIdempotencyKey,
} from "../store/emails.ts";
import { listSmtpConfigs } from "../store/smtp-configs.ts";
import type { Store } from "../store/store.ts";
import type { Templates } from "../template/templates.ts";
import { revealContent } from "./contents.ts";
import { emailRequest, type ParsedEmailRequest } from "./email-request.ts";
import { createGroup } from "./group.ts";
import { defaultExpiryMs, prepareEmail } from "./prepare.ts";

export interface AcceptOptions {
  readonly caller: Actor;
  /** The same key and request from the same caller give the first answer again. */
  readonly idempotencyKey?: string | undefined;
}

export interface Accepted {
  readonly id: string;
  readonly messageId: string;
  readonly state: EmailState;
  /** True where an idempotency key showed that the email had been accepted before. */
  readonly repeated: boolean;
}

export type EmailSummary = Email & { readonly recipients: readonly Recipient[] };
export type EmailDetail = EmailSummary & { readonly attempts: readonly Attempt[] };

/** Takes emails in and answers for them; the courier takes them from here. */
export interface Outbox {
  /**
   * Checks, renders, composes and stores an email. It returns after the commit: from then on the
   * email survives whatever the disk survives.
   * @param input an EmailRequest; nothing is assumed about it.
   * @throws PosthornError `input.invalid`, `address.invalid`, `header.invalid`, `template.not_found`,
   *   `template.invalid`, `message.too_large`, `idempotency.conflict`, `store.unavailable`
   */
  accept(input: unknown, options: AcceptOptions): Promise<Accepted>;
  /** The newest first; `next` is the `after` of the following page, or null at the end. */
  list(filter: EmailFilter): Promise<{ items: EmailSummary[]; next: string | null }>;
  /** @throws PosthornError `email.not_found` */
  get(id: string): Promise<EmailDetail>;
  /**
   * The composed MIME bytes, as the relay gets them but for From and Reply-To.
   * @throws PosthornError `email.not_found`, or `email.content_gone` where they are purged or sensitive.
   */
  source(id: string): Promise<Uint8Array>;
  /**
   * What a reader would see of the contents.
   * @throws PosthornError as `source` does.
   */
  preview(id: string): Promise<{ html: string | null; text: string | null }>;
  /**
   * Queues an email again for the recipients that have not got it.
   * @throws PosthornError `email.not_found`, `email.state_conflict`, `email.content_gone`
   */
  retry(id: string, actor: Actor): Promise<void>;
  /**
   * Ends an email that waits.
   * @throws PosthornError `email.not_found`, or `email.state_conflict` where it no longer waits.
   */
  cancel(id: string, actor: Actor): Promise<void>;
}

export interface OutboxParts {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly templates: Templates;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Called after a commit that leaves something to deliver. */
  readonly onQueued: () => void;
}

/** How long an idempotency key is kept. */
const keyLivesMs = 24 * 60 * 60 * 1000;
/** Emails that are stored in one transaction. */
const maxGroup = 64;
const maxGroupBytes = 8_000_000;
/** The default sender changes rarely; it is read again after this time. */
const senderLivesMs = 1_000;

export function createOutbox({ store, secrets, templates, clock, metrics, onQueued }: OutboxParts): Outbox {
  const insert = createGroup(
    async (emails: readonly NewEmail[]) => {
      await store.transact([insertEmails(store.db, emails), store.announcement()]);
      return emails.map(() => true);
    },
    { maxItems: maxGroup, weigh: ({ content }) => content.length, maxWeight: maxGroupBytes },
  );

  /** Stores an email; false where its idempotency key has been used. */
  async function keep(email: NewEmail): Promise<boolean> {
    try {
      return await insert(email);
    } catch (error) {
      if (isKeyTaken(error)) return false;
      throw error;
    }
  }

  /** @throws PosthornError `idempotency.conflict` */
  async function earlierAnswer(
    caller: Actor,
    { key, requestHash }: NonNullable<NewEmail["idempotency"]>,
  ): Promise<Accepted | null> {
    const earlier = await findByIdempotencyKey(store.db, caller.id, key);
    if (earlier === undefined) return null;
    const { id, messageId, state, createdAt } = earlier.email;
    if (createdAt <= clock.now() - keyLivesMs) {
      await releaseIdempotencyKey(store.db, id);
      return null;
    }
    if (earlier.requestHash !== requestHash) {
      throw new PosthornError(
        "idempotency.conflict",
        `The idempotency key "${key}" was used for another email. Use a new key for each email.`,
      );
    }
    return { id, messageId, state, repeated: true };
  }

  let sender: { readonly readAt: number; readonly address: Promise<string | undefined> } | null = null;

  /** The right side of the Message-ID: the domain that the email speaks for (RFC 5322 §3.6.4). */
  async function domainOf(request: ParsedEmailRequest): Promise<string> {
    const address = request.from?.address ?? (await defaultSender());
    return address?.slice(address.lastIndexOf("@") + 1) ?? "posthorn.invalid";
  }

  function defaultSender(): Promise<string | undefined> {
    const now = clock.now();
    if (sender === null || sender.readAt + senderLivesMs <= now) {
      const address = listSmtpConfigs(store.db).then(
        (configs) => configs.find((config) => config.enabled)?.fromEmail,
      );
      sender = { readAt: now, address };
      // What failed is read again by the next one.
      address.catch(() => {
        sender = null;
      });
    }
    return sender.address;
  }

  async function mustFind(id: string): Promise<Email> {
    const email = await findEmail(store.db, id);
    if (email === undefined) throw new PosthornError("email.not_found", `There is no email ${id}.`);
    return email;
  }

  async function source(id: string): Promise<Uint8Array> {
    const email = await mustFind(id);
    if (email.sensitive) {
      throw new PosthornError("email.content_gone", "The contents of a sensitive email are never shown.");
    }
    const stored = await findContent(store.db, id);
    if (stored === undefined) throw contentGone(email);
    return revealContent(secrets, id, stored);
  }

  return {
    source,

    async preview(id) {
      const { html, text } = await PostalMime.parse(await source(id));
      return { html: html ?? null, text: text ?? null };
    },

    async accept(input, { caller, idempotencyKey }) {
      const request = parseRequest(input, templates);
      const idempotency =
        idempotencyKey === undefined ? null : { key: idempotencyKey, requestHash: hashRequest(input) };
      if (idempotency !== null) {
        const earlier = await earlierAnswer(caller, idempotency);
        if (earlier !== null) return earlier;
      }
      const now = clock.now();
      const domain = await domainOf(request);
      const prepared = prepareEmail(request, { caller, now, domain, templates, secrets });
      if (await keep({ ...prepared, idempotency })) {
        metrics.accepted.inc();
        onQueued();
        const { id, messageId, state } = prepared.email;
        return { id, messageId, state, repeated: false };
      }
      // Somebody was faster with the same key.
      const faster = idempotency === null ? null : await earlierAnswer(caller, idempotency);
      if (faster !== null) return faster;
      throw new PosthornError("store.unavailable", "The email could not be stored. Send it again.");
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
      if ((await findContent(store.db, id)) === undefined) throw contentGone(email);
      const now = clock.now();
      // What still waits keeps its time: a reset link is not sent late because somebody was impatient.
      const expiresAt = email.state === "queued" ? email.expiresAt : now + defaultExpiryMs;
      await store.transaction(async (transaction) => {
        if (!(await requeueEmail(transaction, id, now, expiresAt))) {
          throw new PosthornError(
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
          throw new PosthornError(
            "email.state_conflict",
            `Only a queued email can be cancelled; this one is ${email.state}.`,
          );
        }
        await writeAudit(transaction, { at: now, actor, action: "email.cancelled", target: id, detail: {} });
      });
    },
  };
}

/** Where the request is wrong anyway, what is wrong with the template's data is said in the same breath. */
function parseRequest(input: unknown, templates: Templates): ParsedEmailRequest {
  try {
    return parse(emailRequest, input);
  } catch (error) {
    if (!isPosthornError(error, "input.invalid")) throw error;
    throw invalidInput([...error.issues, ...templateIssues(input, templates)]);
  }
}

function templateIssues(input: unknown, templates: Templates): readonly Issue[] {
  if (typeof input !== "object" || input === null || !("template" in input)) return [];
  if (typeof input.template !== "string") return [];
  try {
    templates.render(input.template, { data: "data" in input ? input.data : {} });
    return [];
  } catch (error) {
    if (!isPosthornError(error)) throw error;
    return error.issues;
  }
}

/** SHA-256 of the request as it came, whatever the order of its keys. */
function hashRequest(input: unknown): string {
  const canonical = JSON.stringify(input, (_key, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash("sha256").update(canonical).digest("hex");
}

function contentGone(email: Email): PosthornError {
  return new PosthornError(
    "email.content_gone",
    email.sensitive
      ? "This email was sensitive: its contents were deleted when it became final, so it cannot be sent again. Ask for a new one."
      : "The contents of this email have been deleted, so it cannot be sent again.",
  );
}
