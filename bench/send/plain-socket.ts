import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { composeMessage, senderHeaders } from "../../src/message/mime.ts";
import { Content } from "../../src/smtp/content.ts";
import type { Sending, SendingOptions } from "./candidate.ts";
import { type Language, renderMail, sender } from "./mail.ts";

/**
 * The limit: sockets that send one message, composed beforehand, again and again. In each round trip go the
 * body of one mail and MAIL, RCPT and DATA of the next (RFC 2920 §3.1). Nothing is rendered or stored, and
 * nobody looks at what the replies say beyond their codes.
 */
export async function openPlainSocket({ port, connections, language }: SendingOptions): Promise<Sending> {
  const content = composeOnce(language);
  const sockets = await Promise.all(Array.from({ length: connections }, () => greet(port)));
  return {
    async deliver(mails) {
      let next = 0;
      await Promise.all(sockets.map((socket) => pump(socket, content, () => (next < mails ? next++ : null))));
    },
    async close() {
      for (const { socket } of sockets) socket.destroy();
    },
  };
}

function composeOnce(language: Language): Buffer {
  const { to, ...mail } = renderMail(0, language);
  const { content } = composeMessage({
    ...mail,
    messageId: "<1@example.com>",
    date: Date.UTC(2026, 0, 1),
    to: [{ name: null, address: to }],
    cc: [],
    calendar: null,
    attachments: [],
    headers: {},
  });
  const parts = [senderHeaders({ from: sender, replyTo: null }), content];
  return Buffer.concat([...new Content(parts, false).blocks()].map(({ bytes }) => bytes));
}

interface Conversation {
  readonly socket: Socket;
  /** Resolves when so many replies have come, with their codes one after the other. */
  replies(count: number): Promise<string>;
}

async function greet(port: number): Promise<Conversation> {
  const socket = connect(port, "127.0.0.1").setNoDelay(true).setEncoding("latin1");
  await once(socket, "connect");
  const conversation = { socket, replies: replyCounter(socket) };
  await conversation.replies(1);
  socket.write("EHLO bench.example\r\n");
  await conversation.replies(1);
  return conversation;
}

async function pump({ socket, replies }: Conversation, content: Buffer, take: () => number | null) {
  let hasContent = false;
  for (let n = take(); n !== null || hasContent; n = n === null ? null : take()) {
    socket.cork();
    if (hasContent) socket.write(content);
    if (n !== null) {
      socket.write(`MAIL FROM:<${sender.address}>\r\nRCPT TO:<customer-${n}@example.com>\r\nDATA\r\n`);
    }
    socket.uncork();
    const expected = (hasContent ? "250" : "") + (n === null ? "" : "250250354");
    const codes = await replies(expected.length / 3);
    if (codes !== expected) throw new Error(`the relay answered ${codes} where ${expected} was due`);
    hasContent = n !== null;
  }
}

/** A reply's last line has a space after its code (RFC 5321 §4.2). */
function replyCounter(socket: Socket): Conversation["replies"] {
  let rest = "";
  let codes = "";
  let wanted = 0;
  let resolve = (_codes: string) => {};
  socket.on("data", (segment: string) => {
    const lines = (rest + segment).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line[3] === " ") codes += line.slice(0, 3);
    if (wanted === 0 || codes.length < wanted) return;
    const all = codes;
    codes = "";
    wanted = 0;
    resolve(all);
  });
  return (count) =>
    new Promise((done) => {
      resolve = done;
      wanted = count * 3;
    });
}
