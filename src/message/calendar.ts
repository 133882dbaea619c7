import { invalidInput } from "../core/parse.ts";
import { linesPart, type Part, withCrlf } from "./part.ts";

/** What a calendar message does: the methods of RFC 5546 §1.4. */
export const calendarMethods = [
  "PUBLISH",
  "REQUEST",
  "REPLY",
  "ADD",
  "CANCEL",
  "REFRESH",
  "COUNTER",
  "DECLINECOUNTER",
] as const;

/** A calendar message that programs of the recipient act on (RFC 6047). */
export interface Calendar {
  readonly method: (typeof calendarMethods)[number];
  /** iCalendar text (RFC 5545) with any line breaks. If it has a METHOD, that is `method`. */
  readonly content: string;
}

/**
 * A calendar message as a MIME part (RFC 6047 §2.4): the last alternative beside the text, which makes it an invitation
 * with its buttons rather than a file.
 * @throws SendwrightError `input.invalid` naming the field that is wrong.
 */
export function calendarPart({ method, content }: Calendar): Part {
  const lines = withCrlf(`${content.replace(/^\uFEFF/, "").trimEnd()}\n`);
  if (!/^BEGIN:VCALENDAR\r\n/i.test(lines)) {
    throw invalidContent("must be iCalendar text, which starts with BEGIN:VCALENDAR (RFC 5545 §3.4)");
  }
  if (!/\r\nEND:VCALENDAR\r\n$/i.test(lines)) {
    throw invalidContent("is incomplete: must end with END:VCALENDAR (RFC 5545 §3.4)");
  }
  const own = methodOf(lines);
  if (own !== null && own.toUpperCase() !== method) {
    const shown = own.length > 40 ? `${own.slice(0, 40)}…` : own;
    throw invalidContent(
      `has METHOD:${shown}, but the request has the method ${method}: make them equal (RFC 6047 §2.4)`,
    );
  }
  return linesPart(`text/calendar; charset=utf-8; method=${method}`, lines);
}

/** The METHOD property, which stands before the first component; its line may be folded (RFC 5545 §3.1 and §3.7.2). */
function methodOf(lines: string): string | null {
  const unfolded = lines.replace(/\r\n[ \t]/g, "");
  const [, ...rest] = unfolded.split(/^BEGIN:/im);
  return /^METHOD(?:;[^:\r\n]*)?:([^\r\n]*)$/im.exec(rest[0] ?? "")?.[1]?.trim() ?? null;
}

function invalidContent(detail: string): Error {
  return invalidInput([{ pointer: "/calendar/content", detail }]);
}
