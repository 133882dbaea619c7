import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Problem } from "../../src/http/schema/common.ts";
import type { AcceptedEmail } from "../../src/http/schema/emails.ts";
import { openApp, read, type TestApp } from "../support/open-app.ts";

/** What went wrong in other mail software, posted to the API and read back with other people's parsers. */
let app: TestApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

const hello = { to: "jo@example.com", from: "shop@example.com", subject: "Hello", text: "Hello Jo" };

/** The message as it is stored, with CRLF. */
async function compose(change: object): Promise<string> {
  const response = await app.call("POST", "/api/emails", { ...hello, ...change });
  expect(await response.clone().text()).toContain('"queued"');
  const { id } = await read<AcceptedEmail>(response);
  return (await app.call("GET", `/api/emails/${id}/source`)).text();
}

async function refusal(change: object): Promise<string> {
  const response = await app.call("POST", "/api/emails", { ...hello, ...change });
  expect(response.status).toBe(400);
  return (await read<Problem>(response)).detail ?? "";
}

/** One field as it stands on the wire, with its folds. */
function field(message: string, name: string): string {
  return new RegExp(`^${name}:.*(?:\\r\\n[ \\t].*)*`, "im").exec(message)?.[0] ?? "";
}

function linesOf(message: string): string[] {
  return message.split("\r\n");
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

describe("text in header fields", () => {
  it("has whole characters in each encoded word", async () => {
    for (const subject of [
      "😀".repeat(40),
      "Восстановление Вашего пароля ".repeat(6).trim(),
      "👩‍👩‍👧‍👦".repeat(12),
    ]) {
      const message = await compose({ subject });
      const words = field(message, "Subject").match(/=\?UTF-8\?B\?([^?]*)\?=/g) ?? [];
      expect(words.length).toBeGreaterThan(1);
      for (const word of words) {
        const bytes = Buffer.from(word.slice("=?UTF-8?B?".length, -"?=".length), "base64");
        expect(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)).not.toThrow();
      }
      expect((await simpleParser(message)).subject).toBe(subject);
    }
  });

  it("may have one word of any length", async () => {
    for (const subject of ["x".repeat(998), "é".repeat(998), "漢".repeat(998)]) {
      const message = await compose({ subject });
      for (const line of linesOf(message)) expect(line.length).toBeLessThanOrEqual(998);
      expect((await simpleParser(message)).subject).toBe(subject);
    }
  });

  it("may be empty, and is a field all the same", async () => {
    expect(field(await compose({ subject: "" }), "Subject")).toBe("Subject:");
  });

  it("may run from right to left", async () => {
    const subject = "مرحبا بالعالم. שלום";
    const message = await compose({ subject, to: { name: "דוד", address: "jo@example.com" } });
    const parsed = await PostalMime.parse(message);
    expect([parsed.subject, parsed.to]).toEqual([subject, [{ name: "דוד", address: "jo@example.com" }]]);
  });
});

describe("display names", () => {
  it.each([
    "Kock, Arne",
    "Support (Billing)",
    "Ada, VP of Engineering",
    'Jo "the" Doe',
    "me@example.com",
    "a\\b; c: <d>",
    "Fotololo.ru - Интернет магазин",
    "Kovács Béla | Company Co.",
    "🎺 Jörg, Doe",
  ])("of %s stay one name of one address", async (name) => {
    const message = await compose({
      to: { name, address: "jo@example.com" },
      cc: { name, address: "al@example.com" },
    });
    const { to, cc } = await PostalMime.parse(message);
    expect(to).toEqual([{ name, address: "jo@example.com" }]);
    expect(cc).toEqual([{ name, address: "al@example.com" }]);
    // RFC 2047 §5: no encoded word in a quoted-string.
    expect(message).not.toMatch(/"[^"\r\n]*=\?[^"\r\n]*"/);
  });

  it("of letters and blanks have no quotes, which some servers take off", async () => {
    expect(field(await compose({ to: "John Smith <jo@example.com>" }), "To")).toBe(
      "To: John Smith <jo@example.com>",
    );
  });

  it("are given for many addresses to reply to", async () => {
    const replyTo = [
      "Support, Shop <a@example.com>".replace("Support, Shop", '"Support, Shop"'),
      "b@example.com",
    ];
    const response = await app.call("POST", "/api/emails", { ...hello, replyTo });
    const { id } = await read<AcceptedEmail>(response);
    expect(await read(app.call("GET", `/api/emails/${id}`))).toMatchObject({
      replyTo: [
        { name: "Support, Shop", address: "a@example.com" },
        { name: null, address: "b@example.com" },
      ],
    });
  });
});

