import { isSendwrightError } from "../core/errors.ts";
import { parseMailbox } from "./address.ts";
import { encodeWords } from "./encoded-word.ts";
import { foldField, invalidHeader, mailboxField, maxLineLength, phrase } from "./header.ts";

/**
 * Fields with a grammar of their own. RFC 2047 §5 allows encoded words in their phrases and comments and nowhere else,
 * and no reader decodes one in a URI or a Message-ID; blanks between their parts have no meaning (RFC 5322 §3.2.2).
 */
const grammars: Readonly<Record<string, (name: string, value: string) => string>> = {
  "list-help": uriField,
  "list-unsubscribe": uriField,
  "list-subscribe": uriField,
  "list-post": uriField,
  "list-owner": uriField,
  "list-archive": uriField,
  // RFC 5064 §2.2.
  "archived-at": uriField,
  "list-id": listIdField,
  "list-unsubscribe-post": oneClickField,
  references: messageIdField,
  "in-reply-to": messageIdField,
  keywords: keywordField,
  // RFC 8098 §2.1, and what other senders have in place of it.
  "disposition-notification-to": addressField,
  "return-receipt-to": addressField,
  "x-confirm-reading-to": addressField,
  "errors-to": addressField,
  "mail-followup-to": addressField,
  "mail-reply-to": addressField,
  precedence: tokenField,
  priority: tokenField,
  importance: tokenField,
  sensitivity: tokenField,
  "x-msmail-priority": tokenField,
  "x-auto-response-suppress": tokenField,
  "feedback-id": tokenField,
  // RFC 8689 §4.
  "tls-required": tokenField,
};

/** RFC 5322 §3.2.3 dot-atom-text. */
const dotAtoms = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;
const encodedWord = /=\?[^?]+\?[BbQq]\?[^?]*\?=/;
const asciiOnly = "must be ASCII, because encoded words are not allowed in it (RFC 2047 §5)";

/**
 * A field of the caller by its grammar, folded between its parts, with its CRLF; null if it has none.
 * @param value without control characters.
 * @throws SendwrightError `header.invalid` naming the rule that the value breaks, and what to write instead.
 */
export function structuredField(name: string, value: string): string | null {
  const lowerName = name.toLowerCase();
  if (!Object.hasOwn(grammars, lowerName)) return null;
  const trimmed = value.trim();
  if (trimmed === "") throw invalidHeader(name, "is empty; leave it out");
  const field = grammars[lowerName]?.(name, trimmed) ?? null;
  if (field?.split("\r\n").some((line) => line.length > maxLineLength)) {
    throw invalidHeader(
      name,
      `has a part that can't be folded and is longer than ${maxLineLength} characters, the limit of a line (RFC 5322 §2.1.1); shorten it`,
    );
  }
  return field;
}

/** RFC 2369 §2: URIs in angle brackets, separated by commas, each perhaps with comments; §3.4: NO in List-Post. */
function uriField(name: string, value: string): string {
  const isPost = name.toLowerCase() === "list-post";
  const words: string[] = [];
  let uris = 0;
  let commas = 0;
  for (const [, uri, comment, sign] of value.matchAll(
    /<([^<>]*)>|\(((?:[^()\\]|\\.)*)\)|(,|[^\s,<>()]+|[<>()])/gu,
  )) {
    if (uri !== undefined) {
      words.push(`<${checkedUri(name, uri.trim())}>`);
      uris += 1;
    } else if (comment !== undefined) {
      words.push(...commentWords(comment));
    } else if (sign === "," && uris === commas + 1) {
      words.push(`${words.pop()},`);
      commas += 1;
    } else if (isPost && sign === "NO" && words.length === 0) {
      words.push("NO");
      uris += 1;
    } else {
      throw invalidUris(name);
    }
    if (uris > commas + 1) throw invalidUris(name);
  }
  if (uris !== commas + 1) throw invalidUris(name);
  return foldField(name, words);
}

function invalidUris(name: string): Error {
  return invalidHeader(
    name,
    "must be URIs in angle brackets, separated by commas (RFC 2369 §2), such as <https://example.com/unsubscribe>, <mailto:unsubscribe@example.com>",
  );
}

function checkedUri(name: string, uri: string): string {
  const refuse = (detail: string) => invalidHeader(name, `contains a URI that ${detail}`);
  if (/[^ -~]/.test(uri)) {
    throw refuse(
      "is not ASCII; percent-encode its other letters as UTF-8 (RFC 3986 §2.5) and write its domain in A-labels (xn--…)",
    );
  }
  if (uri.includes(" ")) throw refuse("contains a space; write it as %20 (RFC 3986 §2.1)");
  if (!/^[a-z][a-z\d+.-]*:./i.test(uri)) {
    throw refuse("has no scheme; start it with https: or mailto: (RFC 3986 §3.1)");
  }
  if (encodedWord.test(uri)) {
    throw refuse(
      "contains text that looks like an encoded word (RFC 2047 §2); write the ? after its = as %3F",
    );
  }
  return uri;
}

