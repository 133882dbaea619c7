import type { Mailbox } from "../../src/core/model.ts";
import { type ComposeInput, composeMessage, senderHeaders } from "../../src/message/mime.ts";

/** Messages whose bytes are kept in `<name>.eml`: a change of these is a change of what relays see. */
const sender = { from: { name: "Müller & Söhne", address: "shop@example.com" }, replyTo: null };
const base = {
  messageId: "<0195c2a1-7e57@example.com>",
  date: Date.UTC(2025, 2, 4, 5, 6, 7),
  cc: [],
  calendar: null,
  headers: {},
};

export const messages: Readonly<Record<string, ComposeInput>> = {
  "plain-text": {
    ...base,
    to: [{ name: null, address: "jo@example.com" }],
    subject: "Your sign-in code",
    html: null,
    text: "Your code is 123456.\n\nIt works for ten minutes.\n",
    attachments: [],
  },
  "text-and-html": {
    ...base,
    to: [
      { name: "Jo", address: "jo@example.com" },
      { name: 'Doe, Al "Bo"', address: "al@example.com" },
    ],
    cc: [{ name: "Zoë Ångström", address: "zoe@bücher.example" }],
    subject: "Order № 1042 — thank you for your order, it is on its way to you now",
    html: `<p style="color:#333333;font-family:sans-serif">Thank you, Jo! Your order costs 12,50 €.</p>\n<p>See you soon.</p>\n`,
    text: "Thank you, Jo!\nYour order costs 12,50 €.\n.\nFrom all of us, see you soon. \n",
    attachments: [],
    headers: {
      "List-Unsubscribe": "<https://example.com/unsubscribe?token=0123456789012345678901234567890123456789>",
      "X-Note": "naïve",
    },
  },
  "files-and-images": {
    ...base,
    to: [{ name: "日本 太郎", address: "taro@example.com" }],
    subject: "ご注文の商品を発送しました。お届けまで今しばらくお待ちください",
    html: `<p>ご注文ありがとうございます <img src="cid:logo" alt="logo"></p>`,
    text: "ご注文ありがとうございます。商品を発送しました。\n",
    attachments: [
      {
        filename: "logo.png",
        contentType: "image/png",
        content:
          "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
        contentId: "logo",
      },
      {
        filename: "請求書 2025年3月分 (ご注文番号 1042) 大切に保管してください.pdf",
        contentType: "application/pdf",
        content: Buffer.from("%PDF-1.7\n%âãÏÓ\n"),
        contentId: null,
      },
      {
        filename: "visit.ics",
        contentType: "text/calendar; method=REQUEST; charset=utf-8",
        content: Buffer.from("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
        contentId: null,
      },
    ],
  },
  invitation: {
    ...base,
    to: [
      { name: "Jo", address: '"jo doe"@example.com' },
      { name: null, address: "al@example.com" },
    ],
    subject: "Appointment on March 7",
    html: "<p>March 7, 10:00 to 10:30</p>\n",
    text: "March 7, 10:00 to 10:30\n",
    calendar: {
      method: "REQUEST",
      content: [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Example//Shop//EN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:1042@example.com",
        "DTSTAMP:20250304T050607Z",
        "DTSTART:20250307T100000Z",
        "DTEND:20250307T103000Z",
        "SUMMARY:Prüfung",
        "ORGANIZER:mailto:shop@example.com",
        "ATTENDEE;RSVP=TRUE:mailto:al@example.com",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
      ].join("\n"),
    },
    attachments: [],
    headers: {
      "List-ID": "Müller appointments <appointments.example.com>",
      "List-Unsubscribe": "<https://example.com/u?t=1>, <mailto:u@example.com>",
      "X-Note": "two  blanks",
    },
  },
  smtputf8: {
    ...base,
    to: [{ name: "用户", address: "用户@例子.广告" }],
    subject: "Hello",
    html: "<p>Hello</p>",
    text: null,
    attachments: [],
  },
};

/** The whole message as a relay gets it. */
export function compose(input: ComposeInput): Buffer {
  return Buffer.concat([senderHeaders(sender), composeMessage(input).content]);
}

/** What a reader should find: the input in the terms of `test/interop/parse_email.py`. */
export function expectedReading(input: ComposeInput): object {
  const lines = (text: string | null) => text?.replace(/\n*$/, "") ?? null;
  const mailboxes = (list: readonly Mailbox[]) =>
    list.map(({ name, address }) => ({
      name: name ?? "",
      address: address.replace("bücher", "xn--bcher-kva").replace("例子.广告", "xn--fsqu00a.xn--4rr70v"),
    }));
  return {
    from: mailboxes([sender.from]),
    to: mailboxes(input.to),
    cc: mailboxes(input.cc),
    subject: input.subject,
    messageId: input.messageId,
    date: input.date / 1000,
    headers: Object.entries(input.headers),
    text: lines(input.text),
    html: lines(input.html),
    calendar: input.calendar && {
      method: input.calendar.method,
      content: input.calendar.content.replaceAll("\n", "\r\n"),
    },
    attachments: input.attachments.map(({ filename, contentType, content, contentId }) => ({
      filename,
      contentType: contentType.split(";")[0],
      content: content instanceof Uint8Array ? Buffer.from(content).toString("base64") : String(content),
      contentId: contentId === null ? null : `<${contentId}>`,
    })),
    defects: [],
  };
}
