import { type Issue, isSendwrightError, SendwrightError } from "../core/errors.ts";
import { pointerToken } from "../core/parse.ts";
import { foldField, invalidHeader, maxLineLength, refuseControls, textField } from "./header.ts";
import { structuredField } from "./structured-field.ts";

/** Fields that the composer writes itself, and where their values come from. */
const ownFields: Readonly<Record<string, string>> = {
  from: "set `from` instead",
  "reply-to": "set `replyTo` instead",
  to: "set `to` instead",
  cc: "set `cc` instead",
  bcc: "set `bcc` instead",
  subject: "set `subject` instead",
  date: "Sendwright sets it when it accepts the email",
  "message-id": "Sendwright sets it when it accepts the email",
  "auto-submitted": "Sendwright sets it on every email",
  sender: "the SMTP config that sends the email sets it",
  "return-path": "the server that delivers the email sets it",
  "delivered-to": "the server that delivers the email sets it",
  received: "servers on the way set it",
  "received-spf": "servers on the way set it",
  "authentication-results": "servers on the way set it",
  "dkim-signature": "the SMTP server signs what it sends",
};

/**
 * The caller's own fields. Those with a grammar are written by it (`structuredField`), all others as unstructured text.
 * @throws SendwrightError `header.invalid` with an issue for each wrong header: a name that is none (RFC 5322 §3.6.8) or
 * that the composer owns, a value that does not fit, and a field with a grammar that is given twice.
 */
export function customFields(headers: Readonly<Record<string, string>>): string {
  const structured = new Set<string>();
  const issues: Issue[] = [];
  const fields = Object.entries(headers).map(([name, value]) => {
    try {
      return customField(name, value, structured);
    } catch (error) {
      if (!isSendwrightError(error, "header.invalid")) throw error;
      issues.push({ pointer: `/headers/${pointerToken(name)}`, detail: error.message });
      return "";
    }
  });
  if (issues.length === 0) return fields.join("");
  throw new SendwrightError("header.invalid", issues.map(({ detail }) => detail).join(" "), { issues });
}

/** @param structured the names of the fields with a grammar so far, in lower case. */
function customField(name: string, value: string, structured: Set<string>): string {
  if (!/^[!-9;-~]{1,76}$/.test(name)) {
    throw new SendwrightError(
      "header.invalid",
      `${JSON.stringify(name.slice(0, 80))} is not a header name. Use up to 76 letters, digits and hyphens.`,
    );
  }
  const lowerName = name.toLowerCase();
  const reason = reservedReason(lowerName);
  if (reason !== undefined) throw invalidHeader(name, `can't be set: ${reason}`);
  refuseControls(name, value);
  const field = structuredField(name, value);
  if (field === null) return plainField(name, value);
  if (structured.has(lowerName)) {
    throw invalidHeader(name, "is set twice; an email can have only one (RFC 5322 §3.6)");
  }
  structured.add(lowerName);
  return field;
}

/**
 * A field that only programs of the caller or of a provider know. It keeps its characters, also several blanks in a
 * row, since these programs may decode nothing; only text beyond ASCII becomes encoded words. Blanks at both ends go,
 * as readers drop them and some relays do.
 */
function plainField(name: string, given: string): string {
  const value = withoutBlanksAround(given);
  const ascii = isJson(value) ? asciiJson(value) : value;
  if (/[^ -~]/.test(ascii) || isLikeEncodedWord(ascii)) return textField(name, value);
  const words = [ascii, isJson(value) ? spacedJson(ascii) : ascii].map(wordsOf).find(fitsInLines);
  if (words === undefined) {
    throw invalidHeader(
      name,
      `has ${maxLineLength} or more characters without a space, but lines must be shorter (RFC 5322 §2.1.1); shorten the value or add spaces`,
    );
  }
  return foldField(name, words);
}

/** In steps, as a pattern for blanks at the end looks at each blank again from each one before it. */
function withoutBlanksAround(text: string): string {
  let [start, end] = [0, text.length];
  while (text[start] === " ") start += 1;
  while (end > start && text[end - 1] === " ") end -= 1;
  return text.slice(start, end);
}

/** What some reader takes for an encoded word, strictly or not. */
function isLikeEncodedWord(text: string): boolean {
  const start = /=\?[^?]*\?[BbQq]\?/.exec(text);
  return start !== null && text.lastIndexOf("?=") >= start.index + start[0].length;
}

/** Words for folding. Each but the first loses the blank before it; more of them stay. */
function wordsOf(text: string): string[] {
  return text.match(/ *[^ ]+/g)?.map((word, index) => (index === 0 ? word : word.slice(1))) ?? [];
}

function fitsInLines(words: readonly string[]): boolean {
  return words.every((word) => word.length < maxLineLength);
}

/** Such as X-SMTPAPI, whose reader parses what stands there. */
function isJson(value: string): boolean {
  if (!/^[[{]/.test(value)) return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

/** JSON with the same meaning (RFC 8259 §7) that needs no encoded words and holds none. */
function asciiJson(json: string): string {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return json.replace(/[^ -~]/g, escaped).replaceAll("=?", "=\\u003f");
}

/** JSON with the same meaning (RFC 8259 §2) that has a blank after each comma between values. */
function spacedJson(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|,(?! )/g, (token) => (token === "," ? ", " : token));
}

function reservedReason(lowerName: string): string | undefined {
  if (/^(?:content|mime)-/.test(lowerName)) return "the content of the email determines it";
  if (/^(?:resent|arc)-/.test(lowerName)) return "servers on the way set it";
  return Object.hasOwn(ownFields, lowerName) ? ownFields[lowerName] : undefined;
}
