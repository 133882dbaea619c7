/**
 * How a secret looks when a server repeats it: as text in other encodings, read with the wrong one, or
 * escaped as URLs, mail, HTML and JSON escape. Each letter may be written in a way of its own, so the pattern
 * is made letter by letter. Base64, where letters have no place of their own, is not its matter.
 */

/** What each byte is in the single-byte encodings as which UTF-8 is taken by mistake, the usual two first. */
const wrongTables: readonly (readonly string[])[] = [
  Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)),
  ...["windows-1252", "iso-8859-2", "iso-8859-15", "windows-1251", "koi8-r", "ibm866", "macintosh"].map(
    (label) => [...new TextDecoder(label).decode(Uint8Array.from({ length: 256 }, (_, byte) => byte))],
  ),
];

/** The names that HTML has for U+00A0 to U+00FF. */
const latin1Names =
  "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml".split(
    " ",
  );
const entityNames: ReadonlyMap<string, string> = new Map([
  ...latin1Names.map((name, index): [string, string] => [String.fromCharCode(0xa0 + index), name]),
  ...([..."&<>\"'€"] as const).map((letter, index): [string, string] => [
    letter,
    ["amp", "lt", "gt", "quot", "apos", "euro"][index] ?? "",
  ]),
]);

/** Longer secrets are tokens, which are ASCII: there a pattern by letter would cost more than it finds. */
const maxLetters = 256;
/** With fewer ASCII letters left, what remains of a secret is no secret, and stands in ordinary text. */
const fewestLeft = 6;

/**
 * Hides a secret however its letters are spelled. Most replies hold none of the marks of an encoding: for
 * those, and as long as there are only those, the forms that need no mark are enough.
 */
export function spellingsHider(secret: string, mask: string): (text: string) => string {
  // Without the flag u, and below without the flag i: with them, letters beyond ASCII take long to prepare.
  const plain = new RegExp(asciiPattern(secret), "gi");
  let anyhow: RegExp | undefined;
  return (text) => {
    const rest = text.replace(plain, mask);
    if (!encodingMark.test(rest)) return rest;
    anyhow ??= new RegExp(lettersPattern(secret), "g");
    return rest.replace(anyhow, mask);
  };
}

/** One of these stands in every spelling but the plain ones: an escape, a letter beyond ASCII, a broken line. */
const encodingMark =
  /[%=+][\da-fA-F]{2}|<[\da-fA-F]{2}>|&[#a-zA-Z]|\\["xu0-7]|[uU]\+[\da-fA-F]|[\0\n]|\P{ASCII}/u;

/** The forms that are ASCII. */
function asciiPattern(secret: string): string {
  const forms = [...wholeForms(secret)].filter(isAscii);
  return [...anyOf(new Set(forms)), ...withoutLetters(secret, "?_.*")].join("|");
}

/** The longest first, so that nothing of it is left. */
function anyOf(forms: ReadonlySet<string>): string[] {
  return [...forms]
    .filter((form) => form !== "")
    .sort((a, b) => b.length - a.length)
    .map(escapePattern);
}

function lettersPattern(secret: string): string {
  const wholes = [
    ...anyOf(new Set([...wholeForms(secret), ...misreadForms(secret)])),
    ...withoutLetters(secret, "\\ufffd"),
  ];
  if (secret.length > maxLetters || secret.trim() === "") return wholes.join("|");
  // Quoted-printable and folded headers break lines between letters.
  const spelled = [...new Set([secret, secret.normalize("NFC")])].map((text) =>
    lettersOf(text).map(letterPattern).join("(?:=?\\r?\\n[ \\t]*)?"),
  );
  return [...wholes, ...spelled].join("|");
}

/** The bytes as which a secret may stand in base64. */
export function byteForms(secret: string): Buffer[] {
  const texts = new Set([secret, secret.normalize("NFC"), secret.normalize("NFD")]);
  const forms = [...texts].flatMap((text) => {
    const utf8 = Buffer.from(text, "utf8");
    return [
      utf8,
      ...(isAscii(text) ? [] : [Buffer.from(utf8.toString("latin1"), "utf8")]),
      ...(isLatin1(text) ? [Buffer.from(text, "latin1")] : []),
      Buffer.from(text, "utf16le"),
      Buffer.from(text, "utf16le").swap16(),
    ];
  });
  return [...new Map(forms.map((bytes) => [bytes.toString("latin1"), bytes])).values()];
}

/** `RegExp.escape` is younger than the oldest Node.js that Sendwright runs on. */
function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
}

