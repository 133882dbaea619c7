import { expect, test } from "vitest";
import { bodyOf, emptyForm, withFix } from "./form.ts";

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
  });
});

test("puts a fix into the form's own fields", () => {
  const form = withFix(emptyForm, { smtpPort: 465, tlsMode: "implicit", useTls: true, username: null });
  expect(form).toMatchObject({ smtpPort: "465", tlsMode: "implicit", useTls: true, username: "" });
});

test("leaves out of a fix what the form has no field for", () => {
  expect(withFix(emptyForm, { color: "red", useTls: "yes" })).toEqual(emptyForm);
});
