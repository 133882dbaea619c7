import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SmtpReply } from "../core/model.ts";
import { classOf, type Parsed, quote, ReplyParser } from "./reply.ts";

function parse(...chunks: string[]): Parsed[] {
  const parser = new ReplyParser();
  return chunks.flatMap((chunk) => parser.push(Buffer.from(chunk)));
}
function replies(text: string): SmtpReply[] {
  return parse(text).flatMap((parsed) => (parsed.kind === "reply" ? [parsed.reply] : []));
}
function faults(text: string): string[] {
  return parse(text).flatMap((parsed) => (parsed.kind === "fault" ? [parsed.reason] : []));
}

describe("a reply (RFC 5321 §4.2)", () => {
  it("is a code, a separator and text", () => {
    expect(replies("250 OK\r\n")).toEqual([{ code: 250, enhancedCode: null, lines: ["OK"] }]);
  });

  it("has as many lines as hyphens say, and one more", () => {
    expect(replies("250-a\r\n250-\r\n250 c\r\n")).toEqual([
      { code: 250, enhancedCode: null, lines: ["a", "", "c"] },
    ]);
  });

  it("may be a code alone", () => {
    expect(replies("354\r\n250-\r\n250\r\n").map(({ code, lines }) => [code, lines])).toEqual([
      [354, [""]],
      [250, ["", ""]],
    ]);
  });

  it("is the same however its bytes are cut", () => {
    const text = "220-größer\r\n220 b\r\n250-x\r\n250 y\r\n550 5.1.1 z\r\n";
    const whole = parse(text);
    fc.assert(
      fc.property(fc.array(fc.nat(Buffer.byteLength(text))), (cuts) => {
        const bytes = Buffer.from(text);
        const parser = new ReplyParser();
        const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const parsed = at.slice(1).flatMap((end, i) => parser.push(bytes.subarray(at[i], end)));
        expect(parsed).toEqual(whole);
      }),
    );
  });

  it("may end its lines in a bare LF", () => {
    expect(replies("250-a\n250 b\n")).toEqual([{ code: 250, enhancedCode: null, lines: ["a", "b"] }]);
  });

  it("counts by its first digit where the code is unknown (§4.2.1)", () => {
    const classes = replies("299 a\r\n399 b\r\n499 c\r\n599 d\r\n").map(classOf);
    expect(classes).toEqual([2, 3, 4, 5]);
  });

  it("is no reply where the lines carry different codes (§4.2.1)", () => {
    expect(parse("250-ok\r\n550 no\r\n")).toEqual([
      { kind: "fault", reason: "the lines of its reply have different codes" },
    ]);
  });

  it.each([
    ["another protocol", "HTTP/1.1 400 Bad Request\r\n"],
    ["POP3", "+OK ready\r\n"],
    ["the unused class 1yz", "150 hold on\r\n"],
    ["a code above 5yz", "650 what\r\n"],
    ["two digits", "25 ok\r\n"],
    ["four digits", "2500 ok\r\n"],
    ["a wrong separator", "250:ok\r\n"],
    ["an empty line", "\r\n"],
    ["a leading blank", " 250 ok\r\n"],
  ])("is not %s", (_, text) => {
    expect(faults(text)).toHaveLength(1);
    expect(replies(text)).toEqual([]);
  });

  it("does not repeat what is no reply", () => {
    expect(JSON.stringify(parse("secret of another service\r\n"))).not.toContain("secret");
  });

  it("keeps those before a fault and reads none after it", () => {
    const kinds = parse("250 a\r\nnonsense\r\n250 b\r\n", "250 c\r\n").map(({ kind }) => kind);
    expect(kinds).toEqual(["reply", "fault"]);
  });

  it("holds no control characters", () => {
    expect(replies("250 a\u001b[2Jb\rc\0\u0085d\r\n")[0]?.lines).toEqual(["a�[2Jb�c��d"]);
  });
});

describe("the bounds of a reply (RFC 5321 §4.5.3.1.5, and then some)", () => {
  it("take a line longer than 512 octets", () => {
    expect(replies(`250 ${"x".repeat(2000)}\r\n`)).toHaveLength(1);
  });

  it("refuse a line without end, before its end", () => {
    const parser = new ReplyParser();
    expect(parser.push(Buffer.alloc(4096, "2"))).toEqual([]);
    expect(parser.push(Buffer.from("22"))[0]?.kind).toBe("fault");
    expect(parser.push(Buffer.from("\r\n250 ok\r\n"))).toEqual([]);
  });

  it("refuse an overlong line that comes at once", () => {
    expect(faults(`250 ${"x".repeat(5000)}\r\n`)).toHaveLength(1);
  });

  it("refuse lines without number", () => {
    expect(faults("250-x\r\n".repeat(256))).toEqual([]);
    expect(faults("250-x\r\n".repeat(257))).toEqual(["its reply has too many lines"]);
  });

  it("refuse too many bytes", () => {
    expect(faults(`250-${"x".repeat(4000)}\r\n`.repeat(17))).toEqual(["its reply is too long"]);
  });

  it("begin anew with each reply", () => {
    expect(replies(`250 ${"x".repeat(4000)}\r\n`.repeat(100))).toHaveLength(100);
  });
});

describe("an enhanced code (RFC 3463, RFC 2034)", () => {
  it.each([
    ["250 2.1.5 ok", "2.1.5"],
    ["451 4.7.100 wait", "4.7.100"],
    ["550 5.1.1", "5.1.1"],
    ["550-5.1.1 a\r\n550 5.1.1 b", "5.1.1"],
  ])("is read from %j", (line, enhanced) => {
    expect(replies(`${line}\r\n`)[0]?.enhancedCode).toBe(enhanced);
  });

  it.each([
    ["450 5.1.1 another class"],
    ["550 4.1.1 another class"],
    ["354 3.0.0 no such class"],
    ["550 5.1 too few"],
    ["550 5.1.1.1 too many"],
    ["550 5.01.1 a leading zero"],
    ["550 5.1000.1 too large"],
    ["550 user 5.1.1 not at the start"],
    ["550 5.1.1x"],
  ])("does not count in %j", (line) => {
    expect(replies(`${line}\r\n`)[0]?.enhancedCode).toBeNull();
  });
});

it("quotes a reply on one line, cut where it is long", () => {
  expect(quote({ code: 550, enhancedCode: null, lines: ["no", "never"] })).toBe("550 no never");
  expect(quote({ code: 354, enhancedCode: null, lines: [""] })).toBe("354");
  expect(quote({ code: 550, enhancedCode: null, lines: ["x".repeat(900)] })).toHaveLength(500);
});
