import PostalMime, { type Attachment, decodeWords } from "postal-mime";

/** A message caught by the sandbox, ready to be shown. */
export interface SandboxMessage {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** The envelope's MAIL FROM; "" for the null reverse-path. */
  readonly from: string;
  /** The envelope's RCPT TO: also those in Bcc. */
  readonly to: readonly string[];
  readonly subject: string;
  /** The Date header as RFC 3339 in UTC; null if it is missing or makes no sense. */
  readonly date: string | null;
  readonly html: string | null;
  readonly text: string | null;
  readonly attachments: readonly SandboxAttachment[];
  /** Of the whole message as it came, in bytes. */
  readonly size: number;
  /** In their order, unfolded, encoded words decoded (RFC 2047). */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** Its place in `attachments` is its index. */
export interface SandboxAttachment {
  readonly filename: string | null;
  readonly contentType: string;
  /** Without the angle brackets; HTML refers to it as `cid:…`. */
  readonly contentId: string | null;
  readonly inline: boolean;
  /** Decoded, in bytes. */
  readonly size: number;
}

/** What is known of a message before it is read. */
export type Envelope = Pick<SandboxMessage, "id" | "receivedAt" | "from" | "to">;

/** Reads a message for showing. Postel's reader: odd MIME gives an odd message, never none. */
export async function readMessage(envelope: Envelope, source: Uint8Array): Promise<SandboxMessage> {
  const email = await PostalMime.parse(source, { attachmentEncoding: "arraybuffer" });
  return {
    ...envelope,
    subject: email.subject ?? "",
    date: timeOf(email.date),
    html: email.html ?? null,
    text: email.text ?? null,
    attachments: email.attachments.map((attachment) => ({
      filename: attachment.filename,
      contentType: attachment.mimeType,
      contentId: attachment.contentId?.replace(/^<(.*)>$/, "$1") ?? null,
      inline: attachment.disposition === "inline",
      size: bytesOf(attachment).byteLength,
    })),
    size: source.byteLength,
    headers: email.headers.map(({ originalKey, value }) => ({
      name: originalKey,
      value: decodeWords(value),
    })),
  };
}

/** The decoded content of one attachment; null if there are fewer. */
export async function readAttachment(source: Uint8Array, index: number): Promise<Uint8Array | null> {
  const email = await PostalMime.parse(source, { attachmentEncoding: "arraybuffer" });
  const attachment = email.attachments[index];
  return attachment === undefined ? null : bytesOf(attachment);
}

function bytesOf({ content }: Attachment): Uint8Array {
  return typeof content === "string" ? Buffer.from(content) : new Uint8Array(content);
}

function timeOf(date: string | undefined): string | null {
  const time = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
