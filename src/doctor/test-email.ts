import type { OpenedConfig } from "../config/open.ts";
import { newId } from "../id.ts";
import { parseAddress } from "../message/address.ts";
import { type ComposedMessage, composeMessage, makeMessageId, senderHeaders } from "../message/mime.ts";

/** The email that a test sends if asked to. */
export interface TestEmail {
  readonly id: string;
  /** Made of the id. */
  readonly messageId: string;
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly to: string;
  /** As emails are stored: without From and Reply-To. */
  readonly stored: ComposedMessage;
  /** As the relay gets it. */
  readonly content: Uint8Array;
  readonly needsSmtpUtf8: boolean;
}

/**
 * Composes it as every other email is composed, from this config's sender.
 * @param now milliseconds since the epoch
 * @throws PosthornError `address.invalid`
 */
export function composeTestEmail(
  { relay, fromEmail, fromName, replyTo }: OpenedConfig,
  to: string,
  now: number,
): TestEmail {
  const sender = parseAddress(fromEmail);
  const id = newId(now);
  const messageId = makeMessageId(id, sender.domain);
  const subject = "Posthorn test email";
  const lines = [
    "Good news: this email arrived, so your SMTP settings work.",
    `Posthorn sent it through ${relay.host}, port ${relay.port}, because somebody pressed Test Connection. There is nothing you need to do.`,
  ];
  const message = composeMessage({
    messageId,
    date: now,
    to: [{ name: null, address: to }],
    cc: [],
    subject,
    text: `${lines.join("\n\n")}\n`,
    html: page(lines),
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

/** The server's name is text: it was parsed as a host name, which holds no markup. */
function page(lines: readonly string[]): string {
  const style = "font: 16px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 36em; margin: 2em auto";
  return `<!doctype html><html lang="en"><body><div style="${style}">${lines.map((line) => `<p>${line}</p>`).join("")}</div></body></html>`;
}
