import { describe, expect, it } from "vitest";
import type { SmtpReply } from "../core/model.ts";
import { chooseMechanisms, exchange, refusalIn } from "./auth.ts";

const relay = { host: "smtp.example.com", port: 587 };
const jo = { username: "jo", password: "pw", method: "auto" } as const;

describe("choosing mechanisms (RFC 4954 §4)", () => {
  it.each([
    ["auto", ["LOGIN", "PLAIN"], ["PLAIN", "LOGIN"]],
    ["auto", ["LOGIN"], ["LOGIN"]],
    ["auto", ["XOAUTH2"], []],
    ["auto", ["CRAM-MD5", "GSSAPI"], []],
    ["plain", ["LOGIN"], []],
    ["login", ["PLAIN", "LOGIN"], ["LOGIN"]],
    ["xoauth2", ["PLAIN", "XOAUTH2"], ["XOAUTH2"]],
    ["xoauth2", ["PLAIN"], []],
    ["auto", [], []],
    ["oauth", ["PLAIN", "OAUTHBEARER", "XOAUTH2"], ["XOAUTH2", "OAUTHBEARER"]],
    ["oauth", ["PLAIN", "OAUTHBEARER"], ["OAUTHBEARER"]],
    ["oauth", ["PLAIN", "LOGIN"], []],
    ["xoauth2", ["OAUTHBEARER"], []],
  ] as const)("takes for %s out of %j: %j, the best first", (method, offered, mechanisms) => {
    expect(chooseMechanisms(method, offered)).toEqual(mechanisms);
  });
});

describe("an exchange", () => {
  it("PLAIN is one message with NUL between its parts (RFC 4616 §2)", () => {
    expect(exchange("PLAIN", jo, relay)).toEqual({ command: "AUTH PLAIN AGpvAHB3", answers: [] });
  });

  it("PLAIN carries UTF-8", () => {
    const { command } = exchange("PLAIN", { ...jo, password: "ключ" }, relay);
    expect(Buffer.from(command.slice(11), "base64").toString()).toBe("\0jo\0ключ");
  });

  it("LOGIN answers twice", () => {
    expect(exchange("LOGIN", jo, relay)).toEqual({ command: "AUTH LOGIN", answers: ["am8=", "cHc="] });
  });

  it("XOAUTH2 answers the challenge that reports an error with an empty line", () => {
    const { command, answers } = exchange("XOAUTH2", { ...jo, password: "token" }, relay);
    expect(Buffer.from(command.slice(13), "base64").toString()).toBe(
      "user=jo\u0001auth=Bearer token\u0001\u0001",
    );
    expect(answers).toEqual([""]);
  });

  it("OAUTHBEARER names the relay, and answers the challenge that reports an error with %x01 (RFC 7628 §3.1, §4.3)", () => {
    const { command, answers } = exchange(
      "OAUTHBEARER",
      { ...jo, username: "jo,e=x", password: "token" },
      relay,
    );
    expect(command).toMatch(/^AUTH OAUTHBEARER \S+$/);
    expect(Buffer.from(command.slice(17), "base64").toString()).toBe(
      "n,a=jo=2Ce=3Dx,\u0001host=smtp.example.com\u0001port=587\u0001auth=Bearer token\u0001\u0001",
    );
    expect(answers).toEqual(["AQ=="]);
  });

  it("waits for the 334 where the initial response would make the command too long (RFC 4954 §4)", () => {
    const long = exchange("XOAUTH2", { ...jo, password: "t".repeat(400) }, relay);
    expect(long.command).toBe("AUTH XOAUTH2");
    expect(long.answers).toHaveLength(2);
    for (let length = 1; length < 500; length++) {
      const { command } = exchange("PLAIN", { ...jo, password: "x".repeat(length) }, relay);
      expect(command.length + 2).toBeLessThanOrEqual(512);
    }
  });

  it("refuses credentials that hold the separators", () => {
    expect(() => exchange("PLAIN", { ...jo, username: "a\0b" }, relay)).toThrow(/control character/);
    expect(() => exchange("XOAUTH2", { ...jo, password: "a\u0001b" }, relay)).toThrow(/control character/);
    expect(() => exchange("LOGIN", { ...jo, password: "a\0b" }, relay)).not.toThrow();
  });
});

describe("the challenge that refuses a token (RFC 7628 §3.2.2)", () => {
  const challenge = (text: string): SmtpReply => ({
    code: 334,
    enhancedCode: null,
    lines: [Buffer.from(text).toString("base64")],
  });

  it("is read as words", () => {
    const json = '{"status":"invalid_token","schemes":"bearer","scope":"https://mail.google.com/"}';
    expect(refusalIn(challenge(json))).toBe(
      "status invalid_token, schemes bearer, scope https://mail.google.com/",
    );
  });

  it.each(["", "{}", "[]", "null", "Username:", '{"status":', '"status"'])("is not %j", (text) => {
    expect(refusalIn(challenge(text))).toBeNull();
  });

  it("is cut and cleaned before anybody reads it", () => {
    const long = refusalIn(challenge(JSON.stringify({ status: `4\n00${"x".repeat(10_000)}` })));
    expect(long).toMatch(/^status 4 00x+$/);
    expect(long).toHaveLength(500);
  });
});
