import { expect, test } from "vitest";
import { type Brand, brandOf, formOf } from "./brand.ts";

const nothing: Brand = { name: null, url: null, logoUrl: null, color: null, address: null, footerLinks: [] };

test("leaves out what is left empty", () => {
  expect(brandOf(formOf(nothing))).toEqual(nothing);
  expect(brandOf({ ...formOf(nothing), name: "  ", url: " https://example.com/ " })).toEqual({
    ...nothing,
    url: "https://example.com/",
  });
});

test("leaves out a link of which nothing was typed, and keeps one that is half typed", () => {
  const links = [
    { label: " Help ", url: "https://example.com/help" },
    { label: "", url: " " },
    { label: "Terms", url: "" },
  ];
  expect(brandOf({ ...formOf(nothing), footerLinks: links }).footerLinks).toEqual([
    { label: "Help", url: "https://example.com/help" },
    { label: "Terms", url: "" },
  ]);
});