/** RFC 2047 §5 (2): encoded words may stand in a comment, beside its parentheses. */
function commentWords(comment: string): string[] {
  const isPlain = !/[^ -~]/.test(comment) && !encodedWord.test(comment);
  const words = isPlain
    ? comment.trim().split(/ +/)
    : encodeWords(comment.replace(/\\(.)/gu, "$1").replace(/ +/g, " ").trim());
  return `(${words.join(" ")})`.split(" ");
}

/** RFC 2919 §3: perhaps a phrase, then the identifier in angle brackets. */
function listIdField(name: string, value: string): string {
  const [, description, id] = /^([^<>]*|"(?:[^"\\]|\\.)*"\s*)<([^<>]*)>$/su.exec(value) ?? [];
  if (description === undefined || id === undefined) {
    throw invalidHeader(
      name,
      "must end in an identifier in angle brackets (RFC 2919 §3), such as Weekly news <news.example.com>",
    );
  }
  const trimmed = id.trim();
  if (trimmed.length > 255 || !dotAtoms.test(trimmed)) {
    throw invalidHeader(
      name,
      "has an invalid identifier (RFC 2919 §2); write 1 to 255 ASCII characters without spaces, @ and :, such as <news.example.com>, with A-labels (xn--…)",
    );
  }
  return foldField(name, [...phraseWords(description), `<${trimmed}>`]);
}

/** RFC 8058 §3.1 knows this one value. */
function oneClickField(name: string, value: string): string {
  if (value.toLowerCase() !== "list-unsubscribe=one-click") {
    throw invalidHeader(name, "must be List-Unsubscribe=One-Click (RFC 8058 §3.1)");
  }
  return foldField(name, ["List-Unsubscribe=One-Click"]);
}

/** RFC 5322 §3.6.4. What stands in the brackets is repeated as another sender made it. */
function messageIdField(name: string, value: string): string {
  if (/[^ -~]/.test(value))
    throw invalidHeader(name, `${asciiOnly}; repeat each Message-ID exactly as received`);
  const ids = value.match(/<[^<> ]+>/g) ?? [];
  if (value.replace(/<[^<> ]+>| /g, "") !== "") {
    throw invalidHeader(
      name,
      "must be Message-IDs in angle brackets, separated by spaces (RFC 5322 §3.6.4), such as <1234@example.com>",
    );
  }
  return foldField(name, ids);
}

/** RFC 5322 §3.6.5: phrases, separated by commas. */
function keywordField(name: string, value: string): string {
  const words = listOf(name, value).map(phraseWords);
  return foldField(name, withCommas(words));
}

/** RFC 5322 §3.4 mailbox-list. */
function addressField(name: string, value: string): string {
  try {
    const mailboxes = listOf(name, value).map(parseMailbox);
    if (mailboxes.some(({ needsSmtpUtf8 }) => needsSmtpUtf8)) {
      throw invalidHeader(
        name,
        "contains an address with non-ASCII letters before the @ (RFC 6532), which only recipients and senders can have",
      );
    }
    return mailboxField(name, mailboxes);
  } catch (error) {
    if (!isSendwrightError(error, "address.invalid")) throw error;
    throw invalidHeader(
      name,
      `must be addresses, separated by commas (RFC 5322 §3.4): ${error.message.slice(0, -1)}`,
    );
  }
}

/** Words that programs compare: ASCII, whose blanks are all alike. */
function tokenField(name: string, value: string): string {
  if (/[^ -~]/.test(value)) throw invalidHeader(name, asciiOnly);
  return foldField(name, value.split(/ +/));
}

/** The parts between commas that stand in no quoted-string. */
function listOf(name: string, value: string): string[] {
  if (!/^(?:"(?:[^"\\]|\\.)*"|[^"])*$/su.test(value)) {
    throw invalidHeader(name, "has unclosed double quotes (RFC 5322 §3.2.4)");
  }
  const parts = value.match(/(?:"(?:[^"\\]|\\.)*"|[^",])+/gsu) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

function phraseWords(text: string): string[] {
  const trimmed = text.trim();
  const quoted = /^"((?:[^"\\]|\\.)*)"$/su.exec(trimmed)?.[1]?.replace(/\\(.)/gsu, "$1");
  const plain = (quoted ?? trimmed).replace(/ +/g, " ").trim();
  return plain === "" ? [] : phrase(plain);
}

function withCommas(parts: readonly (readonly string[])[]): string[] {
  return parts.flatMap((words, index) =>
    words.map((word, place) => (place === words.length - 1 && index < parts.length - 1 ? `${word},` : word)),
  );
}
