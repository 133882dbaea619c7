import { describe, expect, test } from "vitest";
import { bodyOf, differences, draftOf, partDifferences, sameDraft } from "./draft.ts";

const en = { subject: "Hi {{ name }}", preheader: null, mjml: "<mj-text>Hi</mj-text>", text: null };
const draft = draftOf({
  description: "Greets",
  sensitive: false,
  isBuiltIn: false,
  expiresAfterMs: 900_000,
  schema: { type: "object", properties: { name: { type: "string" } } },
  example: { name: "Jo" },
  sources: { en },
});

describe("what is saved of a draft", () => {
  test("is everything of one's own template", () => {
    expect(bodyOf(draft, false)).toEqual({
      description: "Greets",
      sensitive: false,
      expiresAfterMs: 900_000,
      schema: { type: "object", properties: { name: { type: "string" } } },
      example: { name: "Jo" },
      sources: { en },
    });
  });

  test("has the usual time where none is typed", () => {
    expect(bodyOf({ ...draft, expiresAfter: " " }, false)).toMatchObject({ expiresAfterMs: null });
    expect(bodyOf({ ...draft, expiresAfter: "90" }, false)).toMatchObject({ expiresAfterMs: 5_400_000 });
  });

  test("is the sources of a built-in one", () => {
    expect(bodyOf({ ...draft, schema: "" }, true)).toEqual({ sources: { en } });
  });

  test("is nothing while its schema or example is no JSON", () => {
    expect(bodyOf({ ...draft, schema: "{" }, false)).toBeNull();
    expect(bodyOf({ ...draft, example: "3" }, false)).toBeNull();
  });
});

describe("two drafts", () => {
  test("differ where a text does, language by language", () => {
    const other = {
      ...draft,
      sources: { en: { ...en, preheader: "News" }, de: { ...en, subject: "Hallo" } },
    };
    expect(differences(draft, other, false)).toEqual([
      { locale: "en", field: "preheader", before: "", after: "News" },
      { locale: "de", field: "subject", before: "", after: "Hallo" },
      { locale: "de", field: "mjml", before: "", after: en.mjml },
    ]);
    expect(sameDraft(draft, other, false)).toBe(false);
  });

  test("of a built-in template are the same whatever data they are tried with", () => {
    const tried = { ...draft, example: '{ "name": "Bo" }' };
    expect(sameDraft(draft, tried, true)).toBe(true);
    expect(sameDraft(draft, tried, false)).toBe(false);
  });

  test("that only differ in the order of languages are the same", () => {
    const two = { ...draft, sources: { de: en, en } };
    expect(sameDraft(two, { ...draft, sources: { en, de: en } }, true)).toBe(true);
  });

  test("tell a text that was left out from one that is empty", () => {
    const empty = { ...draft, sources: { en: { ...en, text: "" } } };
    expect(sameDraft(draft, empty, true)).toBe(false);
  });
});

test("two states of a part differ in HTML and plain text", () => {
  const part = { mjml: "<mj-text>Bye</mj-text>", text: null };
  expect(partDifferences(part, part)).toEqual([]);
  expect(partDifferences(part, { ...part, text: "Bye" })).toEqual([
    { locale: null, field: "text", before: "", after: "Bye" },
  ]);
});
