import { hash } from "node:crypto";
import { SendwrightError } from "../core/errors.ts";
import type { Mailbox } from "../core/model.ts";
import { invalidInput } from "../core/parse.ts";
import { type Address, parseMailbox } from "./address.ts";
import { type Attachment, attachmentPart } from "./attachment.ts";
import { type Calendar, calendarPart } from "./calendar.ts";
import { customFields } from "./custom-field.ts";
import { mailboxField, textField } from "./header.ts";
import { multipart, type Part, textPart } from "./part.ts";

export interface ComposeInput {
  /** With angle brackets, as `makeMessageId` gives it; the same on each try of an email. */
  readonly messageId: string;
  /** When the email was accepted: milliseconds since the epoch. */
  readonly date: number;
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly subject: string;
  /** At least one of `html` and `text` is not null. */
  readonly html: string | null;
  readonly text: string | null;
  /** Null for an email that is no calendar message. */
  readonly calendar: Calendar | null;
  readonly attachments: readonly Attachment[];
  /** Fields of the caller, by name, such as `List-Unsubscribe`. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface ComposedMessage {
  /** The message without the fields of its sender: `senderHeaders` stands before it. */
  readonly content: Uint8Array;
  /** A To or Cc address has a non-ASCII local part; the relay must offer SMTPUTF8 (RFC 6531). */
  readonly needsSmtpUtf8: boolean;
  /** Bytes of `content`. */
  readonly size: number;
}

/**
 * Composes a message (RFC 5322, 2045 to 2049): a pure function, so that the same email has the same
 * bytes on each try. It lacks From and Reply-To, which follow from the SMTP config that sends it; Bcc
 * stands in the envelope alone. Each line ends in CRLF and has at most 998 characters, and all is
 * ASCII, except To and Cc where `needsSmtpUtf8` is true (RFC 6532). `Auto-Submitted` keeps
 * auto-responders quiet (RFC 3834 §5).
 * @throws SendwrightError `address.invalid`, `header.invalid`, or `input.invalid` for the contents.
 */
export function composeMessage(input: ComposeInput): ComposedMessage {
  if (!isMessageId(input.messageId)) throw invalidMessageId(input.messageId);
  const to = input.to.map(parseMailbox);
  const cc = input.cc.map(parseMailbox);
  const fields = [
    recipientFields(to, cc),
    textField("Subject", input.subject),
    `Date: ${formatDate(input.date)}\r\n`,
    `Message-ID: ${input.messageId}\r\n`,
    "Auto-Submitted: auto-generated\r\n",
    customFields(input.headers),
    "MIME-Version: 1.0\r\n",
  ].join("");
  const { fields: contentFields, body } = bodyPart(input);
  const content = Buffer.concat([Buffer.from(`${fields}${contentFields}\r\n`), ...body, Buffer.from("\r\n")]);
  const needsSmtpUtf8 = [...to, ...cc].some((mailbox) => mailbox.needsSmtpUtf8);
  return { content, needsSmtpUtf8, size: content.byteLength };
}

/**
 * The fields of the sender, to be put before a composed message. A non-ASCII local part in them makes
 * the message need SMTPUTF8, whatever `needsSmtpUtf8` says of the rest.
 * @throws SendwrightError `address.invalid`.
 */
export function senderHeaders(sender: {
  readonly from: Mailbox;
  readonly replyTo: readonly Mailbox[] | null;
}): Uint8Array {
  const from = mailboxField("From", [parseMailbox(sender.from)]);
  const replyTo = (sender.replyTo ?? []).map(parseMailbox);
  return Buffer.from(replyTo.length === 0 ? from : from + mailboxField("Reply-To", replyTo));
}

/**
 * A Message-ID with its angle brackets (RFC 5322 §3.6.4) from an id that is unique to the email and a
 * domain in ASCII.
 * @throws SendwrightError `header.invalid` if they do not make one.
 */
export function makeMessageId(id: string, domain: string): string {
  const messageId = `<${id}@${domain}>`;
  if (!isMessageId(messageId)) throw invalidMessageId(messageId);
  return messageId;
}

/** Milliseconds since the epoch as an RFC 5322 §3.3 date in UTC. */
export function formatDate(ms: number): string {
  return new Date(ms).toUTCString().replace("GMT", "+0000");
}

function recipientFields(to: readonly (Mailbox & Address)[], cc: readonly (Mailbox & Address)[]): string {
  // An empty group, as RFC 5322 §3.4 has it, for an email that goes to Bcc alone.
  if (to.length + cc.length === 0) return "To: undisclosed-recipients:;\r\n";
  return (to.length === 0 ? "" : mailboxField("To", to)) + (cc.length === 0 ? "" : mailboxField("Cc", cc));
}

/** mixed( alternative( text, related( html, images ), calendar ), files ), each level only where it is needed. */
function bodyPart({ messageId, html, text, calendar, attachments }: ComposeInput): Part {
  const seed = hash("sha256", messageId, "base64url").slice(0, 24);
  const isInline = ({ contentId }: Attachment) => html !== null && contentId !== null;
  const parts = (inline: boolean) =>
    attachments.flatMap((attachment, index) =>
      isInline(attachment) === inline
        ? [attachmentPart(attachment, index, inline ? "inline" : "attachment")]
        : [],
    );

  const alternatives = text === null ? [] : [textPart("plain", text)];
  if (html !== null) {
    const images = parts(true);
    const page = textPart("html", html);
    // RFC 2387 §3.1: the type of the part that the others belong to.
    const related = () => multipart("related", seed, [page, ...images], ';\r\n type="text/html"');
    alternatives.push(images.length === 0 ? page : related());
  }
  const [only] = alternatives;
  if (only === undefined) throw invalidInput([{ pointer: "", detail: "set html, text, or both" }]);
  // Last: a reader shows the last alternative that it knows (RFC 2046 §5.1.4).
  if (calendar !== null) alternatives.push(calendarPart(calendar));

  const message = alternatives.length === 1 ? only : multipart("alternative", seed, alternatives);
  const files = parts(false);
  return files.length === 0 ? message : multipart("mixed", seed, [message, ...files]);
}

function isMessageId(text: string): boolean {
  return text.length <= 250 && /^<[\w!#$%&'*+/=?^`{|}~.-]+@[A-Za-z\d.-]+>$/.test(text);
}

function invalidMessageId(text: string): SendwrightError {
  return new SendwrightError("header.invalid", `${JSON.stringify(text.slice(0, 80))} is not a Message-ID.`);
}
