import fc from "fast-check";
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";
import { describe, expect, it } from "vitest";
import type { Mailbox } from "../core/model.ts";
import { type ComposeInput, composeMessage, senderHeaders } from "./mime.ts";

/** Text that tempts a composer: any script, and the pieces that parsers look for. */
const lure = fc.constantFrom(
  ..." ,;:<>@\"\\()[]=?_%*'.-",
  "  ",
  "=?UTF-8?Q?=41?=",
  "=?",
  "?=",
  "''",
  "UTF-8''",
  "From ",
  "e\u0301",
  "👩‍👩‍👧",
  "日本語",
  "word ",
  "w".repeat(70),
);
const headerText = fc
  .string({
    unit: fc.oneof(lure, fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 })),
    maxLength: 40,
  })
  .filter((text) => !/\p{Cc}|\uFEFF/u.test(text));
const bodyText = fc
  .string({
    unit: fc.oneof(
      lure,
      fc.constantFrom(
        "\n",
        "\r\n",
        "\r",
        "\t",
        "\n.",
        "\n--=_m",
        "\nFrom ",
        "a".repeat(80),
        "x".repeat(1001),
      ),
      fc.string({ unit: "binary", maxLength: 4 }),
    ),
    maxLength: 60,
  })
  // Decoders of UTF-8 take a byte order mark for no text.
  .filter((text) => !text.includes("\uFEFF"));
const filename = headerText
  .map((text) => text.replace(/[/\\\u202A-\u202E\u2066-\u2069]/g, "").slice(0, 60))
  .filter((text) => text.isWellFormed() && !/^\.{0,2}$/.test(text.trim()))
  // postal-mime decodes encoded words in a file name after it has decoded the name.
  .filter((text) => !/=\?.*\?=/.test(text));
const mailbox = fc.record({
  name: fc.option(headerText),
  address: fc.constantFrom("jo@example.com", "al.b+c@localhost", "jo@bücher.example"),
});
const attachment = fc.record({
  filename,
  contentType: fc.constantFrom("application/pdf", "text/csv; charset=utf-8", "image/png"),
  content: fc.uint8Array({ maxLength: 200 }),
  contentId: fc.constant(null),
});
const input: fc.Arbitrary<ComposeInput> = fc.record({
  messageId: fc.constant("<0195c2@example.com>"),
  date: fc.constant(1_700_000_000_000),
  to: fc.array(mailbox, { minLength: 1, maxLength: 4 }),
  cc: fc.array(mailbox, { maxLength: 2 }),
  subject: headerText,
  html: bodyText,
  text: bodyText,
  calendar: fc.constant(null),
  attachments: fc.array(attachment, { maxLength: 3 }),
  headers: fc.record({ "X-Note": headerText }),
});

function whole(message: ComposeInput): Uint8Array {
  const sender = senderHeaders({ from: { name: "Shop", address: "shop@example.com" }, replyTo: null });
  return Buffer.concat([sender, composeMessage(message).content]);
}

/** Text is lines: their break is a matter of the reader, and so are those at the end. */
function lines(text: string | null | undefined | false): string {
  return (text || "").replace(/\r\n?/g, "\n").replace(/\n+$/, "");
}

function expectedMailboxes(mailboxes: readonly Mailbox[], domain: string): object[] {
  return mailboxes.map(({ name, address }) => ({
    name: name?.trim() ?? "",
    address: address.replace("bücher.example", domain),
  }));
}

/** RFC 5321 §4.1.1.4 and §4.5.3.1.6, RFC 5322 §2.1.1, RFC 2047 §2. */
function expectWireInvariants(bytes: Uint8Array): void {
  const text = Buffer.from(bytes).toString("latin1");
  expect(text).toMatch(/^[\t\r\n -~]*$/);
  expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  expect(text.endsWith("\r\n")).toBe(true);
  const head = text.slice(0, text.indexOf("\r\n\r\n"));
  for (const line of text.split("\r\n")) expect(line.length).toBeLessThanOrEqual(998);
  for (const line of head.split("\r\n")) {
    expect(line).toMatch(/\S/);
    if (line.length > 78) expect(line).toMatch(/^\S+: \S+$|^ \S+$/);
    if (line.includes("=?UTF-8?")) expect(line.length).toBeLessThanOrEqual(76);
    for (const word of line.match(/=\?UTF-8\?\S+/g) ?? []) expect(word.length).toBeLessThanOrEqual(75);
  }
}

describe("any email", () => {
  it("obeys the rules of the wire", () => {
    fc.assert(
      fc.property(input, (message) => {
        expectWireInvariants(whole(message));
      }),
      { numRuns: 150 },
    );
  });

  it("is read back unchanged by postal-mime", async () => {
    await fc.assert(
      fc.asyncProperty(input, async (message) => {
        const parsed = await PostalMime.parse(whole(message));
        expect(parsed.subject ?? "").toBe(message.subject);
        expect(parsed.to ?? []).toEqual(expectedMailboxes(message.to, "xn--bcher-kva.example"));
        expect(parsed.cc ?? []).toEqual(expectedMailboxes(message.cc, "xn--bcher-kva.example"));
        expect(lines(parsed.text)).toBe(lines(message.text));
        expect(lines(parsed.html)).toBe(lines(message.html));
        expect(
          parsed.attachments.map((file) => [file.filename, Buffer.from(file.content as ArrayBuffer)]),
        ).toEqual(
          message.attachments.map((file) => [file.filename, Buffer.from(file.content as Uint8Array)]),
        );
      }),
      { numRuns: 150 },
    );
  });

  it("is read back unchanged by mailparser", async () => {
    await fc.assert(
      fc.asyncProperty(input, async (message) => {
        const parsed = await simpleParser(Buffer.from(whole(message)), {
          skipHtmlToText: true,
          skipTextToHtml: true,
        });
        const [to, cc] = [parsed.to, parsed.cc].map((field) =>
          [field ?? []].flat().flatMap(({ value }) => value),
        );
        expect(parsed.subject ?? "").toBe(message.subject);
        expect(to).toEqual(expectedMailboxes(message.to, "bücher.example"));
        expect(cc).toEqual(expectedMailboxes(message.cc, "bücher.example"));
        expect(lines(parsed.text)).toBe(lines(message.text));
        expect(lines(parsed.html)).toBe(lines(message.html));
        expect(parsed.attachments.map((file) => [file.filename, file.content])).toEqual(
          message.attachments.map((file) => [file.filename, Buffer.from(file.content as Uint8Array)]),
        );
      }),
      { numRuns: 150 },
    );
  });
});
