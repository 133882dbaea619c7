import { newId } from "../core/id.ts";
import { testEmailTemplate } from "../core/model.ts";
import { parseAddress } from "../message/address.ts";
import { type ComposedMessage, composeMessage, makeMessageId, senderHeaders } from "../message/mime.ts";
import type { Connection } from "../smtp/connection.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { LoadedTemplates } from "../templates/engine/templates.ts";

/** The email that a test sends if it has a `sendTo`. */
export interface TestEmail {
  readonly id: string;
  /** Contains the id. */
  readonly messageId: string;
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly to: string;
  /** The content as it is stored: without From and Reply-To. */
  readonly stored: ComposedMessage;
  /** The content as it is sent. */
  readonly content: Uint8Array;
  readonly needsSmtpUtf8: boolean;
}

export interface TestEmailOptions {
  readonly to: string;
  readonly templates: LoadedTemplates;
  /** The connection that sends the email, which says how this connection is secured. */
  readonly connection: Pick<Connection, "tls">;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Renders the template `test-email` and composes it like every other email, with the sender of the config.
 * @throws SendwrightError `address.invalid`, `template.invalid`
 */
export function composeTestEmail(
  { relay, fromEmail, fromName, replyTo }: ResolvedConfig,
  { to, templates, connection, now }: TestEmailOptions,
): TestEmail {
  const sender = parseAddress(fromEmail);
  const id = newId(now);
  const messageId = makeMessageId(id, sender.domain);
  const { subject, html, text } = templates.render(testEmailTemplate, {
    data: {
      server: relay.host,
      port: relay.port,
      encryption: connection.tls?.version.replace(/^TLSv/, "TLS ") ?? "none",
      time: new Date(now).toISOString(),
      productName: templates.context.brand.name ?? "Sendwright",
    },
  });
  const message = composeMessage({
    messageId,
    date: now,
    to: [{ name: null, address: to }],
    cc: [],
    subject,
    text,
    html,
    calendar: null,
    attachments: [],
    headers: {},
  });
  const headers = senderHeaders({
    from: { name: fromName, address: fromEmail },
    replyTo: replyTo === null ? null : [{ name: null, address: replyTo }],
  });
  const addresses = replyTo === null ? [sender] : [sender, parseAddress(replyTo)];
  return {
    id,
    messageId,
    subject,
    createdAt: now,
    to,
    stored: message,
    content: Buffer.concat([headers, message.content]),
    needsSmtpUtf8: message.needsSmtpUtf8 || addresses.some(({ needsSmtpUtf8 }) => needsSmtpUtf8),
  };
}
