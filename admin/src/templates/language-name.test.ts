import { expect, test } from "vitest";
import { languageName, languageTag } from "./language-name.ts";

test("names a language, and gives the tag of one that has no name", () => {
  expect([languageName("de"), languageName("pt-BR"), languageName("qaa-x")]).toEqual([
    "German",
    "Brazilian Portuguese",
    "qaa-x",
  ]);
});

test("writes a tag as usual, and takes nothing else for one", () => {
  expect([languageTag(" PT-br "), languageTag("de"), languageTag("not a tag"), languageTag("")]).toEqual([
    "pt-BR",
    "de",
    null,
    null,
  ]);
});
