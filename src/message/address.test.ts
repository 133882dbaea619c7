import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSendwrightError } from "../core/errors.ts";
import { parseAddress, parseMailbox } from "./address.ts";

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isSendwrightError(error, "address.invalid")) return error.message;
    throw error;
  }
  throw new Error("expected a refusal");
}

describe("parseAddress", () => {
  it("takes a plain address as it is", () => {
    expect(parseAddress("Jo.Doe+news@example.com")).toEqual({
      address: "Jo.Doe+news@example.com",
      local: "Jo.Doe+news",
      domain: "example.com",
      unicodeDomain: "example.com",
      needsSmtpUtf8: false,
    });
  });

  it("takes a single label, as local relays use it", () => {
    expect(parseAddress("root@localhost").domain).toBe("localhost");
  });

  it("takes every atext character in a local part", () => {
    const local = "!#$%&'*+-/=?^_`{|}~aZ09";
    expect(parseAddress(`${local}@example.com`).local).toBe(local);
  });

  it("puts the domain in lower case and keeps the case of the local part", () => {
    expect(parseAddress("JO@EXAMPLE.Com").address).toBe("JO@example.com");
  });

  it.each([
    ["jo@bücher.example", "xn--bcher-kva.example", "bücher.example"],
    ["jo@BÜCHER.example", "xn--bcher-kva.example", "bücher.example"],
    ["jo@bu\u0308cher.example", "xn--bcher-kva.example", "bücher.example"],
    ["jo@XN--bcher-kva.example", "xn--bcher-kva.example", "bücher.example"],
    ["jo@faß.de", "xn--fa-hia.de", "faß.de"],
    ["jo@日本.jp", "xn--wgv71a.jp", "日本.jp"],
  ])("writes %s with A-labels and without SMTPUTF8 (RFC 6531 §3.2)", (text, domain, unicodeDomain) => {
    expect(parseAddress(text)).toMatchObject({
      address: `jo@${domain}`,
      domain,
      unicodeDomain,
      needsSmtpUtf8: false,
    });
  });

  it("needs SMTPUTF8 for a non-ASCII local part, in normalisation form C (RFC 6532 §3.1)", () => {
    expect(parseAddress("jo\u0308@example.com")).toMatchObject({ local: "jö", needsSmtpUtf8: true });
    expect(parseAddress("用户@例子.广告").address).toBe("用户@xn--fsqu00a.xn--4rr70v");
  });

  it.each([
    ["", "empty"],
    ["jo", "no @"],
    ["@example.com", "nothing before"],
    ["jo@", "nothing after"],
    ["a@b@example.com", "before the @"],
    [".jo@example.com", "dot that isn't allowed"],
    ["jo.@example.com", "dot that isn't allowed"],
    ["j..o@example.com", "dot that isn't allowed"],
    ['""@example.com', "double quotes"],
    ['"jo@example.com', "double quotes"],
    ['jo"@example.com', "double quotes"],
    ['"jo@example.com"', "double quotes"],
    ['"jo"doe"@example.com', "double quotes"],
    ['"jo\\"@example.com', "double quotes"],
    ['"jo".doe@example.com', "double quotes"],
    ['jo."doe"@example.com', "double quotes"],
    ['"jo\tdoe"@example.com', "invisible"],
    ['"jo\r\ndoe"@example.com', "invisible"],
    ['"jo\u00a0doe"@example.com', "space"],
    ['"jo\u202edoe"@example.com', "invisible"],
    ["jo(work)@example.com", "before the @"],
    ["jo,al@example.com", "before the @"],
    ["jo@example.com, al@example.com", "several addresses"],
    ["jo@example.com;al@example.com", "several addresses"],
    ["jo@example.com al@example.com", "several addresses"],
    ["jo@[127.0.0.1]", "host name"],
    ["jo@127.0.0.1", "ends in a number"],
    ["jo@example.com.", "its domain has a character"],
    ["jo@.example.com", "its domain has a character"],
    ["jo@example..com", "its domain has a character"],
    ["jo@-example.com", "its domain has a character"],
    ["jo@example-.com", "its domain has a character"],
    ["jo@é-.com", "its domain has a character"],
    ["jo@my_host.com", "its domain has a character"],
    ["jo@ex%41mple.é", "its domain has a character"],
    ["jo@é.com/x", "its domain has a character"],
    ["jo@é.com:25", "its domain has a character"],
    ["jo@example.com>", "its domain has a character"],
    ["jo@日本。jp", "IDNA"],
    ["jo@ﬁ.de", "IDNA"],
    ["jo@ｅxample.com", "IDNA"],
    ["jo@İ.com", "IDNA"],
    ["jo@xn--a.example", "IDNA"],
    ["jo@xn--.example", "its domain has a character"],
    ["jo@xn--bücher.de", "IDNA"],
    ["jo @example.com", "space"],
    ["jo@example.com\r\nRCPT TO:<x@y.example>", "space"],
    ["jo\0@example.com", "invisible"],
    ["jo\u202e@example.com", "invisible"],
    ["jo@exam\u00adple.com", "invisible"],
    ["jo\ud800@example.com", "invisible"],
    ["jo\u00a0@example.com", "space"],
  ])("refuses %j", (text, reason) => {
    expect(refusal(() => parseAddress(text))).toContain(reason);
  });

  it("counts the local part in octets, 64 of them (RFC 5321 §4.5.3.1.1)", () => {
    expect(parseAddress(`${"a".repeat(64)}@b.example`).local).toHaveLength(64);
    expect(parseAddress(`${"é".repeat(32)}@b.example`).local).toHaveLength(32);
    expect(refusal(() => parseAddress(`${"a".repeat(65)}@b.example`))).toContain("64 bytes");
    expect(refusal(() => parseAddress(`${"é".repeat(33)}@b.example`))).toContain("64 bytes");
  });

  it("counts the domain in octets: a name in the DNS has 253, 63 a label (RFC 1035 §2.3.4)", () => {
    const label = "a".repeat(63);
    const longest = [label, label, label, "a".repeat(60)].join(".");
    expect(parseAddress(`j@${longest}`).domain).toHaveLength(252);
    expect(refusal(() => parseAddress(`j@${longest}aa`))).toContain("253 bytes");
    expect(refusal(() => parseAddress(`jo@${label}a.example`))).toContain("63 bytes");
    expect(refusal(() => parseAddress(`jo@${"é".repeat(60)}.example`))).toContain("63 bytes");
  });

  it("counts the whole in octets of the wire, 254 of them (RFC 5321 §4.5.3.1.3)", () => {
    const domain = (length: number) => `${"abc.".repeat(length / 4 - 1)}abcd`;
    expect(parseAddress(`${"é".repeat(6)}a@${domain(240)}`).address).toHaveLength(248);
    expect(refusal(() => parseAddress(`${"é".repeat(7)}@${domain(240)}`))).toContain("254 bytes");
    expect(parseAddress(`"${"a..".repeat(3)}a."@${domain(240)}`).address).toHaveLength(254);
    expect(refusal(() => parseAddress(`"${"a..".repeat(4)}"@${domain(240)}`))).toContain("254 bytes");
    // Each of these labels takes 61 octets as an A-label.
    const label = "é".repeat(55);
    const typed = `jo@${[label, label, label, label].join(".")}.example`;
    expect(typed.length).toBeLessThan(254);
    expect(refusal(() => parseAddress(typed))).toMatch(/25[34] bytes/);
  });

  it.each([
    ['"a..b"@example.com', '"a..b"@example.com'],
    ['"try..this."@docomo.example', '"try..this."@docomo.example'],
    ['".jo"@example.com', '".jo"@example.com'],
    ['"jo doe"@EXAMPLE.com', '"jo doe"@example.com'],
    ['"a@b"@example.com', '"a@b"@example.com'],
    ['"a<b>,c"@example.com', '"a<b>,c"@example.com'],
    ['"a\\"b\\\\c"@example.com', '"a\\"b\\\\c"@example.com'],
    ['"jö..x"@example.com', '"jö..x"@example.com'],
    // Quotes and backslashes that are not needed say nothing (RFC 5322 §3.4.1).
    ['"jo"@example.com', "jo@example.com"],
    ['"j\\o.doe"@example.com', "jo.doe@example.com"],
    ['"a.\\.b"@example.com', '"a..b"@example.com'],
    // A letter that becomes a special one in form C is quoted.
    ['"a\u037eb"@example.com', '"a;b"@example.com'],
  ])("takes %s with the Quoted-string of RFC 5321 §4.1.2", (text, address) => {
    expect(parseAddress(text).address).toBe(address);
    expect(parseAddress(address).address).toBe(address);
  });

  it("shows the quoted form where an unquoted one is none", () => {
    expect(refusal(() => parseAddress("a..b@example.com"))).toContain('in double quotes: "a..b"@example.com');
    expect(refusal(() => parseAddress("a@b@example.com"))).toContain('"a@b"@example.com');
  });

  it("gives whatever is quoted one spelling, which it reads back", () => {
    const letter = fc.constantFrom(...'a.@ "\\<>,;:()[]é日');
    fc.assert(
      fc.property(fc.array(letter, { minLength: 1, maxLength: 12 }), (letters) => {
        const content = letters.join("");
        const least = parseAddress(`"${content.replace(/["\\]/g, "\\$&")}"@example.com`);
        const most = parseAddress(`"${content.replace(/[ -~]/g, "\\$&")}"@example.com`);
        expect(most).toEqual(least);
        expect(parseAddress(least.address)).toEqual(least);
        expect(parseMailbox(`Jo <${least.address}>`)).toEqual({ ...least, name: "Jo" });
        expect(parseMailbox(least.address)).toEqual({ ...least, name: null });
      }),
    );
  });

  it("names the address in its refusal, with what is invisible made visible", () => {
    const message = refusal(() => parseAddress("jo\u202e@example.com"));
    expect(message).toBe(
      '"jo\\u{202e}@example.com" is not a valid email address: it contains a space or an invisible character.',
    );
    expect(refusal(() => parseAddress("x".repeat(10_000))).length).toBeLessThan(200);
  });

  it("gives an ASCII domain and one stable form for whatever it takes", () => {
    let taken = 0;
    const character = fc.oneof(
      fc.constantFrom(..."aZ09.-@é日ß"),
      fc.string({ unit: "binary", maxLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(character, { maxLength: 12 }), (characters) => {
        const text = `j${characters.join("")}@é${characters.join("")}x`;
        try {
          const parsed = parseAddress(text);
          taken += 1;
          expect(parsed.domain).toMatch(/^[a-z\d.-]+$/);
          expect(parsed.address).not.toMatch(/[\p{C}\p{Z}<>,;:"\\()[\]]/u);
          expect(parseAddress(parsed.address)).toEqual(parsed);
          expect(parseAddress(`${parsed.local}@${parsed.unicodeDomain}`)).toEqual(parsed);
        } catch (error) {
          if (!isSendwrightError(error, "address.invalid")) throw error;
        }
      }),
      { numRuns: 200 },
    );
    expect(taken).toBeGreaterThan(0);
  });
});

describe("parseMailbox", () => {
  it.each([
    ["jo@example.com", null],
    [" jo@example.com ", null],
    ["<jo@example.com>", null],
    ["Jo Doe <jo@example.com>", "Jo Doe"],
    ["Jo<jo@example.com>", "Jo"],
    ["J. Doe <jo@example.com>", "J. Doe"],
    ["Jörg 🎺 <jo@example.com>", "Jörg 🎺"],
    ['"Doe, Jo" <jo@example.com>', "Doe, Jo"],
    ['"a \\"b\\" \\\\c" <jo@example.com>', 'a "b" \\c'],
    ['"" <jo@example.com>', null],
    ['"a <b>" <jo@example.com>', "a <b>"],
  ])("reads %s", (text, name) => {
    expect(parseMailbox(text)).toMatchObject({ name, address: "jo@example.com", domain: "example.com" });
  });

  it("takes name and address apart", () => {
    expect(parseMailbox({ name: " Doe, Jo ", address: "jo@EXAMPLE.com" })).toMatchObject({
      name: "Doe, Jo",
      address: "jo@example.com",
    });
    expect(parseMailbox({ name: " ", address: "jo@example.com" }).name).toBeNull();
  });

  it.each([
    "al@example.com, Jo <jo@example.com>",
    "Doe, Jo <jo@example.com>",
    "Jo (work) <jo@example.com>",
    '"Jo <jo@example.com>',
    'Jo "the" Doe <jo@example.com>',
    '"a" "b" <jo@example.com>',
  ])("refuses the unquoted name in %s, lest a recipient is lost in it", (text) => {
    expect(refusal(() => parseMailbox(text))).toContain("double quotes");
  });

  it.each([
    "jo@example.com>",
    "Jo <jo@example.com",
    "Jo < jo@example.com>",
    "<>",
    "",
    "Jo\r\nBcc: x@y.example <jo@example.com>",
    "jo@example.com\r\n",
  ])("refuses %j", (text) => {
    refusal(() => parseMailbox(text));
  });

  it.each(["Jo\r", "Jo\nDoe", "\0Jo", "Jo\u0085", "Jo\ud800"])("refuses the name %j", (name) => {
    expect(refusal(() => parseMailbox({ name, address: "jo@example.com" }))).toContain("control character");
  });

  it("reads back every name that it could have written", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const name = text.trim();
        const quoted = `"${name.replace(/["\\]/g, "\\$&")}" <jo@example.com>`;
        expect(parseMailbox(quoted).name).toBe(name === "" ? null : name);
      }),
    );
  });
});
