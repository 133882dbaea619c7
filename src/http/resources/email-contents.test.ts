import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openApp, read, type TestApp } from "../../../test/support/open-app.ts";
import type { Problem } from "../schema/common.ts";
import type { AcceptedEmail, Email, EmailPreview } from "../schema/emails.ts";

let app: TestApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

const hello = { to: "jo@example.com", subject: "Hello", text: "Hello Jo" };
const calendar = {
  method: "REQUEST",
  content: "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1@example.com\nEND:VEVENT\nEND:VCALENDAR\n",
};

async function send(change: object): Promise<string> {
  const response = await app.call("POST", "/api/emails", { ...hello, ...change });
  expect(await response.clone().text()).toContain('"queued"');
  return (await read<AcceptedEmail>(response)).id;
}

async function source(id: string): Promise<string> {
  return (await app.call("GET", `/api/emails/${id}/source`)).text();
}

async function refusal(change: object): Promise<Problem> {
  const response = await app.call("POST", "/api/emails", { ...hello, ...change });
  expect(response.status).toBe(400);
  return read<Problem>(response);
}

/** The content types, as they nest. */
function types(message: string): string[] {
  return Array.from(message.matchAll(/^Content-Type: ([\w/]+)/gm), ([, type = ""]) => type);
}

describe("a calendar message in POST /api/emails", () => {
  it("stands beside text and html, which alone are shown", async () => {
    const id = await send({ html: "<p>Hello Jo</p>", calendar });
    const message = await source(id);
    expect(types(message)).toEqual(["multipart/alternative", "text/plain", "text/html", "text/calendar"]);
    expect(message).toContain("Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n");
    const preview = await read<EmailPreview>(app.call("GET", `/api/emails/${id}/preview`));
    expect([preview.html?.trim(), preview.text?.trim()]).toEqual(["<p>Hello Jo</p>", "Hello Jo"]);
  });

  it("stands beside what a template says, and beside files", async () => {
    const id = await send({
      subject: undefined,
      text: undefined,
      template: "password-reset",
      data: { name: "Jo", url: "https://example.com/reset?code=1" },
      attachments: [{ filename: "visit.ics", contentType: "text/calendar", content: "QUJD" }],
      calendar,
    });
    const response = await app.call("GET", `/api/emails/${id}/source`);
    // A password reset is sensitive: its message is for its recipient alone.
    expect(response.status).toBe(410);
    const order = await send({
      subject: undefined,
      text: undefined,
      template: "order-notification",
      data: {
        name: "Jo",
        status: "confirmed",
        orderNumber: "10042",
        currency: "EUR",
        items: [{ name: "Mug", quantity: 2, unitPrice: 1250 }],
        totals: { total: 2500 },
      },
      attachments: [{ filename: "visit.ics", contentType: "text/calendar", content: "QUJD" }],
      calendar,
    });
    expect(types(await source(order))).toEqual([
      "multipart/mixed",
      "multipart/alternative",
      "text/plain",
      "text/html",
      "text/calendar",
      "text/calendar",
    ]);
  });

  it.each([
    [{ method: "INVITE", content: calendar.content }, "/calendar/method", "must be one of PUBLISH, REQUEST"],
    [{ method: "REQUEST" }, "/calendar/content", "is required"],
    [{ method: "REQUEST", content: "hello" }, "/calendar/content", "BEGIN:VCALENDAR"],
    [{ ...calendar, method: "CANCEL" }, "/calendar/content", "METHOD:REQUEST"],
    [{ ...calendar, name: "visit.ics" }, "/calendar/name", "unknown field"],
  ])("is not made of %j", async (wrong, pointer, detail) => {
    const { errors } = await refusal({ calendar: wrong });
    expect(errors).toEqual([{ pointer, detail: expect.stringContaining(detail) }]);
  });

  it("needs html or text beside it, for programs that know no calendar", async () => {
    const { errors } = await refusal({ text: undefined, calendar });
    expect(errors).toMatchObject([{ pointer: "/text" }]);
  });

  it("counts toward the size of the message", async () => {
    const content = calendar.content.replace("UID:", `X-A:${"a".repeat(25_000_000)}\nUID:`);
    const response = await app.call("POST", "/api/emails", { ...hello, calendar: { ...calendar, content } });
    expect(response.status).toBe(413);
    expect((await read<Problem>(response)).code).toBe("message.too_large");
  });
});

