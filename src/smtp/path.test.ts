import { describe, expect, it } from "vitest";
import { forwardPath, reversePath } from "./path.ts";

const invalid = expect.objectContaining({ code: "address.invalid" });

describe("a path (RFC 5321 §4.1.2)", () => {
  it.each([
    ["jo@a.test", "<jo@a.test>", false],
    ["Jo.O'Hara+x=y@a.test", "<Jo.O'Hara+x=y@a.test>", false],
    ['"jo hara"@a.test', '<"jo hara"@a.test>', false],
    ['"a..b"@a.test', '<"a..b"@a.test>', false],
    ['"a> SIZE=1"@a.test', '<"a> SIZE=1"@a.test>', false],
    ['"jö..x"@a.test', '<"jö..x"@a.test>', true],
    ['"a@b\\"c"@a.test', '<"a@b\\"c"@a.test>', false],
    ["jo@[192.0.2.1]", "<jo@[192.0.2.1]>", false],
    ["jo@[IPv6:2001:db8::1]", "<jo@[IPv6:2001:db8::1]>", false],
    ["jo@bücher.test", "<jo@xn--bcher-kva.test>", false],
    ["jö@bücher.test", "<jö@xn--bcher-kva.test>", true],
    ["用户@例え.test", "<用户@xn--r8jz45g.test>", true],
  ])("of %j is %s", (address, text, needsSmtpUtf8) => {
    expect(forwardPath(address)).toEqual({ text, needsSmtpUtf8 });
  });

  it("may be null for a sender, not for a recipient (§4.5.5)", () => {
    expect(reversePath("")).toEqual({ text: "<>", needsSmtpUtf8: false });
    expect(() => forwardPath("")).toThrow(invalid);
  });

  it.each([
    "jo",
    "@a.test",
    "jo@",
    "jo@a.test\r\nDATA",
    "jo\r\n@a.test",
    "jo@a.test>",
    "jo@a.test> SIZE=1",
    "<jo@a.test>",
    "jo hara@a.test",
    "jo@a .test",
    "jo@a\0.test",
    "jo\u0085@a.test",
    "jo\u2028x@a.test",
    '"jo\r\n"@a.test',
    '"jo\u2028x"@a.test',
    '"jo\\\n"@a.test',
    '"a..b@a.test',
    '"jo"hara"@a.test',
    "a,b@a.test",
    "jo@-a.test-",
    "jo@bü cher.test",
    "jo@bü\r\ncher.test",
    "jo@bü/cher.test",
    "jo@bü\\cher.test",
    "jo@bü?cher.test",
    "jo@bü#cher.test",
    "jo@bü%2echer.test",
    "jo@xn--\u{fffd}.test",
  ])("is not made of %j", (address) => {
    expect(() => forwardPath(address)).toThrow(invalid);
    expect(() => reversePath(address)).toThrow(invalid);
  });
});

describe("the lengths of a path (RFC 5321 §4.5.3.1)", () => {
  it("are at most 64 octets before the @", () => {
    expect(forwardPath(`${"x".repeat(64)}@a.test`).text).toHaveLength(73);
    expect(() => forwardPath(`${"x".repeat(65)}@a.test`)).toThrow(invalid);
    expect(() => forwardPath(`${"ö".repeat(33)}@a.test`)).toThrow(invalid);
  });

  it("are at most 254 octets in all, of the A-labels that are sent", () => {
    const domain = `${"abc.".repeat(62)}abcd`;
    expect(domain).toHaveLength(252);
    expect(forwardPath(`j@${domain}`).text).toHaveLength(256);
    expect(() => forwardPath(`jo@${domain}`)).toThrow(invalid);
    expect(() => reversePath(`jo@${domain}`)).toThrow(invalid);
    const label = "ü".repeat(55);
    expect(() => forwardPath(`jo@${label}.${label}.${label}.${label}.test`)).toThrow(invalid);
  });
});
