import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuMs } from "../../test/support/cpu-time.ts";
import { exchange } from "./auth.ts";
import { redactor } from "./redact.ts";
import type { Credentials } from "./relay.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const credentials = (password: string, username = "jo@example.com"): Credentials => ({
  username,
  password,
  method: "auto",
});
const hide = (password: string, text: string) => redactor(credentials(password)).text(text);

const passwords = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 4, maxLength: 24 }),
    fc.string({
      unit: fc.constantFrom(..."abcXYZ019 -_+=%&<>\"'\\.äöüßéñøçÀŁžčπДж漢한한🐎€£"),
      minLength: 4,
      maxLength: 24,
    }),
  )
  .filter((text) => text.trim() === text && !/\p{Cc}/u.test(text));
const surroundings = fc.constantFrom(
  "",
  "no",
  "5.7.8 Error: authentication failed",
  "user=jo&pass",
  "<b>",
  "=?utf-8?Q?",
);

const decode = (label: string) => (text: string) => new TextDecoder(label).decode(Buffer.from(text));
const latin1 = (text: string) => Buffer.from(text).toString("latin1");
const bytes = (text: string) => [...Buffer.from(text)].map((byte) => byte.toString(16).padStart(2, "0"));
const utf16 = (text: string) => Buffer.from(text, "utf16le");
const each = (text: string, write: (letter: string) => string) => Array.from(text, write).join("");
const code = (letter: string) => letter.codePointAt(0) ?? 0;