describe("addresses in POST /api/emails", () => {
  it("may have a quoted local part, and two spellings of one are one recipient", async () => {
    const id = await send({
      to: ['"a..b"@example.com', '"jo"@example.com', "Jo <jo@example.com>"],
      cc: { address: '"a.\\.b"@EXAMPLE.com', name: "A, B" },
      replyTo: '"x y"@example.com',
    });
    const email = await read<Email>(app.call("GET", `/api/emails/${id}`));
    expect(email.recipients.map(({ address, role }) => [address, role])).toEqual([
      ['"a..b"@example.com', "to"],
      ["jo@example.com", "to"],
    ]);
    const message = await source(id);
    expect(message).toContain('To: "a..b"@example.com, jo@example.com, Jo <jo@example.com>\r\n');
    expect(message).toContain('Cc: "A, B" <"a..b"@example.com>\r\n');
    const found = await read<{ items: Email[] }>(
      app.call("GET", `/api/emails?recipient=${encodeURIComponent('"a.\\.b"@example.com')}`),
    );
    expect(found.items.map((item) => item.id)).toEqual([id]);
  });

  it.each(["to", "cc", "bcc", "from", "replyTo"])("are refused in %s beyond 254 octets", async (field) => {
    const long = `jo@${"abc.".repeat(62)}abcd`;
    const { errors } = await refusal({ [field]: long });
    expect(errors).toEqual([{ pointer: `/${field}`, detail: expect.stringContaining("254 bytes") }]);
  });

  it("show the quoted form where an unquoted one is none", async () => {
    const { errors } = await refusal({ to: "try..this.@docomo.example" });
    expect(errors?.[0]?.detail).toContain('"try..this."@docomo.example');
  });
});

describe("settings of an SMTP config", () => {
  it.each(["fromEmail", "replyTo"])("refuse an address of more than 254 octets as %s", async (field) => {
    const config = { smtpServer: "smtp.example.com", smtpPort: 587, fromEmail: "shop@example.com" };
    const long = `jo@${"abc.".repeat(62)}abcd`;
    const response = await app.call("POST", "/api/smtp-configs", { ...config, [field]: long });
    expect(response.status).toBe(400);
    const { errors } = await read<Problem>(response);
    expect(errors).toEqual([{ pointer: `/${field}`, detail: expect.stringContaining("254 bytes") }]);
  });
});

describe("headers in POST /api/emails", () => {
  it("keep their grammar", async () => {
    const id = await send({
      headers: {
        "List-Unsubscribe": "<https://mail.example.com/u/1>,  <mailto:u@example.com>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-ID": "Müller Newsletter <news.example.com>",
      },
    });
    const message = await source(id);
    expect(message).toContain("List-Unsubscribe: <https://mail.example.com/u/1>, <mailto:u@example.com>\r\n");
    expect(message).toContain("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    expect(message).toContain("List-ID: =?UTF-8?Q?M=C3=BCller_Newsletter?= <news.example.com>\r\n");
  });

  it("are refused with the rule and the remedy", async () => {
    const headers = {
      "List-Unsubscribe": "https://example.com/u",
      "X-A/B": "a",
      From: "me",
      "X-Long": "x".repeat(999),
    };
    const problem = await refusal({ headers });
    expect(problem.code).toBe("header.invalid");
    expect(problem.detail).toContain("angle brackets, separated by commas (RFC 2369 §2)");
    // Each of them at once.
    expect(problem.errors).toEqual([
      { pointer: "/headers/List-Unsubscribe", detail: expect.stringContaining("RFC 2369 §2") },
      { pointer: "/headers/From", detail: expect.stringContaining("set `from` instead") },
      { pointer: "/headers/X-Long", detail: expect.stringContaining("RFC 5322 §2.1.1") },
    ]);
  });
});
