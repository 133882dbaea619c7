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
