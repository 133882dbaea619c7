import { describe, expect, it } from "vitest";
import { chooseMechanism, exchange } from "./auth.ts";

const jo = { username: "jo", password: "pw", method: "auto" } as const;

describe("choosing a mechanism (RFC 4954 §4)", () => {
  it.each([
    ["auto", ["LOGIN", "PLAIN"], "PLAIN"],
    ["auto", ["LOGIN"], "LOGIN"],
    ["auto", ["XOAUTH2"], null],
    ["auto", ["CRAM-MD5", "GSSAPI"], null],
    ["plain", ["LOGIN"], null],
    ["login", ["PLAIN", "LOGIN"], "LOGIN"],
    ["xoauth2", ["PLAIN", "XOAUTH2"], "XOAUTH2"],
    ["xoauth2", ["PLAIN"], null],
    ["auto", [], null],
  ] as const)("takes for %s out of %j: %s", (method, offered, mechanism) => {
    expect(chooseMechanism(method, offered)).toBe(mechanism);
  });
});

describe("an exchange", () => {
  it("PLAIN is one message with NUL between its parts (RFC 4616 §2)", () => {
    expect(exchange("PLAIN", jo)).toEqual({ command: "AUTH PLAIN AGpvAHB3", answers: [] });
  });

  it("PLAIN carries UTF-8", () => {
    const { command } = exchange("PLAIN", { ...jo, password: "ключ" });
    expect(Buffer.from(command.slice(11), "base64").toString()).toBe("\0jo\0ключ");
  });

  it("LOGIN answers twice", () => {
    expect(exchange("LOGIN", jo)).toEqual({ command: "AUTH LOGIN", answers: ["am8=", "cHc="] });
  });

  it("XOAUTH2 answers the challenge that reports an error with an empty line", () => {
    const { command, answers } = exchange("XOAUTH2", { ...jo, password: "token" });
    expect(Buffer.from(command.slice(13), "base64").toString()).toBe(
      "user=jo\u0001auth=Bearer token\u0001\u0001",
    );
    expect(answers).toEqual([""]);
  });

  it("waits for the 334 where the initial response would make the command too long (RFC 4954 §4)", () => {
    const long = exchange("XOAUTH2", { ...jo, password: "t".repeat(400) });
    expect(long.command).toBe("AUTH XOAUTH2");
    expect(long.answers).toHaveLength(2);
    for (let length = 1; length < 500; length++) {
      const { command } = exchange("PLAIN", { ...jo, password: "x".repeat(length) });
      expect(command.length + 2).toBeLessThanOrEqual(512);
    }
  });

  it("refuses credentials that hold the separators", () => {
    expect(() => exchange("PLAIN", { ...jo, username: "a\0b" })).toThrow(/control character/);
    expect(() => exchange("XOAUTH2", { ...jo, password: "a\u0001b" })).toThrow(/control character/);
    expect(() => exchange("LOGIN", { ...jo, password: "a\0b" })).not.toThrow();
  });
});
