import { expect, test } from "vitest";
import { preferredLocale } from "./preferred-locale.ts";

test.each([
  ["de-CH,de;q=0.9,en;q=0.8", "de-CH"],
  ["en;q=0.5, FR-ca", "fr-CA"],
  ["pt-BR,pt;q=0.9,ja;q=0.1", "ja"],
  ["den", undefined],
  ["de;q=0, *", undefined],
  ["../../etc, \u00a0;;;,=", undefined],
  ["", undefined],
])("of %j the language is %s", (header, locale) => {
  expect(preferredLocale(header, ["en", "de", "fr", "ja"])).toBe(locale);
});