describe("addresses", () => {
  it.each(["jo@example.com\u200b", "\u200bjo@example.com", "jo\u00a0@example.com", "jo@exam\u200dple.com"])(
    "with a character that nobody sees are refused: %j",
    async (to) => {
      expect(await refusal({ to })).toContain("invisible character");
    },
  );

  it("have a domain in A-labels on the wire", async () => {
    const message = await compose({ to: "info@exämple.de" });
    expect(field(message, "To")).toBe("To: info@xn--exmple-cua.de");
  });

  it("in Bcc alone leave a group without members in To", async () => {
    const message = await compose({ to: [], bcc: "jo@example.com" });
    expect(field(message, "To")).toBe("To: undisclosed-recipients:;");
    expect(message).not.toContain("jo@example.com");
  });
});

describe("header fields", () => {
  it("appear once each", async () => {
    const message = await compose({
      to: ["a@example.com", "b@example.com"],
      cc: ["c@example.com", "d@example.com"],
    });
    const head = message.slice(0, message.indexOf("\r\n\r\n"));
    const names = Array.from(head.matchAll(/^([\w-]+):/gm), ([, name = ""]) => name.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    for (const name of ["From", "to", "CC", "Subject", "Date", "Message-Id", "Reply-To", "MIME-Version"]) {
      expect(await refusal({ headers: { [name]: "x" } })).toContain("can't be set");
    }
    expect(await refusal({ headers: { References: "<a@b>", REFERENCES: "<c@d>" } })).toContain("set twice");
  });

  it("keep a long Message-ID in one piece", async () => {
    const id = `<${"AM0PR05MB6834D2C88EE7DD0B43CC6B35E8A0A".repeat(3)}@AM0PR05MB6834.eurprd05.prod.outlook.com>`;
    const references = `<001001d58d84$e6201780$==x@example.com>   ${id}`;
    const message = await compose({ headers: { "In-Reply-To": id, References: references } });
    expect(field(message, "In-Reply-To")).toBe(`In-Reply-To: ${id}`);
    const parsed = await simpleParser(message);
    expect([parsed.inReplyTo, parsed.references]).toEqual([
      id,
      ["<001001d58d84$e6201780$==x@example.com>", id],
    ]);
  });

  it("keep the URIs of List-Unsubscribe readable", async () => {
    const url = `https://example.com/unsubscribe?t=${"eyJhbGciOiJIUzI1NiJ9".repeat(20)}`;
    const message = await compose({
      headers: {
        "List-Unsubscribe": `<${url}>,  <mailto:u@example.com>`,
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      },
    });
    expect(field(message, "List-Unsubscribe")).toBe(`List-Unsubscribe: <${url}>,\r\n <mailto:u@example.com>`);
  });

  it("have a List-ID by its rule, with the description alone encoded", async () => {
    const message = await compose({ headers: { "List-ID": "Rundbrief für alle <news.example.com>" } });
    expect(field(message, "List-ID")).toMatch(/^List-ID: =\?UTF-8\?[BQ]\?[^<>]+\?= <news\.example\.com>$/);
    expect(await refusal({ headers: { "List-ID": "<foo.example.com:3000>" } })).toContain("RFC 2919");
    expect(await refusal({ headers: { "List-ID": "foo.example.com" } })).toContain("angle brackets");
  });

  it("fold the JSON of a provider between its values alone", async () => {
    const to = Array.from({ length: 200 }, (_, index) => `recipient.number.${index}@example.com`);
    const sub = { "%name%": to.map((_, index) => `Größe ${index}, "x"`) };
    const message = await compose({ headers: { "X-SMTPAPI": JSON.stringify({ to, sub }) } });
    const written = field(message, "X-SMTPAPI");
    for (const line of linesOf(written)) expect(line.length).toBeLessThanOrEqual(998);
    expect(JSON.parse(written.slice("X-SMTPAPI:".length).replaceAll("\r\n", ""))).toEqual({ to, sub });
  });

  it("say the date in English and in UTC, wherever the server stands", async () => {
    const { LC_ALL, TZ } = process.env;
    try {
      Object.assign(process.env, { LC_ALL: "de_DE.UTF-8", TZ: "Asia/Kolkata" });
      expect(field(await compose({}), "Date")).toBe("Date: Thu, 01 Jan 2026 00:00:00 +0000");
    } finally {
      Object.assign(process.env, { LC_ALL, TZ });
      if (LC_ALL === undefined) delete process.env.LC_ALL;
      if (TZ === undefined) delete process.env.TZ;
    }
  });

  it("have a Message-ID of the sender's domain, not of the host", async () => {
    expect(field(await compose({ from: "shop@bücher.example" }), "Message-ID")).toMatch(
      /^Message-ID: <[\w-]+@xn--bcher-kva\.example>$/,
    );
  });
});

describe("text and HTML", () => {
  it("hold no line that a server breaks or strips a dot of", async () => {
    const url = `https://example.com/${"a.b-".repeat(300)}`;
    const html = `<p><a href="${url}">x</a></p>\n.\n.x\nFrom here\n${".".repeat(200)}<p>${"x".repeat(73)}.hellofacteur.com</p>`;
    const message = await compose({ html, text: html });
    for (const line of linesOf(message.slice(message.indexOf("\r\n\r\n")))) {
      expect(line.length).toBeLessThanOrEqual(76);
      expect(line).not.toMatch(/^\.|^From /);
    }
    const parsed = await simpleParser(message, { skipTextToHtml: true });
    expect(String(parsed.html).trim()).toBe(html);
    expect(parsed.text?.trim()).toBe(html);
  });

  it("end each line in CRLF, whatever they came with", async () => {
    const message = await compose({
      text: "a\nb\rc\r\nd",
      html: "<p>a\nb\rc\r\nd",
      subject: `${"word ".repeat(60)}é`,
    });
    expect(message.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  });

  it("keep the blank of a signature's delimiter, and blanks at the ends of lines", async () => {
    const text = "Hello \n\t\n-- \nJo";
    const message = await compose({ text });
    for (const line of linesOf(message)) expect(line).not.toMatch(/[ \t]$/);
    expect((await PostalMime.parse(message)).text?.trimEnd()).toBe(text);
    expect(message).not.toContain("format=flowed");
  });

  it("are refused with a NUL or half an emoji, and named", async () => {
    expect(await refusal({ text: "hello\0 world" })).toContain("/text: contains NUL");
    expect(await refusal({ html: "<p>\ud83d" })).toContain("/html: contains half a character");
  });

  it("hold no boundary of their own message", async () => {
    const file = { filename: "a.txt", content: base64("x") };
    const first = await compose({ html: "<p>x</p>", attachments: [file] });
    const second = await compose({
      text: first,
      html: first,
      attachments: [{ ...file, content: base64(first) }],
    });
    const boundaries = Array.from(second.matchAll(/boundary="([^"]+)"/g), ([, boundary = ""]) => boundary);
    for (const boundary of boundaries) {
      expect(boundary).toMatch(/^\S{1,70}$/);
      const delimiters = linesOf(second).filter((line) => line.startsWith(`--${boundary}`));
      expect(delimiters).toHaveLength(3);
    }
  });
});

describe("attachments", () => {
  it.each([
    `${"long ".repeat(50)}.png`,
    "재빠 게으갈색 여 우가 통나 REPORT (위로뛰어 올랐).pdf",
    "Prüfbericht Q1.pdf",
    'report.txt"; filename="payload.exe',
    "semi;colon.txt",
    "SCREW YOU, BEAR DAD.html",
    "100% 'sure' (copy) [2] @ #1.txt",
    "🎺🎺 emoji.txt",
    "a=?UTF-8?Q?b.txt",
  ])("named %s keep their name, in short lines", async (filename) => {
    const message = await compose({
      attachments: [{ filename, contentType: "text/plain", content: base64("x") }],
    });
    for (const line of linesOf(message)) expect(line.length).toBeLessThanOrEqual(78);
    const parsed = await simpleParser(message);
    expect(parsed.attachments.map((file) => file.filename)).toEqual([filename]);
    expect((await PostalMime.parse(message)).attachments.map((file) => file.filename)).toEqual([filename]);
    expect(field(message, "Content-Disposition").match(/filename(?:\*0)?\*?=/g)).toHaveLength(1);
  });

  it("may be empty, also beside others", async () => {
    const attachments = [
      { filename: "empty.txt", contentType: "text/plain", content: "" },
      { filename: "full.txt", contentType: "text/plain", content: base64("full") },
    ];
    const parsed = await simpleParser(await compose({ attachments }));
    expect(parsed.attachments.map(({ filename, content }) => [filename, content.toString()])).toEqual([
      ["empty.txt", ""],
      ["full.txt", "full"],
    ]);
  });

  it("keep each byte, whatever their charset and lines", async () => {
    const files = [
      { filename: "a.csv", contentType: "text/csv; charset=utf-8", content: Buffer.from("\ufeffä;b\nc\r\n") },
      {
        filename: "b.txt",
        contentType: "text/plain; charset=utf-16be",
        content: Buffer.from([0, 0x0a, 0, 0x41]),
      },
      {
        filename: "c.txt",
        contentType: "text/plain; charset=iso-8859-1",
        content: Buffer.from([0xe4, 0x0a, 0x2e]),
      },
    ];
    const attachments = files.map((file) => ({ ...file, content: file.content.toString("base64") }));
    const message = await compose({ attachments });
    const parsed = await PostalMime.parse(message, { attachmentEncoding: "arraybuffer" });
    expect(parsed.attachments.map(({ content }) => Buffer.from(content as ArrayBuffer))).toEqual(
      files.map(({ content }) => content),
    );
    for (const { contentType } of files) expect(message).toContain(`Content-Type: ${contentType};`);
  });

  it("that are messages are refused with the type to use, as base64 is not allowed for them", async () => {
    const eml = { filename: "a.eml", contentType: "message/rfc822", content: base64("Subject: x\r\n\r\nx") };
    expect(await refusal({ attachments: [eml] })).toContain("application/octet-stream");
    const message = await compose({ attachments: [{ ...eml, contentType: "application/octet-stream" }] });
    expect((await simpleParser(message)).attachments[0]?.content.toString()).toBe("Subject: x\r\n\r\nx");
  });

  it("that the HTML shows stand with it, and files beside both", async () => {
    const cid = `795d06e8bc682357053989e82ad6de968370faf18c70fe89bbd9e2007e0ed2c6@sendwright.0`;
    const message = await compose({
      html: `<img src="cid:${cid}">`,
      attachments: [
        { filename: "logo.png", contentType: "image/png", content: "AAAA", contentId: cid },
        { filename: "report.pdf", contentType: "application/pdf", content: "AAAA" },
      ],
    });
    expect(field(message, "Content-ID")).toBe(`Content-ID: <${cid}>`);
    const types = Array.from(
      message.matchAll(/^Content-(?:Type|Disposition): ([\w/-]+)/gm),
      ([, type]) => type,
    );
    expect(types).toEqual([
      "multipart/mixed",
      "multipart/alternative",
      "text/plain",
      "multipart/related",
      "text/html",
      "image/png",
      "inline",
      "application/pdf",
      "attachment",
    ]);
    expect(
      await refusal({ attachments: [{ filename: "a", content: "AAAA", contentId: `<${cid}>` }] }),
    ).toContain("/attachments/0/contentId");
  });
});

describe("invitations", () => {
  const content = "BEGIN:VCALENDAR\nMETHOD:PUBLISH\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n";

  it("are an alternative with their method, without a disposition", async () => {
    const message = await compose({ html: "<p>x</p>", calendar: { method: "PUBLISH", content } });
    const part = message.slice(message.indexOf("Content-Type: text/calendar"));
    expect(part).toMatch(/^Content-Type: text\/calendar; charset=utf-8; method=PUBLISH\r\n/);
    expect(part).not.toContain("Content-Disposition");
    expect(message).toContain("multipart/alternative");
  });

  it("with another method in their content are refused", async () => {
    expect(await refusal({ calendar: { method: "REQUEST", content } })).toContain("METHOD:PUBLISH");
  });
});
