import { describe, expect, it } from "vitest";
import { isSendwrightError, type SendwrightError } from "../core/errors.ts";
import type { Attachment } from "./attachment.ts";
import type { Calendar } from "./calendar.ts";
import { type ComposeInput, composeMessage, formatDate, makeMessageId, senderHeaders } from "./mime.ts";

const input: ComposeInput = {
  messageId: "<0195c2@example.com>",
  date: Date.UTC(2025, 2, 4, 5, 6, 7),
  to: [{ name: "Jo", address: "jo@example.com" }],
  cc: [],
  subject: "Hello",
  html: null,
  text: "Hi",
  calendar: null,
  attachments: [],
  headers: {},
};
const file: Attachment = {
  filename: "a.pdf",
  contentType: "application/pdf",
  content: Buffer.from("content"),
  contentId: null,
};
const calendar: Calendar = {
  method: "REQUEST",
  content: "BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n",
};
const image: Attachment = {
  filename: "logo.png",
  contentType: "image/png",
  content: "AAAA",
  contentId: "logo",
};

function compose(change: Partial<ComposeInput>): string {
  return Buffer.from(composeMessage({ ...input, ...change }).content).toString("utf8");
}

function refusal(work: () => unknown): SendwrightError {
  try {
    work();
  } catch (error) {
    if (isSendwrightError(error)) return error;
    throw error;
  }
  throw new Error("expected a refusal");
}

/** Types, encodings and dispositions as they nest, in order. */
function structure(content: string): string[] {
  return Array.from(
    content.matchAll(/^Content-(?:Type|Disposition): ([\w/-]+)/gm),
    ([, value = ""]) => value,
  );
}

describe("composeMessage", () => {
  it("writes a plain text whole, without From, Reply-To and Bcc", () => {
    expect(compose({})).toBe(
      [
        "To: Jo <jo@example.com>",
        "Subject: Hello",
        "Date: Tue, 04 Mar 2025 05:06:07 +0000",
        "Message-ID: <0195c2@example.com>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
        "",
        "Hi",
        "",
      ].join("\r\n"),
    );
  });

  it("gives the same bytes for the same input", () => {
    const rich = { ...input, html: "<p>é</p>", attachments: [file, image] };
    expect(composeMessage(rich)).toEqual(composeMessage(rich));
  });

  it("counts its bytes", () => {
    const message = composeMessage({ ...input, text: "é日本" });
    expect(message.size).toBe(message.content.byteLength);
  });

  it.each<[string, Partial<ComposeInput>, string[]]>([
    ["html alone", { text: null, html: "x" }, ["text/html"]],
    ["both texts", { html: "x" }, ["multipart/alternative", "text/plain", "text/html"]],
    ["a file", { attachments: [file] }, ["multipart/mixed", "text/plain", "application/pdf", "attachment"]],
    [
      "an inline image",
      { text: null, html: "x", attachments: [image] },
      ["multipart/related", "text/html", "image/png", "inline"],
    ],
    [
      "an image with a contentId but no html to show it in",
      { attachments: [image] },
      ["multipart/mixed", "text/plain", "image/png", "attachment"],
    ],
    ["a calendar message", { calendar }, ["multipart/alternative", "text/plain", "text/calendar"]],
    [
      "a calendar message in html alone",
      { text: null, html: "x", calendar },
      ["multipart/alternative", "text/html", "text/calendar"],
    ],
    [
      "everything",
      { html: "x", attachments: [file, image], calendar },
      [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "inline",
        "text/calendar",
        "application/pdf",
        "attachment",
      ],
    ],
  ])("nests parts for %s", (_, change, expected) => {
    expect(structure(compose(change))).toEqual(expected);
  });

  it("asks for html or text", () => {
    const error = refusal(() => compose({ text: null }));
    expect(error.code).toBe("input.invalid");
  });

  it("takes an empty text", () => {
    expect(compose({ text: "" })).toMatch(/7bit\r\n\r\n\r\n$/);
  });

  it("names an empty group where all recipients are Bcc", () => {
    expect(compose({ to: [] })).toMatch(/^To: undisclosed-recipients:;\r\nSubject/);
    expect(compose({ to: [], cc: input.to })).toMatch(/^Cc: Jo <jo@example.com>\r\nSubject/);
  });

  it("is ASCII with A-labels where only the domain is international", () => {
    const message = composeMessage({ ...input, cc: [{ name: "Jö", address: "jo@bücher.example" }] });
    expect(message.needsSmtpUtf8).toBe(false);
    expect(Buffer.from(message.content).every((byte) => byte < 0x80)).toBe(true);
  });

  it("needs SMTPUTF8 for an international local part, raw in the header (RFC 6532)", () => {
    const message = composeMessage({ ...input, to: [{ name: "Jö", address: "jö@example.com" }] });
    expect(message.needsSmtpUtf8).toBe(true);
    expect(Buffer.from(message.content).toString("utf8")).toMatch(
      /^To: =\?UTF-8\?B\?SsO2\?= <jö@example\.com>\r\n/,
    );
  });

  it.each<[string, Partial<ComposeInput>]>([
    ["subject", { subject: "Hi\r\nBcc: all@example.com" }],
    ["custom header", { headers: { "X-Tag": "a\nBcc: all@example.com" } }],
    ["custom name", { headers: { "X-Tag: a\r\nBcc": "all@example.com" } }],
    ["display name", { to: [{ name: "Jo\r\nBcc: all@example.com", address: "jo@example.com" }] }],
    ["address", { to: [{ name: null, address: "jo@example.com>\r\nBcc: <all@example.com" }] }],
    ["Message-ID", { messageId: "<a@b>\r\nBcc: all@example.com" }],
    ["file name", { attachments: [{ ...file, filename: 'a"\r\nBcc: all@example.com' }] }],
    ["content type", { attachments: [{ ...file, contentType: "a/b\r\nBcc: all@example.com" }] }],
    ["content type's end", { attachments: [{ ...file, contentType: "a/b\n" }] }],
    ["content id", { attachments: [{ ...image, contentId: "a>\r\nBcc: all@example.com" }] }],
  ])("refuses a line break in a %s, instead of cleaning it", (_, change) => {
    expect(refusal(() => compose(change)).code).toMatch(/^(?:header|address|input)\.invalid$/);
  });
});

