import fc from "fast-check";
import { expect, it } from "vitest";
import * as server from "../../../../src/smtp-configs/invisible.ts";
import { holdsInvisible } from "./invisible.ts";

it.each([
  ["abcd\u00a0efgh", true],
  ["\ufeffabcd", true],
  ["abcd\u200b", true],
  ["abcd ", true],
  ["abcd efgh", false],
  ["", false],
])("sees what nobody sees in %j: %s", (text, expected) => {
  expect(holdsInvisible(text)).toBe(expected);
});

it("sees the same as the server", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(holdsInvisible(text)).toBe(server.holdsInvisible(text));
    }),
  );
});
