import { encode, wrap } from "libqp";
import { createTransport } from "nodemailer";
import { composeMessage } from "../src/message/mime.ts";
import { encodeQuotedPrintable } from "../src/message/quoted-printable.ts";
import { LoadedTemplates } from "../src/templates/engine/templates.ts";
import { type Candidate, compare, type Results, ratiosOf } from "./measure.ts";

const text = "Grüße aus München! Your order is on its way, and these are its parts.\r\n".repeat(35);
const html = `<html><body>${"<p>Grüße aus <b>München</b>: your order is on its way.</p>\r\n".repeat(35)}</body></html>`;

/** Encoding 2.5 KB of text as quoted-printable. */
function quotedPrintable(): Candidate[] {
  const bytes = Buffer.from(text);
  return [
    { name: "quoted-printable: Sendwright", run: () => encodeQuotedPrintable(bytes) },
    { name: "quoted-printable: libqp", run: () => wrap(encode(bytes)) },
  ];
}

/** Composing a message of text and HTML, about 4 KiB together. */
function composing(): Candidate[] {
  const nodemailer = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  const mail = { to: "Jo <jo@example.com>", subject: "Your order is confirmed", text, html };
  return [
    {
      name: "compose 4 KiB: Sendwright",
      run: () =>
        composeMessage({
          messageId: "<1@example.com>",
          date: Date.UTC(2026, 0, 1),
          to: [{ name: "Jo", address: "jo@example.com" }],
          cc: [],
          subject: mail.subject,
          text,
          html,
          calendar: null,
          attachments: [],
          headers: {},
        }),
    },
    {
      name: "compose 4 KiB: nodemailer",
      run: () =>
        nodemailer.sendMail({
          ...mail,
          from: "Shop <shop@example.com>",
          date: new Date(Date.UTC(2026, 0, 1)),
        }),
    },
  ];
}

function rendering(): Candidate[] {
  const templates = new LoadedTemplates();
  const data = templates.get("order-notification").example;
  return [{ name: "render order-notification", run: () => templates.render("order-notification", { data }) }];
}

export async function composeSuite(): Promise<Results> {
  const rates = [
    ...(await compare(quotedPrintable())),
    ...(await compare(composing())),
    ...(await compare(rendering())),
  ];
  return {
    rates,
    ratios: ratiosOf(rates, [
      ["quoted-printable: Sendwright", "quoted-printable: libqp"],
      ["compose 4 KiB: Sendwright", "compose 4 KiB: nodemailer"],
    ]),
  };
}
