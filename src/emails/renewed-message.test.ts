import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { composeMessage } from "../message/mime.ts";
import { renewedMessage } from "./renewed-message.ts";

const before = { messageId: "<before@example.com>", date: Date.parse("2026-01-01T00:00:00Z") };
const after = { messageId: "<after@shop.example>", date: Date.parse("2026-02-03T04:05:06Z") };
const text = (content: Uint8Array) => Buffer.from(content).toString("latin1");

describe("a message that is sent again", () => {
  test("differs in Message-ID and Date alone, whatever it holds", () => {
    const words = fc.string({ unit: "grapheme", maxLength: 200 });
    const line = words.map((some) => some.replace(/[\r\n\0]/g, ""));
    fc.assert(
      fc.property(
        line,
        words,
        fc.option(words),
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 2 }),
        fc.boolean(),
        (subject, plain, html, files, isHidden) => {
          const input = {
            to: isHidden ? [] : [{ name: "Jo: Date: Smith", address: "jo@example.com" }],
            cc: [],
            subject,
            html,
            text: plain,
            calendar: null,
            attachments: files.map((content, index) => {
              const type = { filename: `${index}.bin`, contentType: "application/octet-stream" };
              return { ...type, content, contentId: null };
            }),
            headers: { "X-Date": "Date: x", References: `${"<a@example.com> ".repeat(20)}<z@example.com>` },
          };
          const { content } = composeMessage({ ...input, ...before });
          const renewed = text(renewedMessage(content, after));
          const expected = text(content)
            .replace("\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n", () => {
              return "\r\nDate: Tue, 03 Feb 2026 04:05:06 +0000\r\n";
            })
            .replace("\r\nMessage-ID: <before@example.com>\r\n", "\r\nMessage-ID: <after@shop.example>\r\n");
          expect(renewed).toBe(expected);
          expect(text(renewedMessage(Buffer.from(renewed, "latin1"), before))).toBe(text(content));
        },
      ),
    );
  });

  test("has both fields if it had none, and its body is left alone", () => {
    const body = "Subject: Hello\r\n\r\nDate: today\r\nMessage-ID: <none>\r\n";
    expect(text(renewedMessage(Buffer.from(body), after))).toBe(
      `Date: Tue, 03 Feb 2026 04:05:06 +0000\r\nMessage-ID: <after@shop.example>\r\n${body}`,
    );
  });

  test("loses the folded lines of the fields that are replaced", () => {
    const folded =
      "DATE: Thu,\r\n 01 Jan 2026\r\nmessage-id:\r\n\t<x@y>\r\nSubject: a\r\n Date: b\r\n\r\nHi\r\n";
    expect(text(renewedMessage(Buffer.from(folded), after))).toBe(
      "Date: Tue, 03 Feb 2026 04:05:06 +0000\r\nMessage-ID: <after@shop.example>\r\nSubject: a\r\n Date: b\r\n\r\nHi\r\n",
    );
  });
});