describe("text parts", () => {
  const encodingOf = (text: string) => /Content-Transfer-Encoding: (\S+)/.exec(compose({ text }))?.[1];

  it.each([
    ["short ASCII lines", "Hello\n\tJo\n", "7bit"],
    ["a line of 78", "x".repeat(78), "7bit"],
    ["a line of 79", "x".repeat(79), "quoted-printable"],
    ["umlauts", "Grüße aus Wien", "quoted-printable"],
    ["a control", "a\0b", "quoted-printable"],
    ["a blank at the end of a line", "-- \nJo", "quoted-printable"],
    ["a line beginning with From", "Hi\nFrom me", "quoted-printable"],
    ["a lone dot", "Hi\n.\nJo", "quoted-printable"],
    ["what could be a boundary", "Hi\n--=_mZZZ", "quoted-printable"],
    ["Japanese", "ご注文の商品を発送しました", "base64"],
  ])("sends %s as it suits", (_, text, encoding) => {
    expect(encodingOf(text)).toBe(encoding);
  });

  it("takes CRLF, LF and CR for the one line break of mail, the last one implied", () => {
    expect(compose({ text: "a\r\nb\nc\rd\n\re\n" })).toMatch(/\r\n\r\na\r\nb\r\nc\r\nd\r\n\r\ne\r\n$/);
    expect(compose({ text: "a\n" })).toBe(compose({ text: "a" }));
  });

  it("wraps base64 at 76 characters", () => {
    const body = compose({ text: "日本語\n".repeat(50) }).split("\r\n\r\n")[1] ?? "";
    const lines = body.trimEnd().split("\r\n");
    for (const line of lines.slice(0, -1)) expect(line).toHaveLength(76);
    expect(Buffer.from(lines.join(""), "base64").toString()).toBe("日本語\r\n".repeat(50).trimEnd());
  });

  it("never holds its own boundary, even if the text is an earlier message", () => {
    const attachments = [file];
    const once = compose({ attachments });
    const boundary = /boundary="([^"]+)"/.exec(once)?.[1] ?? "";
    const twice = compose({ text: once, html: once, attachments: [{ ...file, content: Buffer.from(once) }] });
    expect(boundary).not.toBe("");
    expect(twice.split(`--${boundary}`)).toHaveLength(4);
  });
});

