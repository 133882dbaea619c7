import { domainToASCII, domainToUnicode } from "node:url";
import { SendwrightError } from "../core/errors.ts";
import type { Mailbox } from "../core/model.ts";

/** An address in the one form that Sendwright keeps, compares, writes in headers and puts on the wire. */
export interface Address {
  /** `local@domain`, with the domain in A-labels. */
  readonly address: string;
  /** In Unicode normalisation form C, its case kept: only the receiving host knows what case means. */
  readonly local: string;
  /** Lower case, each label an ASCII one or an A-label such as `xn--bcher-kva` (RFC 5890 §2.3.2.1). */
  readonly domain: string;
  /** The domain for people's eyes, such as `bücher.example`; equal to `domain` if that is plain ASCII. */
  readonly unicodeDomain: string;
  /** The local part is not ASCII, so that the relay must offer SMTPUTF8 (RFC 6531). */
  readonly needsSmtpUtf8: boolean;
}

/** Octets; RFC 5321 §4.5.3.1.1 and §4.5.3.1.2, RFC 1035 §2.3.4. */
const maxLocalBytes = 64;
const maxDomainBytes = 255;
const maxLabelBytes = 63;

/** Controls, spaces of any script, format characters (bidi overrides, zero-width), lone surrogates. */
const unprintable = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Z}]/u;
/** RFC 5321 §4.1.2 Dot-string of RFC 5322 §3.2.3 atext, with UTF8-non-ascii of RFC 6531 §3.3. */
const dotString =
  /^[\w!#$%&'*+/=?^`{|}~\u0080-\u{10FFFF}-]+(?:\.[\w!#$%&'*+/=?^`{|}~\u0080-\u{10FFFF}-]+)*$/u;
/** RFC 5321 §4.1.2 sub-domain; for U-labels RFC 5891 §4.2.3.1 asks the same of the hyphens. */
const subDomain = /^(?!-)[a-z\d\u0080-\u{10FFFF}-]+(?<!-)$/u;
const nonAscii = /[^\0-\x7F]/;

/**
 * Parses one address by one strict grammar: the Mailbox of RFC 5321 §4.1.2 with a dot-string local
 * part and a domain of one label or more (`root@localhost` is fine), both perhaps non-ASCII (RFC
 * 6531). Quoted local parts, address literals, comments and spaces are refused: nobody needs them,
 * and parsers that disagree about them send mail to the wrong place.
 * @throws SendwrightError `address.invalid`, naming the address and what is wrong with it.
 */
export function parseAddress(text: string): Address {
  if (text === "") throw invalidAddress(text, "it is empty");
  if (text.length > maxLocalBytes + 1 + maxDomainBytes) throw invalidAddress(text, "it is too long");
  if (unprintable.test(text)) throw invalidAddress(text, "it holds a space or an invisible character");
  const at = text.lastIndexOf("@");
  if (at === -1) throw invalidAddress(text, "it has no @");

  const local = text.slice(0, at).normalize("NFC");
  if (local === "") throw invalidAddress(text, "nothing stands before the @");
  if (Buffer.byteLength(local) > maxLocalBytes) {
    throw invalidAddress(text, `the part before the @ is longer than ${maxLocalBytes} bytes`);
  }
  if (local.startsWith('"')) throw invalidAddress(text, "quoted local parts are not supported");
  if (!dotString.test(local)) {
    throw invalidAddress(text, "the part before the @ holds a character or a dot where none may be");
  }

  const { domain, unicodeDomain } = parseDomain(text, text.slice(at + 1));
  const address = `${local}@${domain}`;
  return { address, local, domain, unicodeDomain, needsSmtpUtf8: nonAscii.test(local) };
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
  const open = text.lastIndexOf("<");
  if (open === -1) throw invalidAddress(input, "it has a > without a <");
  return mailbox(parseDisplayName(input, text.slice(0, open).trim()), text.slice(open + 1, -1));
}

function mailbox(name: string | null, address: string): Mailbox & Address {
  refuseControls(name ?? "", address);
  const trimmed = name?.trim() ?? "";
  return { name: trimmed === "" ? null : trimmed, ...parseAddress(address) };
}

/** Refused, not cleaned: a line break here is an attempt to add a header. */
function refuseControls(text: string, shown: string): void {
  if (/[\p{Cc}\p{Cs}]/u.test(text)) {
    throw invalidAddress(shown, "it holds a line break or another control character");
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
  if (given === "") throw invalidAddress(text, "nothing stands after the @");
  if (given.startsWith("[")) throw invalidAddress(text, "use a host name instead of an IP address");
  const composed = given.normalize("NFC");
  const lower = composed.toLowerCase();
  const labels = lower.split(".");
  if (!labels.every((label) => subDomain.test(label))) {
    throw invalidAddress(text, "its domain holds a character, a dot or a hyphen where none may be");
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
    throw invalidAddress(text, "its domain is not a valid internationalised name (IDNA)");
  }
  if (domain.split(".").some((label) => label.length > maxLabelBytes)) {
    throw invalidAddress(text, `a label of its domain is longer than ${maxLabelBytes} bytes`);
  }
  if (domain.length > maxDomainBytes) {
    throw invalidAddress(text, `its domain is longer than ${maxDomainBytes} bytes`);
  }
  return { domain, unicodeDomain };
}

function invalidAddress(given: string, reason: string): SendwrightError {
  const cut = given.length > 80 ? `${given.slice(0, 80)}…` : given;
  const shown = cut.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
  return new SendwrightError("address.invalid", `The address "${shown}" is not valid: ${reason}.`);
}
