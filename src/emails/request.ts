import { z } from "zod";
import { SendwrightError } from "../core/errors.ts";
import { type Mailbox, priorities, unknownPolicies } from "../core/model.ts";
import { parseMailbox } from "../message/address.ts";
import { calendarMethods } from "../message/calendar.ts";
import type { TemplateData } from "../templates/engine/template-data.ts";

/** Most recipients of one email, over to, cc and bcc. */
const maxRecipients = 50;

/** Most attachments of one email. */
const maxAttachments = 100;

/** Most bytes of one composed message: what most SMTP servers accept. */
export const maxMessageBytes = 25_000_000;

/** Most characters of a text that goes into a header (RFC 5322 §2.1.1). */
const maxLine = 998;

/** Most characters of an address with its name, which is more than the two may have. */
const maxMailbox = 2_000;

/** Most characters of the value of a header. Some are folded over many lines, such as References. */
const maxHeader = 20_000;

/** Most headers of one email: SMTP servers reject more than a few dozen. */
const maxHeaders = 100;

const mailboxText = z.string().max(maxMailbox, `must have at most ${maxMailbox} characters`);

/** An address in a request: `jo@example.com`, `Jo <jo@example.com>` or `{ name, address }`. */
const mailbox = z
  .union([mailboxText, z.strictObject({ name: mailboxText.nullish(), address: mailboxText })])
  .transform((input, context): Mailbox => {
    try {
      const { name, address } = parseMailbox(
        typeof input === "string" ? input : { name: input.name ?? null, address: input.address },
      );
      if (name === null || name.length <= maxLine) return { name, address };
      context.addIssue({ code: "custom", message: `has a name with more than ${maxLine} characters` });
      return z.NEVER;
    } catch (error) {
      if (!(error instanceof SendwrightError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });

const mailboxes = z
  .union([mailbox, z.array(mailbox).max(maxRecipients, `must have at most ${maxRecipients} recipients`)])
  .transform((input) => (Array.isArray(input) ? input : [input]));

/** Text of a header. A line break or NUL is refused, because with it a caller could add headers. */
const line = headerText(maxLine);

function headerText(max: number) {
  return z
    .string()
    .max(max, { error: `must have at most ${max} characters`, abort: true })
    .refine((text) => !/[\r\n\0]/.test(text), "must not contain a line break or NUL");
}

/** A point in time: RFC 3339 text, or a Date if the caller is in the same process. */
const time = z
  .union([z.iso.datetime({ offset: true }), z.date()])
  .transform((input) => (typeof input === "string" ? Date.parse(input) : input.getTime()));

const attachment = z.strictObject({
  filename: line.min(1),
  contentType: line.default("application/octet-stream"),
  /** base64, or bytes if the caller is in the same process. */
  content: z.union([z.string(), z.instanceof(Uint8Array)], "must be a file in base64"),
  /** Makes it an inline image that the HTML shows as `cid:…`. */
  contentId: line.min(1).nullish(),
});

const calendar = z.strictObject({
  method: z
    .enum(calendarMethods, { error: `must be one of ${calendarMethods.join(", ")}` })
    .describe("iTIP method of the invitation (RFC 5546 §1.4)"),
  content: z
    .string()
    .describe("iCalendar text (RFC 5545) with any line breaks. If it has a METHOD, it must equal `method`"),
});

/** What `sendwright.send()` and `POST /api/emails` take. */
export const emailRequest = z
  .strictObject({
    to: mailboxes.describe(
      `Recipients: one address or a list, at most ${maxRecipients} including cc and bcc. An address has at most 254 bytes, 64 of them before the @`,
    ),
    cc: mailboxes.default([]),
    bcc: mailboxes.default([]),
    from: mailbox.optional().describe("Sender. Defaults to the sender of the SMTP config that delivers"),
    replyTo: mailboxes.default([]).describe("Reply-to address. Defaults to that of the SMTP config"),
    subject: line.optional(),
    html: z.string().optional(),
    text: z.string().optional(),
    template: z
      .string()
      .max(200)
      .optional()
      .describe("Name of a template, instead of subject, html and text"),
    data: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("Data for the template, as its schema describes"),
    locale: z
      .string()
      .max(200)
      .optional()
      .describe("Language of the template as a BCP 47 tag, such as `en` or `de-CH`"),
    headers: z
      .record(z.string(), headerText(maxHeader))
      .refine(
        (headers) => Object.keys(headers).length <= maxHeaders,
        `must have at most ${maxHeaders} headers`,
      )
      .default({})
      .describe(
        `Additional headers, such as List-Unsubscribe: at most ${maxHeaders}, each with at most ${maxHeader} characters. Structured headers must follow their grammar. Encoded words are allowed in their phrases and comments only (RFC 2047 §5)`,
      ),
    attachments: z
      .array(attachment)
      .max(maxAttachments, `must have at most ${maxAttachments} attachments`)
      .default([])
      .describe(
        `Attachments, at most ${maxAttachments}. The composed message has at most ${maxMessageBytes} bytes, which leaves about 18 MB for the files before base64`,
      ),
    calendar: calendar
      .optional()
      .describe(
        "Invitation, its reply or its cancellation (RFC 6047), sent along with `html`, `text` or a template",
      ),
    scheduledAt: time.optional().describe("Time before which the email is not sent"),
    expiresAt: time
      .optional()
      .describe(
        "Time after which the email is not sent. Defaults to 24 hours after acceptance, or less if the template says so",
      ),
    priority: z.enum(priorities).optional(),
    tags: z.array(line.min(1).max(64)).max(20).default([]),
    sensitive: z
      .boolean()
      .optional()
      .describe("True if the content is encrypted, never shown, and deleted when the email is final"),
    onUnknown: z
      .enum(unknownPolicies)
      .default("resend")
      .describe("Action if the SMTP server's last reply was lost"),
    config: z.string().min(1).max(200).optional().describe("Name or ID of the SMTP config to send through"),
    fallback: z
      .boolean()
      .optional()
      .describe("True if other SMTP configs may send the email when `config` cannot. Defaults to false"),
  })
  .superRefine((request, context) => {
    const wrong = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    const recipients = request.to.length + request.cc.length + request.bcc.length;
    if (recipients === 0) wrong("to", "must have at least one recipient");
    if (recipients > maxRecipients)
      wrong("to", `must have at most ${maxRecipients} recipients including cc and bcc, not ${recipients}`);
    if (request.fallback !== undefined && request.config === undefined)
      wrong("fallback", "can only be used with config");
    if (request.template === undefined) {
      if (request.subject === undefined) wrong("subject", "is required without a template");
      if (request.html === undefined && request.text === undefined)
        wrong("text", "must have html, text or a template");
      if (request.data !== undefined) wrong("data", "can only be used with a template");
    } else {
      for (const field of ["subject", "html", "text"] as const) {
        if (request[field] !== undefined) wrong(field, "must be left out: the template sets it");
      }
    }
  });

type Contents = "subject" | "html" | "text" | "template" | "data";

/** Content that the caller has written. */
type WrittenContents = { subject: string; template?: undefined; data?: undefined } & (
  | { html: string; text?: string | undefined }
  | { html?: string | undefined; text: string }
);

/** A template with its data, which is optional if the template needs none. */
type TemplateContents = {
  [Name in keyof TemplateData]: { template: Name } & (object extends TemplateData[Name]
    ? { data?: TemplateData[Name] | undefined }
    : { data: TemplateData[Name] });
}[keyof TemplateData] & { subject?: undefined; html?: undefined; text?: undefined };

/** The same for the compiler, which also knows the templates and their data. */
export type EmailRequest = Omit<z.input<typeof emailRequest>, Contents> &
  (WrittenContents | TemplateContents);
export type ParsedEmailRequest = z.output<typeof emailRequest>;