/** Forms that a secret has only as a whole, and that may be all ASCII. */
function wholeForms(secret: string): Set<string> {
  return new Set([
    secret,
    ...["", "+", "_"].map((blank) => secret.replaceAll(/\s/gu, blank)),
    secret.replaceAll(/\s+/gu, " "),
    // Inside a quoted-string (RFC 5321 §4.1.2) or JSON.
    secret.replaceAll(/["\\]/gu, "\\$&"),
    Buffer.from(secret, "utf8").toString("hex"),
    ...(isLatin1(secret) ? [Buffer.from(secret, "latin1").toString("hex")] : []),
    new URLSearchParams({ "": secret }).toString().slice(1),
    // A lone surrogate has no UTF-8, and so no such form.
    encodeURIComponent(secret.toWellFormed()),
  ]);
}

/** Forms of the whole that hold something that is not ASCII. */
function misreadForms(secret: string): Set<string> {
  const utf16 = Buffer.from(secret, "utf16le");
  const forms = [
    secret,
    // What UTF-8 decoding makes of a relay that answers in Latin-1.
    Buffer.from(secret, "latin1").toString("utf8"),
    utf16.toString("latin1"),
    Buffer.from(utf16).swap16().toString("latin1"),
  ];
  // In a reply, controls are replaced.
  return new Set(forms.map((form) => form.replaceAll(/\p{Cc}/gu, "\u{fffd}")));
}

/** What a server leaves that knows ASCII only: its other letters, or their bytes, are dropped or replaced. */
function withoutLetters(secret: string, marks: string): string[] {
  if (isAscii(secret) || secret.replaceAll(/[^!-~]/gu, "").length < fewestLeft) return [];
  const runs = secret.normalize("NFC").split(/(\P{ASCII}+)/u);
  return [
    runs
      .map((run, index) =>
        index % 2 === 0 ? escapePattern(run) : `[${marks}]{0,${Buffer.byteLength(run.normalize("NFD"))}}`,
      )
      .join(""),
  ];
}

/** Letters with their marks, and blanks that stand together as one. */
function lettersOf(secret: string): string[] {
  return secret.match(/\s+|\P{M}\p{M}*|\p{M}+/gsu) ?? [];
}

function letterPattern(letter: string): string {
  if (letter.trim() === "") {
    // Blanks are dropped, joined, or written as form data and Q-encoding do.
    const blanks = Array.from(new Set([" ", ...letter]), pointPattern);
    return `(?:\\s|[+_]|${blanks.join("|")}){0,${letter.length}}`;
  }
  // A mark may be written otherwise than its letter.
  const texts = new Set([letter, letter.normalize("NFC"), letter.normalize("NFD")]);
  return `(?:${[...texts].map((text) => Array.from(text, pointPattern).join("")).join("|")})`;
}

function pointPattern(point: string): string {
  const cases = new Set([point, point.toLowerCase(), point.toUpperCase()]);
  // In capitals, some letters are two: those are not looked for.
  const points = [...cases].filter((text) => [...text].length === 1);
  return `(?:${points.flatMap(spellingsOf).join("|")})`;
}

function spellingsOf(point: string): string[] {
  const shown = [point, ...(isAscii(point) ? [] : misread(point))];
  return [
    ...shown.map(shownPattern),
    // Escaped as it is, or after the usual mistake.
    ...shown.slice(0, 2).map((text) => bytesPattern(Buffer.from(text, "utf8"))),
    ...(isAscii(point) || !isLatin1(point) ? [] : [bytesPattern(Buffer.from(point, "latin1"))]),
    escapesPattern(point),
    ...(/["\\]/u.test(point) ? [`\\\\${escapePattern(point)}`] : []),
  ];
}

/** Text as it may arrive: its controls may be replaced or dropped, its blanks dropped. */
function shownPattern(text: string): string {
  if (/^[\p{Cc}\s]*$/u.test(text)) return escapePattern(text);
  return Array.from(text, (point) => {
    if (/\p{Cc}/u.test(point)) return `[${point}\ufffd]?`;
    return /\s/u.test(point) ? "\\s?" : escapePattern(point);
  }).join("");
}

/** UTF-8 that was taken for another encoding, once, and twice for the usual two. */
function misread(text: string): string[] {
  const wrong = (from: string, tables: typeof wrongTables) => {
    const bytes = [...Buffer.from(from, "utf8")];
    return tables.map((table) => bytes.map((byte) => table[byte]).join(""));
  };
  const once = wrong(text, wrongTables);
  const twice = once.slice(0, 2).flatMap((from) => wrong(from, wrongTables.slice(0, 2)));
  return [...new Set([...once, ...twice])];
}

/** Percent-encoding, quoted-printable, xtext, and the escapes of logs: `%C3`, `=C3`, `+C3`, `\xC3`, `\303`. */
function bytesPattern(bytes: Buffer): string {
  const patterns = Array.from(bytes, (byte) => {
    const hex = eitherCase(byte.toString(16).padStart(2, "0"));
    return `(?:[%=+]${hex}|<${hex}>|\\\\(?:x${hex}|${byte.toString(8).padStart(3, "0")}))`;
  });
  return patterns.join("");
}

/** Hexadecimal digits in capitals or not. */
function eitherCase(hex: string): string {
  return hex.replaceAll(/[a-f]/gu, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** HTML's references, JSON's and JavaScript's escapes, and the name of a code point. */
function escapesPattern(point: string): string {
  const code = point.codePointAt(0) ?? 0;
  const hex = eitherCase(code.toString(16));
  const units = Array.from({ length: point.length }, (_, at) => point.charCodeAt(at));
  const json = units.map((unit) => `\\\\u${eitherCase(unit.toString(16).padStart(4, "0"))}`).join("");
  const name = entityNames.get(point);
  const named = name === undefined ? "" : `|${name}`;
  return `(?:&(?:#0*${code}|#[xX]0*${hex}${named});|\\\\u\\{0*${hex}\\}|${json}|U\\+0*${hex})`;
}

function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}

function isLatin1(text: string): boolean {
  return /^[\p{ASCII}\u0080-\u00ff]*$/u.test(text);
}