/** How a relay may show a password: everything but the identity changes something at least. */
const encodings: Readonly<Record<string, (password: string) => string>> = {
  "as it is": (text) => text,
  NFC: (text) => text.normalize("NFC"),
  NFD: (text) => text.normalize("NFD"),
  "UTF-8 as Latin-1": latin1,
  "UTF-8 as windows-1252": decode("windows-1252"),
  "UTF-8 as windows-1251": decode("windows-1251"),
  "UTF-8 as ISO 8859-15": decode("iso-8859-15"),
  "UTF-8 as Latin-1, twice": (text) => latin1(latin1(text)),
  "UTF-8 as windows-1252, twice": (text) => decode("windows-1252")(decode("windows-1252")(text)),
  "NFD as Latin-1": (text) => latin1(text.normalize("NFD")),
  "percent-encoding": (text) => encodeURIComponent(text),
  "percent-encoding of all": (text) =>
    bytes(text)
      .map((byte) => `%${byte}`)
      .join(""),
  "form data": (text) => new URLSearchParams({ "": text }).toString().slice(1),
  "quoted-printable": (text) =>
    each(text, (letter) =>
      /[!-<>-~ ]/.test(letter)
        ? letter
        : bytes(letter)
            .map((byte) => `=${byte.toUpperCase()}`)
            .join(""),
    ),
  "Q-encoding": (text) =>
    each(text, (letter) =>
      letter === " "
        ? "_"
        : /\w/.test(letter)
          ? letter
          : bytes(letter)
              .map((byte) => `=${byte.toUpperCase()}`)
              .join(""),
    ),
  xtext: (text) =>
    each(text, (letter) =>
      /[!-*,-<>-~]/.test(letter)
        ? letter
        : bytes(letter)
            .map((byte) => `+${byte.toUpperCase()}`)
            .join(""),
    ),
  "HTML, by decimal numbers": (text) => each(text, (letter) => `&#${code(letter)};`),
  "HTML, by hexadecimal numbers": (text) =>
    each(text, (letter) => (/\w/.test(letter) ? letter : `&#x${code(letter).toString(16)};`)),
  HTML: (text) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;").replaceAll("ü", "&uuml;"),
  JSON: (text) => JSON.stringify(text).slice(1, -1),
  "JSON in ASCII": (text) =>
    [...JSON.stringify(text).slice(1, -1).split("")]
      .map((unit) => (unit > "~" ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}` : unit))
      .join(""),
  hexadecimal: (text) => bytes(text).join(""),
  "capital hexadecimal": (text) => bytes(text).join("").toUpperCase(),
  "octal escapes": (text) =>
    each(text, (letter) =>
      letter > "~" ? [...Buffer.from(letter)].map((byte) => `\\${byte.toString(8)}`).join("") : letter,
    ),
  base64: base64,
  "base64 without padding": (text) => base64(text).replace(/=+$/, ""),
  base64url: (text) => Buffer.from(text).toString("base64url"),
  "base64 after one byte": (text) => base64(`x${text}yz`),
  "base64 after two bytes": (text) => base64(`xy${text}z`),
  "base64, percent-encoded": (text) => encodeURIComponent(base64(`\0jo\0${text}`)),
  "base64 of Latin-1 as UTF-8": (text) => base64(latin1(text)),
  "base64 of UTF-16": (text) => utf16(text).toString("base64"),
  "base64 of NFD": (text) => base64(`\0jo@example.com\0${text.normalize("NFD")}`),
  "AUTH PLAIN": (text) => base64(`\0jo@example.com\0${text}`),
  XOAUTH2: (text) => base64(`user=jo@example.com\u0001auth=Bearer ${text}\u0001\u0001`),
};

/** Base64 of very little says little, and stands in ordinary words. */
function isHeld(shown: string, name: string): boolean {
  return shown.length >= 8 || !name.startsWith("base64");
}

/** The line in pieces, as a server folds a long one: not within an escape, which would be another text. */
function brokenAt(line: string, cuts: readonly number[]): string[] {
  const ends = [...new Set(cuts.map((cut) => cut % line.length))].sort((a, b) => a - b);
  return [...ends, line.length]
    .map((end, index) => line.slice(ends[index - 1] ?? 0, end))
    .filter((part) => part !== "");
}

describe("hiding a password", () => {
  it.each([
    ["as it is", "s3cret+pass"],
    ["in capitals", "S3CRET+PASS"],
    ["URL-encoded", "s3cret%2Bpass"],
    ["in hexadecimal", Buffer.from("s3cret+pass").toString("hex")],
    ["in capital hexadecimal", Buffer.from("s3cret+pass").toString("hex").toUpperCase()],
    ["in base64", base64("s3cret+pass")],
    ["in base64url", Buffer.from("s3cret+pass").toString("base64url")],
    ["in AUTH PLAIN", base64("\0jo@example.com\0s3cret+pass")],
    ["in AUTH PLAIN with an authorization identity", base64("jo\0jo@example.com\0s3cret+pass")],
    ["in XOAUTH2", base64("user=jo@example.com\u0001auth=Bearer s3cret+pass\u0001\u0001")],
    ["in HTTP Basic", base64("jo:s3cret+pass")],
  ])("hides it %s", (_, form) => {
    const text = hide("s3cret+pass", `5.7.8 denied: ${form}, sorry`);
    expect(text).toBe("5.7.8 denied: ********, sorry");
  });

  it("hides a piece of an OAUTHBEARER response, however short the token", () => {
    const relay = { host: "smtp.example.com", port: 587 };
    const own = credentials("ab");
    const { command } = exchange("OAUTHBEARER", own, relay);
    const piece = command.slice(command.length - 20);
    expect(redactor(own, relay).text(`no: ${piece} .`)).toBe("no: ******** .");
  });

  it("hides it inside a quoted-string or JSON", () => {
    const password = 's3cret "\\" pass';
    expect(hide(password, `5.7.8 ${JSON.stringify(password)} is wrong`)).toBe('5.7.8 "********" is wrong');
  });

  it("hides the blobs of every mechanism, for any username and password", () => {
    const word = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
      .filter((text) => !/\p{Cc}/u.test(text));
    fc.assert(
      fc.property(
        word,
        word,
        fc.constantFrom("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"),
        (username, password, mechanism) => {
          const own = credentials(password, username);
          const relay = { host: "smtp.example.com", port: 587 };
          const { command, answers } = exchange(mechanism, own, relay);
          const secret =
            [command.split(" ")[2], mechanism === "LOGIN" ? answers[1] : answers[0]].find(Boolean) ?? "";
          expect(redactor(own, relay).text(`no: ${secret} .`)).not.toContain(secret);
        },
      ),
    );
  });

  it("hides it in base64 whatever stands before and after it", () => {
    const bytes = fc.uint8Array({ maxLength: 20 });
    fc.assert(
      fc.property(bytes, bytes, (before, after) => {
        const blob = Buffer.concat([before, Buffer.from("correct horse"), after]).toString("base64");
        expect(hide("correct horse", `said ${blob} .`)).toBe("said ******** .");
      }),
    );
  });

  it("takes regular-expression characters as they are", () => {
    expect(hide("a.c*", "abc a.c* aacc")).toBe("abc ******** aacc");
  });

  it("hides a non-ASCII password that a relay repeats in Latin-1", () => {
    const heard = Buffer.from("denied: pässwörd", "latin1").toString("utf8");
    expect(hide("pässwörd", heard)).toBe("denied: ********");
  });

  it.each([
    ["UTF-8 read as Latin-1", "geheim-SchlÃ¼ssel-93"],
    ["the same twice", "geheim-SchlÃ\u0083Â¼ssel-93"],
    ["the same twice, as windows-1252", "geheim-SchlÃƒÂ¼ssel-93"],
    ["UTF-8 read as windows-1251", "geheim-SchlГјssel-93"],
    ["decomposed", "geheim-Schlu\u0308ssel-93"],
    ["percent-encoded in part", "geheim-Schl%C3%BCssel%2d93"],
    ["percent-encoded in Latin-1", "geheim-Schl%fcssel-93"],
    ["quoted-printable", "geheim=2DSchl=C3=BCssel-93"],
    ["quoted-printable with a soft line break", "geheim-Sch=\r\nl=C3=BCssel-93"],
    ["xtext", "geheim-Schl+C3+BCssel-93"],
    ["a named reference of HTML", "geheim-Schl&uuml;ssel-93"],
    ["numeric references of HTML", "geheim&#45;Schl&#xFC;ssel-93"],
    ["an escape of JSON", "geheim-Schl\\u00fcssel-93"],
    ["octal escapes", "geheim-Schl\\303\\274ssel-93"],
    ["hexadecimal escapes", "geheim-Schl\\xC3\\xBCssel-93"],
    ["a question mark for the letter", "geheim-Schl?ssel-93"],
    ["a question mark for each byte", "geheim-Schl??ssel-93"],
    ["without the letter", "geheim-Schlssel-93"],
  ])("hides a non-ASCII password as %s", (_, form) => {
    expect(hide("geheim-Schlüssel-93", `5.7.8 denied: ${form}, sorry`)).toBe("5.7.8 denied: ********, sorry");
  });

  it("hides any password in any encoding, whatever stands around it and however it is broken over lines", () => {
    fc.assert(
      fc.property(
        fc.tuple(passwords, surroundings, surroundings),
        fc.constantFrom(...Object.entries(encodings)),
        fc.array(fc.nat({ max: 60 }), { maxLength: 3 }),
        fc.boolean(),
        ([password, before, after], [name, encode], cuts, hasCodes) => {
          const shown = encode(password);
          if (shown === "" || !isHeld(shown, name)) return;
          const redacted = redactor(credentials(password));
          const line = `${before}: ${shown} ,${after}`;
          expect(redacted.text(line), name).not.toContain(shown);
          // Blanks are all that a reply loses when its lines are joined, so these tell nothing here.
          const lines = brokenAt(line, cuts).map((part) => (hasCodes ? `5.7.8 ${part}` : part));
          const { lines: left } = redacted.reply({ code: 535, enhancedCode: null, lines });
          const joined = left.map((part) => part.replace(/^5\.7\.8 /, "")).join("");
          expect(joined.replaceAll(/\s/gu, ""), name).not.toContain(shown.replaceAll(/\s/gu, ""));
        },
      ),
      { numRuns: 400 },
    );
  });

  it("leaves ordinary words alone, whatever the password", () => {
    const words = "5.7.8 Username and Password not accepted. Learn more at https://support.example/ gsmtp";
    fc.assert(
      fc.property(passwords, (password) => {
        fc.pre(password.length >= 8 && !words.toLowerCase().includes(password.toLowerCase()));
        expect(hide(password, words)).toBe(words);
      }),
    );
  });

  it("leaves other text alone", () => {
    const text = "5.7.8 Username and Password not accepted. https://support.example/?p=BadCredentials gsmtp";
    expect(hide("s3cret+pass", text)).toBe(text);
  });

  it("hides nothing where there is no password", () => {
    expect(redactor(null).text("anything")).toBe("anything");
    expect(hide("", "anything")).toBe("anything");
  });

  it("hides a very short password too", () => {
    expect(hide("ab", `cab ${base64("ab")} ${base64("\0jo@example.com\0ab")}`)).toBe(
      "c******** ******** ********",
    );
  });

  it("takes linear time over a long run", () => {
    expect(cpuMs(() => hide("s3cret+pass", "A".repeat(200_000)))).toBeLessThan(2_000);
  });
});

describe("hiding a password in a reply", () => {
  const reply = (...lines: string[]) => ({ code: 535, enhancedCode: null, lines });
  const { reply: hideIn } = redactor(credentials("s3cret+pass"));

  it("hides it in each line", () => {
    expect(hideIn(reply("no", "s3cret+pass"))).toEqual(reply("no", "********"));
  });

  it("hides all where the password is broken over lines or by blanks", () => {
    const blob = base64("\0jo@example.com\0s3cret+pass");
    expect(hideIn(reply(...(blob.match(/.{1,6}/g) ?? [])))).toEqual(reply("********"));
    expect(hideIn(reply("you said s3cret", "+pass"))).toEqual(reply("********"));
    expect(hideIn(reply("+pass", "ends s3cret"))).toEqual(reply("********"));
    expect(hideIn(reply("s3cr et+pass"))).toEqual(reply("********"));
  });

  it("hides each piece of a blob, in whatever order they come", () => {
    const blob = base64("\0jo@example.com\0s3cret+pass");
    expect(hideIn(reply(`no: ${blob.slice(24)} .`, "and", blob.slice(0, 24)))).toEqual(
      reply("no: ******** .", "and", "********"),
    );
  });
});
