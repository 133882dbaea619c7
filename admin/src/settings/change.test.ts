import { expect, test } from "vitest";
import { changeOf, same } from "./change.ts";

const brand = {
  name: "Fjord Supply",
  color: null,
  footerLinks: [{ label: "Help", url: "https://a.example/" }],
};

test("a change of an object has the fields that differ, and no other", () => {
  expect(changeOf<unknown>(brand, { ...brand, color: "#0f766e" })).toEqual({ color: "#0f766e" });
  expect(changeOf<unknown>(brand, { ...brand, name: null })).toEqual({ name: null });
  expect(changeOf<unknown>(brand, { ...brand, footerLinks: [] })).toEqual({ footerLinks: [] });
  expect(changeOf<unknown>(brand, { ...brand })).toEqual({});
});

test.each([
  [30, 60],
  [null, "https://hook.example.com/"],
  [["a@example.com", "b@example.com"], ["b@example.com"]],
  [["a@example.com"], null],
])("a change of %j to %j is the whole value", (before, after) => {
  expect(changeOf<unknown>(before, after)).toEqual(after);
});

test("values are the same if they say the same", () => {
  expect(same(brand, structuredClone(brand))).toBe(true);
  expect(same(null, [])).toBe(false);
});
