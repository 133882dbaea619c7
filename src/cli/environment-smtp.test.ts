import { expect, test } from "vitest";
import { readEnvironment } from "../core/environment.ts";
import { environmentSmtp } from "./environment-smtp.ts";

function read(variables: Record<string, string>) {
  return environmentSmtp(readEnvironment(variables).options);
}

test("sets no config unless a variable does", () => {
  expect(read({ SENDWRIGHT_PORT: "4650" })).toBeUndefined();
});

test("sets a config from a server and a sender: STARTTLS on the submission port, no sign-in", () => {
  expect(
    read({ SENDWRIGHT_SMTP_HOST: "smtp.example.com", SENDWRIGHT_SMTP_FROM: "shop@example.com" }),
  ).toEqual({
    smtpServer: "smtp.example.com",
    smtpPort: 587,
    useTls: true,
    tlsMode: "auto",
    username: null,
    password: null,
    fromEmail: "shop@example.com",
    fromName: null,
  });
});

test("takes a sender with a name", () => {
  const found = read({
    SENDWRIGHT_SMTP_HOST: "smtp.example.com",
    SENDWRIGHT_SMTP_FROM: '"Shop, the good one" <shop@example.com>',
  });
  expect(found).toMatchObject({ fromEmail: "shop@example.com", fromName: "Shop, the good one" });
});

test("switches TLS off only by that word", () => {
  const found = { SENDWRIGHT_SMTP_HOST: "localhost", SENDWRIGHT_SMTP_FROM: "a@b.example" };
  expect(read({ ...found, SENDWRIGHT_SMTP_TLS: "off" })).toMatchObject({ useTls: false, tlsMode: "auto" });
  expect(() => read({ ...found, SENDWRIGHT_SMTP_TLS: "false" })).toThrow(/SENDWRIGHT_SMTP_TLS/);
});

test("names every variable that is missing or wrong, and never the password", () => {
  const wrong = () =>
    read({
      SENDWRIGHT_SMTP_PORT: "70000",
      SENDWRIGHT_SMTP_PASSWORD: "hunter2 and more",
      SENDWRIGHT_SMTP_FROM: "nobody",
    });
  expect(wrong).toThrow(/SENDWRIGHT_SMTP_HOST is required/);
  expect(wrong).toThrow(/SENDWRIGHT_SMTP_PORT must be a whole number from 1 to 65535/);
  expect(wrong).toThrow(/SENDWRIGHT_SMTP_FROM/);
  expect(wrong).toThrow(/SENDWRIGHT_SMTP_PASSWORD requires a username/);
  expect(wrong).not.toThrow(/hunter2/);
});

test("wants the password of a username", () => {
  expect(() =>
    read({
      SENDWRIGHT_SMTP_HOST: "smtp.example.com",
      SENDWRIGHT_SMTP_FROM: "shop@example.com",
      SENDWRIGHT_SMTP_USERNAME: "shop",
    }),
  ).toThrow(/SENDWRIGHT_SMTP_PASSWORD is required: SENDWRIGHT_SMTP_USERNAME is set/);
});

test.each([
  ["Doe, Jo <jo@example.com>", 'put the name in double quotes, as in "Doe, Jo" <jo@example.com>'],
  ["a@example.com, b@example.com", "it contains several addresses; send them as a list"],
  ["Jo jo@example.com>", "its angle brackets don't contain one address"],
])("says what is wrong with the sender %s as the API does, and nothing else", (from, fault) => {
  const message = `SENDWRIGHT_SMTP_FROM can't be used: "${from}" is not a valid email address: ${fault}.`;
  expect(() => read({ SENDWRIGHT_SMTP_HOST: "smtp.example.com", SENDWRIGHT_SMTP_FROM: from })).toThrow(
    expect.objectContaining({ message }),
  );
});
