import { expect, test } from "vitest";
import type { SmtpConfig } from "../../api/types.ts";
import { bodyOf, emptyForm, formOf, withFix } from "./form.ts";

test("sends numbers as numbers and what is none as it was typed", () => {
  expect(bodyOf({ ...emptyForm, smtpPort: " 2525 " }).smtpPort).toBe(2525);
  expect(bodyOf({ ...emptyForm, smtpPort: "25abc" }).smtpPort).toBe("25abc");
  expect(bodyOf({ ...emptyForm, smtpPort: "" }).smtpPort).toBe("");
});

test("sends null for text that is left empty", () => {
  expect(bodyOf(emptyForm)).toMatchObject({
    username: null,
    fromName: null,
    replyTo: null,
    maxPerSecond: null,
    maxPerMinute: null,
    maxPerHour: null,
    maxPerDay: null,
    maxRecipientsPerDay: null,
    senders: [],
    bcc: null,
  });
});

test("sends back every setting of a config as it was read", () => {
  const settings = {
    ...bodyOf(emptyForm),
    name: "Shop",
    maxPerSecond: 1,
    maxPerMinute: 2,
    maxPerHour: 3,
    maxPerDay: 4,
    maxRecipientsPerDay: 5,
    senders: ["a@example.com", "@example.org"],
    bcc: "archive@example.com",
  };
  expect(bodyOf(formOf(settings as unknown as SmtpConfig))).toEqual(settings);
});

test("takes senders from lines and from lists that were pasted", () => {
  const senders = " a@example.com \n\n@example.org, b@example.com;c@example.com\n";
  expect(bodyOf({ ...emptyForm, senders }).senders).toEqual([
    "a@example.com",
    "@example.org",
    "b@example.com",
    "c@example.com",
  ]);
});

test("puts a fix into the form's own fields", () => {
  const form = withFix(emptyForm, { smtpPort: 465, tlsMode: "implicit", useTls: true, username: null });
  expect(form).toMatchObject({ smtpPort: "465", tlsMode: "implicit", useTls: true, username: "" });
});

test("leaves out of a fix what the form has no field for", () => {
  expect(withFix(emptyForm, { color: "red", useTls: "yes" })).toEqual(emptyForm);
});
