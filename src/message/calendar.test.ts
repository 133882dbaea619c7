import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";
import { describe, expect, it } from "vitest";
import { cpuMs } from "../../test/support/cpu-time.ts";
import { isSendwrightError } from "../core/errors.ts";
import { type Calendar, calendarMethods, calendarPart } from "./calendar.ts";
import { composeMessage } from "./mime.ts";

const event = ["BEGIN:VEVENT", "UID:1@example.com", "SUMMARY:Visit", "END:VEVENT"];
const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REQUEST", ...event, "END:VCALENDAR"];
const invitation: Calendar = { method: "REQUEST", content: `${lines.join("\r\n")}\r\n` };

function text({ fields, body }: ReturnType<typeof calendarPart>): string {
  return `${fields}\r\n${Buffer.concat(body).toString("latin1")}`;
}

function refusal(calendar: Calendar): string {
  try {
    calendarPart(calendar);
  } catch (error) {
    if (!isSendwrightError(error, "input.invalid")) throw error;
    expect(error.issues).toMatchObject([{ pointer: "/calendar/content" }]);
    return error.message;
  }
  throw new Error("expected a refusal");
}

function compose(calendar: Calendar): Uint8Array {
  return composeMessage({
    messageId: "<1@example.com>",
    date: 0,
    to: [{ name: null, address: "jo@example.com" }],
    cc: [],
    subject: "Visit",
    html: "<p>Visit</p>",
    text: "Visit",
    calendar,
    attachments: [],
    headers: {},
  }).content;
}

describe("a calendar part (RFC 6047 §2.4)", () => {
  it("names its method, and ends each line in CRLF, also the last one", () => {
    expect(text(calendarPart(invitation))).toBe(
      [
        "Content-Type: text/calendar; charset=utf-8; method=REQUEST",
        "Content-Transfer-Encoding: 7bit",
        "",
        ...lines,
        "",
      ].join("\r\n"),
    );
  });

  it.each(["\n", "\r", "\r\n"])("takes lines that end in %j", (end) => {
    const part = calendarPart(invitation);
    expect(calendarPart({ ...invitation, content: lines.join(end) })).toEqual(part);
    expect(calendarPart({ ...invitation, content: `\uFEFF${lines.join(end)}${end}${end}` })).toEqual(part);
  });

  it.each(calendarMethods)("is made for %s", (method) => {
    const content = invitation.content.replace("METHOD:REQUEST", `METHOD:${method}`);
    expect(text(calendarPart({ method, content }))).toContain(`; method=${method}\r\n`);
  });

  it.each([
    ["none", ""],
    ["one in other letters", "method:request\n"],
    ["one with a parameter", "METHOD;X-A=1: REQUEST\n"],
    ["a folded one", "METHOD:REQ\n UEST\n"],
  ])("takes content with a METHOD that fits: %s", (_, line) => {
    const content = ["BEGIN:VCALENDAR\n", line, event.join("\n"), "\nEND:VCALENDAR"].join("");
    expect(text(calendarPart({ method: "REQUEST", content }))).toContain("method=REQUEST");
  });

  it.each([
    ["", "starts with BEGIN:VCALENDAR"],
    ["BEGIN:VEVENT\nEND:VEVENT", "starts with BEGIN:VCALENDAR"],
    [`\n${invitation.content}`, "starts with BEGIN:VCALENDAR"],
    [Buffer.from(invitation.content).toString("base64"), "starts with BEGIN:VCALENDAR"],
    [lines.slice(0, -1).join("\n"), "END:VCALENDAR"],
  ])("is not made of %j", (content, reason) => {
    expect(refusal({ method: "REQUEST", content })).toContain(reason);
  });

  it("is refused if its METHOD is another one, which Outlook shows as no invitation", () => {
    const message = refusal({ ...invitation, method: "CANCEL" });
    expect(message).toContain("METHOD:REQUEST");
    expect(message).toContain("the method CANCEL");
  });

  it.each(["\n", "\r\n ", " ", "BEGIN:", "\nMETHOD;"])("takes no long time over many of %j", (text) => {
    const content = `BEGIN:VCALENDAR\n${text.repeat(300_000)}x`;
    expect(cpuMs(() => refusal({ method: "REQUEST", content }))).toBeLessThan(500);
    const whole = `${content}\nEND:VCALENDAR`;
    expect(cpuMs(() => calendarPart({ method: "REQUEST", content: whole }))).toBeLessThan(500);
  });

  it("says nothing of a METHOD inside a component", () => {
    const content = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "METHOD:OTHER", "END:VEVENT", "END:VCALENDAR"].join(
      "\n",
    );
    expect(text(calendarPart({ method: "PUBLISH", content }))).toContain("METHOD:OTHER");
  });

  it("is read back by postal-mime and mailparser as it was given", async () => {
    const content = invitation.content.replace("Visit", "Prüfung 日本 🎺");
    const message = Buffer.from(compose({ ...invitation, content }));
    const {
      attachments,
      html,
      text: plain,
    } = await PostalMime.parse(message, { attachmentEncoding: "utf8" });
    expect(attachments).toMatchObject([{ mimeType: "text/calendar", method: "REQUEST" }]);
    // It gives text with line ends of its own.
    expect(attachments[0]?.content).toBe(content.replaceAll("\r\n", "\n"));
    expect([html?.trim(), plain?.trim()]).toEqual(["<p>Visit</p>", "Visit"]);
    const other = await simpleParser(message);
    expect(other.attachments).toMatchObject([{ contentType: "text/calendar" }]);
    expect(other.attachments[0]?.content.toString()).toBe(content);
  });
});