describe("attachments", () => {
  const refused = (change: Partial<Attachment>) =>
    refusal(() => compose({ attachments: [file, { ...file, ...change }] }));

  it("takes bytes and base64 alike", () => {
    const bytes = compose({ attachments: [file] });
    expect(compose({ attachments: [{ ...file, content: Buffer.from("content").toString("base64") }] })).toBe(
      bytes,
    );
    expect(bytes).toContain(`\r\n\r\n${Buffer.from("content").toString("base64")}\r\n`);
  });

  it("takes the bytes of a view, not of the buffer beneath", () => {
    const view = new Uint8Array(Buffer.from("xxcontentxx")).subarray(2, 9);
    expect(compose({ attachments: [{ ...file, content: view }] })).toBe(compose({ attachments: [file] }));
  });

  it.each([
    "AAA",
    "AAB=",
    "A===",
    "AAAA\n",
    "AA AA",
    "AA-_",
    "%%%%",
    "AAAA=",
    "/etc/passwd",
    "https://example.com/a",
  ])("refuses the content %j, which is not canonical base64", (content) => {
    expect(refused({ content }).issues).toMatchObject([{ pointer: "/attachments/1/content" }]);
  });

  it.each([
    "",
    ".",
    "..",
    "a/b",
    "..\\b",
    "C:\\b",
    "a\0b",
    "a\nb",
    "a\u202egpj.exe",
    "\ud800",
    "é".repeat(128),
  ])("refuses the file name %j", (filename) => {
    expect(refused({ filename }).issues).toMatchObject([{ pointer: "/attachments/1/filename" }]);
  });

  it("says a file name twice: properly (RFC 2231), and as Outlook reads it", () => {
    expect(compose({ attachments: [{ ...file, filename: "März.pdf" }] })).toContain(
      [
        'Content-Type: application/pdf; name="=?UTF-8?B?TcOkcnoucGRm?="',
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment; filename*=UTF-8''M%C3%A4rz.pdf",
      ].join("\r\n"),
    );
  });

  it.each([
    "text/csv; charset=utf-8",
    'text/calendar;method="REQUEST"; charset=utf-8',
    "application/vnd.a+b",
  ])("takes the content type %s", (contentType) => {
    const words = contentType.split(/;\s*/).join("; ");
    const unfolded = compose({ attachments: [{ ...file, contentType }] }).replaceAll("\r\n ", " ");
    expect(unfolded).toContain(`Content-Type: ${words}; name="a.pdf"\r\n`);
  });

  it.each([
    "",
    "pdf",
    "application/",
    "a/b/c",
    "a b/c",
    "a/b; c",
    'a/b; c="d',
    'a/b; c="d;e"',
    "a/b;\r\n c=d",
    "a/b;\tc=d",
    "a/b;",
    "ä/b",
    "multipart/mixed",
    "Message/RFC822",
    "a/b; name=c",
    "a/b; NAME*0=c",
    "a/b; boundary=c",
    `a/${"b".repeat(200)}`,
  ])("refuses the content type %j", (contentType) => {
    expect(refused({ contentType }).issues).toMatchObject([{ pointer: "/attachments/1/contentType" }]);
  });

  it.each(["", "<logo>", "a b", 'a"b', "é", "x".repeat(201)])("refuses the contentId %j", (contentId) => {
    expect(refused({ contentId }).issues).toMatchObject([{ pointer: "/attachments/1/contentId" }]);
  });
});

describe("senderHeaders", () => {
  const text = (sender: Parameters<typeof senderHeaders>[0]) =>
    Buffer.from(senderHeaders(sender)).toString("utf8");
  const from = { name: "Shop", address: "shop@example.com" };

  it("writes From, and Reply-To where there is one", () => {
    expect(text({ from, replyTo: null })).toBe("From: Shop <shop@example.com>\r\n");
    expect(text({ from, replyTo: [] })).toBe("From: Shop <shop@example.com>\r\n");
    expect(text({ from, replyTo: [{ name: null, address: "help@bücher.example" }, from] })).toBe(
      "From: Shop <shop@example.com>\r\nReply-To: help@xn--bcher-kva.example, Shop <shop@example.com>\r\n",
    );
  });

  it("refuses a line break", () => {
    const error = refusal(() =>
      text({ from: { name: "Shop\nBcc: all@example.com", address: "a@b" }, replyTo: null }),
    );
    expect(error.code).toBe("address.invalid");
  });
});

describe("makeMessageId", () => {
  it("puts id and domain in angle brackets", () => {
    expect(makeMessageId("0195c2a1-7e57", "example.com")).toBe("<0195c2a1-7e57@example.com>");
  });

  it.each([
    ["", "example.com"],
    ["a b", "example.com"],
    ["a>", "example.com"],
    ["a\r\n", "example.com"],
    ["a", ""],
    ["a", "bücher.example"],
    ["a", "b>c"],
    ["a", "b.".repeat(130)],
  ])("refuses %j at %j", (id, domain) => {
    expect(refusal(() => makeMessageId(id, domain)).code).toBe("header.invalid");
  });
});

describe("formatDate", () => {
  it("writes UTC as RFC 5322 has it", () => {
    expect(formatDate(0)).toBe("Thu, 01 Jan 1970 00:00:00 +0000");
    expect(formatDate(Date.UTC(2024, 1, 29, 23, 59, 59, 999))).toBe("Thu, 29 Feb 2024 23:59:59 +0000");
  });
});
