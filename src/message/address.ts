import { domainToASCII, domainToUnicode } from "node:url";
import { SendwrightError } from "../core/errors.ts";
import type { Mailbox } from "../core/model.ts";

/** An address in the one form that Sendwright keeps, compares, writes in headers and puts on the wire. */
export interface Address {
  /** `local@domain`, with the domain in A-labels. */
  readonly address: string;
  /**
   * In Unicode normalisation form C, its case kept: only the receiving host knows what case means. In double quotes
   * only if it is no dot-string, such as `"a..b"`.
   */
  readonly local: string;
  /** Lower case, each label an ASCII one or an A-label such as `xn--bcher-kva` (RFC 5890 §2.3.2.1). */
  readonly domain: string;
  /** The domain for people's eyes, such as `bücher.example`; equal to `domain` if that is plain ASCII. */
  readonly unicodeDomain: string;
  /** The local part is not ASCII, so that the relay must offer SMTPUTF8 (RFC 6531). */
  readonly needsSmtpUtf8: boolean;
}

/**
 * Octets, as they stand on the wire. RFC 5321 §4.5.3.1.3 gives a path 256 with its angle brackets, and §4.5.3.1.1 a
 * local part 64 with its quotes. A domain may have 255 by §4.5.3.1.2, but the DNS has no name of more than 253
 * (RFC 1035 §2.3.4).
 */
const maxAddressBytes = 254;
const maxLocalBytes = 64;
const maxDomainBytes = 253;
const maxLabelBytes = 63;
/** Characters as typed, from which on nothing else of an address is looked at. */
const maxTyped = 1_000;

