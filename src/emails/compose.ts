import { SendwrightError } from "../core/errors.ts";
import { newId } from "../core/id.ts";
import { type Actor, type RecipientRole, recipientRoles } from "../core/model.ts";
import { invalidInput } from "../core/parse.ts";
import { composeMessage, makeMessageId } from "../message/mime.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { NewEmail } from "../store/tables/email-inserts.ts";
import type { TemplateInfo } from "../templates/engine/template.ts";
import type { Templates } from "../templates/engine/templates.ts";
import { protectContent } from "./content-encryption.ts";
import type { ParsedEmailRequest } from "./request.ts";

/** How long an email is worth sending unless its request or its template says otherwise. */
export const defaultExpiryMs = 24 * 60 * 60 * 1000;

/** Most bytes of one composed message: what most SMTP servers accept. */
const maxMessageBytes = 25_000_000;

export interface PrepareOptions {
  readonly caller: Actor;
  readonly now: number;
  /** Stands on the right side of the Message-ID. */
  readonly domain: string;
  readonly templates: Templates;
  readonly secrets: Secrets;
}

/**
 * Turns a request into the email that is stored. Rendering and composing happen once, here: every attempt sends the
 * same bytes, with the same Message-ID and Date.
 * @throws SendwrightError `input.invalid`, `header.invalid`, `template.not_found`, `template.invalid`,
 *   `message.too_large`, `secret.mismatch` for a sensitive email
 */
export function prepareEmail(
  request: ParsedEmailRequest,
  options: PrepareOptions,
): Omit<NewEmail, "idempotency"> {
  const { caller, now, domain, templates, secrets } = options;
  const template = request.template === undefined ? null : templates.get(request.template);
  const { subject, html, text, expiresAfterMs } = contentsOf(request, template, templates);
  const given = [html ?? "", text ?? "", ...request.attachments.map((attachment) => attachment.content)];
  // Composing makes nothing shorter, and composing a message that is too large takes long.
  const least = given.reduce((sum, { length }) => sum + length, 0);
  if (least > maxMessageBytes) throw tooLarge(least);
  const { startsAt, expiresAt } = timesOf(request, expiresAfterMs, now);
  const id = newId(now);
  const messageId = makeMessageId(id, domain);
  const { content, needsSmtpUtf8 } = composeMessage({
    messageId,
    date: now,
    to: request.to,
    cc: request.cc,
    subject,
    html,
    text,
    attachments: request.attachments.map((attachment) => ({
      ...attachment,
      contentId: attachment.contentId ?? null,
    })),
    headers: request.headers,
  });
  if (content.length > maxMessageBytes) {
    throw tooLarge(content.length);
  }
  // A caller may ask for more care than the template does, never for less.
  const sensitive = request.sensitive === true || template?.sensitive === true;
  return {
    email: {
      id,
      state: "queued",
      priority: request.priority ?? (sensitive ? "high" : "normal"),
      from: request.from ?? null,
      replyTo: request.replyTo,
      subject,
      template: request.template ?? null,
      tags: request.tags,
      messageId,
      caller: caller.id,
      sensitive,
      needsSmtpUtf8,
      onUnknown: request.onUnknown,
      possibleDuplicate: false,
      attemptCount: 0,
      nextAttemptAt: startsAt,
      expiresAt,
      lease: 0,
      refusedBy: [],
      createdAt: now,
      sentAt: null,
      finishedAt: null,
    },
    ...protectContent(secrets, { id, sensitive }, content),
    recipients: recipientsOf(request),
  };
}

function tooLarge(bytes: number): SendwrightError {
  return new SendwrightError(
    "message.too_large",
    `The composed message has ${bytes} bytes or more; at most ${maxMessageBytes} are taken. Send a link instead of a large attachment.`,
  );
}

function contentsOf(request: ParsedEmailRequest, template: TemplateInfo | null, templates: Templates) {
  const { subject = "", html = null, text = null, data = {}, locale } = request;
  if (template === null) return { subject, html, text, expiresAfterMs: null };
  return templates.render(template.name, { data, ...(locale === undefined ? {} : { locale }) });
}

function timesOf(request: ParsedEmailRequest, expiresAfterMs: number | null, now: number) {
  const startsAt = Math.max(now, request.scheduledAt ?? now);
  const expiresAt = request.expiresAt ?? startsAt + (expiresAfterMs ?? defaultExpiryMs);
  if (expiresAt <= startsAt) {
    throw invalidInput([{ pointer: "/expiresAt", detail: "must be later than now and than scheduledAt" }]);
  }
  return { startsAt, expiresAt };
}

/** An address that is named twice gets the message once, in the first role that names it. */
function recipientsOf(request: ParsedEmailRequest): NewEmail["recipients"] {
  const roles = new Map<string, RecipientRole>();
  for (const role of recipientRoles) {
    for (const { address } of request[role]) if (!roles.has(address)) roles.set(address, role);
  }
  return [...roles].map(([address, role]) => ({ address, role }));
}
