import { setImmediate as nextTurn } from "node:timers/promises";
import { SendwrightError } from "../core/errors.ts";
import { freeMemory } from "../core/free-memory.ts";
import { newId } from "../core/id.ts";
import { type Actor, type RecipientRole, recipientRoles } from "../core/model.ts";
import { invalidInput } from "../core/parse.ts";
import { type Attachment, invalidContent } from "../message/attachment.ts";
import { composeMessage, makeMessageId } from "../message/mime.ts";
import { base64Lines } from "../message/part.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { NewEmail } from "../store/tables/email-inserts.ts";
import type { NamedConfig } from "../store/tables/emails.ts";
import type { TemplateInfo } from "../templates/engine/template.ts";
import type { Templates } from "../templates/engine/templates.ts";
import { protectContent } from "./content-encryption.ts";
import { maxMessageBytes, type ParsedEmailRequest } from "./request.ts";

/** How long an email is worth sending unless its request or its template says otherwise. */
export const defaultExpiryMs = 24 * 60 * 60 * 1000;

/** From this length on, encoding an attachment takes so long that others are served in between. */
const longContent = 256 * 1024;

/** A request whose long attachments are encoded. */
export type EncodedRequest = Omit<ParsedEmailRequest, "attachments"> & {
  readonly attachments: readonly (Omit<ParsedEmailRequest["attachments"][number], "content"> &
    Pick<Attachment, "content">)[];
};

/**
 * Encodes long attachments in steps, so that composing the email then takes no long time at once.
 * @throws SendwrightError `input.invalid`, `message.too_large`
 */
export async function encodeAttachments(request: ParsedEmailRequest): Promise<EncodedRequest> {
  if (request.attachments.every(({ content }) => content.length < longContent)) return request;
  checkSize(request);
  const attachments: EncodedRequest["attachments"][number][] = [];
  for (const [index, attachment] of request.attachments.entries()) {
    const steps = base64Lines(attachment.content);
    let step = steps.next();
    while (step.done !== true) {
      await nextTurn();
      step = steps.next();
    }
    if (step.value === null) throw invalidContent(index);
    attachments.push({ ...attachment, content: { lines: step.value } });
  }
  return { ...request, attachments };
}

/** Frees what `encodeAttachments` has made, once the email is composed. */
export function freeEncoded({ attachments }: EncodedRequest): void {
  for (const { content } of attachments) {
    if (typeof content === "object" && "lines" in content) content.lines.forEach(freeMemory);
  }
}

export interface PrepareOptions {
  readonly caller: Actor;
  readonly now: number;
  /** Stands on the right side of the Message-ID. */
  readonly domain: string;
  readonly templates: Templates;
  readonly secrets: Secrets;
  /** The config that the request names, if it names one. */
  readonly via?: NamedConfig | null;
}

/**
 * Turns a request into the email that is stored. Rendering and composing happen once, here: every attempt sends the
 * same bytes, with the same Message-ID and Date.
 * @throws SendwrightError `input.invalid`, `header.invalid`, `template.not_found`, `template.invalid`,
 *   `message.too_large`, `secret.mismatch` for a sensitive email
 */
export function prepareEmail(
  request: EncodedRequest,
  options: PrepareOptions,
): Omit<NewEmail, "idempotency"> {
  const { caller, now, domain, templates, secrets, via } = options;
  const template = request.template === undefined ? null : templates.get(request.template);
  const { subject, html, text, expiresAfterMs } = contentsOf(request, template, templates);
  checkSize({ ...request, html, text });
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
    calendar: request.calendar ?? null,
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
      captured: false,
      attemptCount: 0,
      nextAttemptAt: startsAt,
      expiresAt,
      via: via ?? null,
      resentFrom: null,
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

/** Composing makes nothing shorter, and composing a message that is too large takes long. */
function checkSize({
  html,
  text,
  calendar,
  attachments,
}: {
  readonly html?: string | null | undefined;
  readonly text?: string | null | undefined;
  readonly calendar?: EncodedRequest["calendar"];
  readonly attachments: EncodedRequest["attachments"];
}): void {
  const least = attachments.reduce(
    (sum, { content }) => sum + lengthOf(content),
    (html ?? "").length + (text ?? "").length + (calendar?.content ?? "").length,
  );
  if (least > maxMessageBytes) throw tooLarge(least);
}

function lengthOf(content: Attachment["content"]): number {
  return typeof content === "object" && "lines" in content
    ? content.lines.reduce((sum, { length }) => sum + length, 0)
    : content.length;
}

function tooLarge(bytes: number): SendwrightError {
  return new SendwrightError(
    "message.too_large",
    `The composed message has at least ${bytes} bytes; the limit is ${maxMessageBytes}. Send a link instead of a large attachment.`,
  );
}

function contentsOf(request: EncodedRequest, template: TemplateInfo | null, templates: Templates) {
  const { subject = "", html = null, text = null, data = {}, locale } = request;
  if (template === null) return { subject, html, text, expiresAfterMs: null };
  return templates.render(template.name, { data, ...(locale === undefined ? {} : { locale }) });
}

function timesOf(request: EncodedRequest, expiresAfterMs: number | null, now: number) {
  const startsAt = Math.max(now, request.scheduledAt ?? now);
  const expiresAt = request.expiresAt ?? startsAt + (expiresAfterMs ?? defaultExpiryMs);
  if (expiresAt <= startsAt) {
    throw invalidInput([{ pointer: "/expiresAt", detail: "must be later than now and than scheduledAt" }]);
  }
  return { startsAt, expiresAt };
}

/** An address that is named twice gets the message once, in the first role that names it. */
function recipientsOf(request: EncodedRequest): NewEmail["recipients"] {
  const roles = new Map<string, RecipientRole>();
  for (const role of recipientRoles) {
    for (const { address } of request[role]) if (!roles.has(address)) roles.set(address, role);
  }
  return [...roles].map(([address, role]) => ({ address, role }));
}