/** Controls, spaces of any script, format characters (bidi overrides, zero-width), lone surrogates. */
const unprintable = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Z}]/u;
/** RFC 5321 §4.1.2 Quoted-string with UTF8-non-ascii (RFC 6531 §3.3). A tab is none of its characters. */
const quotedString = /^"((?:[^"\\]|\\[ -~])+)"$/u;
/** Addresses as people separate them. */
const several = /^[^@"\s]+@[^@"\s,;]*[,; ][^@"]*@/;
/** A mailbox in angle brackets. A quoted local part may hold brackets itself. */
const inBrackets = /^(.*)<((?:"(?:[^"\\]|\\.)*"(?=@))?[^<>"]*)>$/su;
/** RFC 5321 §4.1.2 Dot-string of RFC 5322 §3.2.3 atext, with UTF8-non-ascii of RFC 6531 §3.3. */
const dotString =
  /^[\w!#$%&'*+/=?^`{|}~\u0080-\u{10FFFF}-]+(?:\.[\w!#$%&'*+/=?^`{|}~\u0080-\u{10FFFF}-]+)*$/u;
/** RFC 5321 §4.1.2 sub-domain; for U-labels RFC 5891 §4.2.3.1 asks the same of the hyphens. */
const subDomain = /^(?!-)[a-z\d\u0080-\u{10FFFF}-]+(?<!-)$/u;
const nonAscii = /[^\0-\x7F]/;

/**
 * Parses one address by one strict grammar: the Mailbox of RFC 5321 §4.1.2 with a domain of one label or more
 * (`root@localhost` is fine), local part and domain perhaps non-ASCII (RFC 6531). A local part in double quotes
 * loses quotes and backslashes that it does not need, since RFC 5322 §3.4.1 gives both spellings one meaning: so one
 * recipient has one address. Address literals, comments and spaces outside quotes are refused: nobody needs them, and
 * parsers that disagree about them send mail to the wrong place.
 * @throws SendwrightError `address.invalid`, naming the address and what is wrong with it.
 */
export function parseAddress(text: string): Address {
  if (text === "") throw invalidAddress(text, "it is empty");
  if (text.length > maxTyped) throw tooLong(text);
  const at = text.lastIndexOf("@");
  if (at === -1) throw invalidAddress(text, "it has no @");
  const typed = text.slice(0, at).normalize("NFC");
  if (typed === "") throw invalidAddress(text, "it has nothing before the @");
  const quoted = quotedString.exec(typed)?.[1];
  if (quoted === undefined && several.test(text)) {
    throw invalidAddress(text, "it contains several addresses; send them as a list");
  }
  // Blanks are the one thing that only quotes allow.
  if (unprintable.test(quoted === undefined ? text : quoted.replaceAll(" ", "") + text.slice(at))) {
    throw invalidAddress(text, "it contains a space or an invisible character");
  }

  const local = quoted === undefined ? typed : writeLocal(quoted.replace(/\\(.)/gu, "$1"));
  if (Buffer.byteLength(local) > maxLocalBytes) {
    throw invalidAddress(
      text,
      `the part before the @ is longer than ${maxLocalBytes} bytes (RFC 5321 §4.5.3.1.1)`,
    );
  }
  if (quoted === undefined && /^"|"$/.test(local)) {
    throw invalidAddress(text, "its double quotes don't enclose the part before the @ (RFC 5321 §4.1.2)");
  }
  if (quoted === undefined && !dotString.test(local)) {
    throw invalidAddress(
      text,
      `the part before the @ has a character or dot that isn't allowed there. If it's correct, write it in double quotes: ${writeLocal(local)}${text.slice(at)}`,
    );
  }

  const { domain, unicodeDomain } = parseDomain(text, text.slice(at + 1));
  const address = `${local}@${domain}`;
  if (Buffer.byteLength(address) > maxAddressBytes) throw tooLong(text);
  return { address, local, domain, unicodeDomain, needsSmtpUtf8: nonAscii.test(local) };
}

/** The one spelling of a local part: quoted only if it is no dot-string. */
function writeLocal(local: string): string {
  return dotString.test(local) ? local : `"${local.replace(/["\\]/g, "\\$&")}"`;
}

/**
 * Parses a mailbox: `jo@example.com`, `Jo <jo@example.com>`, `"Doe, Jo" <jo@example.com>`, or its
 * parts. An empty name becomes null.
 * @throws SendwrightError `address.invalid`, naming the input and what is wrong with it.
 */
export function parseMailbox(input: string | Mailbox): Mailbox & Address {
  if (typeof input !== "string") return mailbox(input.name, input.address);
  refuseControls(input, input);
  const text = input.trim();
  if (!text.endsWith(">")) return mailbox(null, text);
  const [, name, address] = inBrackets.exec(text) ?? [];
  if (name === undefined || address === undefined) {
    throw invalidAddress(input, "its angle brackets don't contain one address");
  }
  return mailbox(parseDisplayName(input, name.trim()), address);
}

function mailbox(name: string | null, address: string): Mailbox & Address {
  refuseControls(name ?? "", address);
  const trimmed = name?.trim() ?? "";
  return { name: trimmed === "" ? null : trimmed, ...parseAddress(address) };
}

/** Refused, not cleaned: a line break here is an attempt to add a header. */
function refuseControls(text: string, shown: string): void {
  if (/[\p{Cc}\p{Cs}]/u.test(text)) {
    throw invalidAddress(shown, "it contains a line break or another control character");
  }
}

/** RFC 5322 §3.4 display-name: a quoted-string, or words without the characters that need one. */
function parseDisplayName(input: string, text: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/su.exec(text)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/gsu, "$1");
  // Without this, `a@example.com, Jo <b@example.com>` would lose its first recipient in a name.
  if (/[()<>[\]:;@\\,"]/.test(text)) {
    throw invalidAddress(input, 'put the name in double quotes, as in "Doe, Jo" <jo@example.com>');
  }
  return text;
}

function parseDomain(text: string, given: string): Pick<Address, "domain" | "unicodeDomain"> {
  if (given === "") throw invalidAddress(text, "it has nothing after the @");
  if (given.startsWith("[")) throw invalidAddress(text, "use a host name instead of an IP address");
  const composed = given.normalize("NFC");
  const lower = composed.toLowerCase();
  const labels = lower.split(".");
  if (!labels.every((label) => subDomain.test(label))) {
    throw invalidAddress(text, "its domain has a character, dot or hyphen that isn't allowed there");
  }
  if (/^\d+$/.test(labels.at(-1) ?? "")) {
    throw invalidAddress(text, "its domain ends in a number; use a host name instead of an IP address");
  }

  const domain = nonAscii.test(lower) ? domainToASCII(lower) : lower;
  const unicodeDomain = domain.includes("xn--") ? domainToUnicode(domain) : domain;
  // IDNA mapping (UTS 46) folds look-alikes, drops characters and turns `。` into a dot. Whoever wrote
  // one of these may mean another domain than the mapping does: only what maps to itself is taken.
  const mapsToItself =
    domain !== "" &&
    lower.length === composed.length &&
    (lower === domain || lower === unicodeDomain) &&
    (domain === unicodeDomain || domainToASCII(unicodeDomain) === domain);
  // A label that claims to be an A-label and is none stays as it is when decoded.
  const holdsFakeALabel = unicodeDomain.split(".").some((label) => label.startsWith("xn--"));
  if (!mapsToItself || holdsFakeALabel) {
    throw invalidAddress(text, "its domain is not a valid internationalized name (IDNA)");
  }
  if (domain.split(".").some((label) => label.length > maxLabelBytes)) {
    throw invalidAddress(text, `a label of its domain is longer than ${maxLabelBytes} bytes`);
  }
  if (domain.length > maxDomainBytes) {
    throw invalidAddress(text, `its domain is longer than ${maxDomainBytes} bytes (RFC 1035 §2.3.4)`);
  }
  return { domain, unicodeDomain };
}

function tooLong(text: string): SendwrightError {
  return invalidAddress(text, `it is longer than ${maxAddressBytes} bytes (RFC 5321 §4.5.3.1.3)`);
}

function invalidAddress(given: string, reason: string): SendwrightError {
  const [shown, why] = [given.length > 80 ? `${given.slice(0, 80)}…` : given, reason].map((text) =>
    text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`),
  );
  return new SendwrightError("address.invalid", `"${shown}" is not a valid email address: ${why}.`);
}
