import { expect, test } from "vitest";
import { jsonFault, placeOfPointer } from "./json-text.ts";

const text = `{
  "name": "Jo",
  "items": [
    { "title": "Mug" },
    { "title": 3 }
  ]
}`;

test("finds what a pointer leads to", () => {
  expect(placeOfPointer(text, "/name")).toEqual({ line: 2, column: 3 });
  expect(placeOfPointer(text, "/items/1")).toEqual({ line: 5, column: 5 });
  expect(placeOfPointer(text, "/items/1/title")).toEqual({ line: 5, column: 7 });
});

test("finds the nearest where something is missing", () => {
  expect(placeOfPointer(text, "/items/0/price")).toEqual({ line: 4, column: 5 });
  expect(placeOfPointer(text, "/total")).toEqual({ line: 1, column: 1 });
});

test("does not mind a text that is no JSON", () => {
  expect(placeOfPointer('{ "name": ', "/name")).toEqual({ line: 1, column: 3 });
  expect(placeOfPointer("", "/name")).toEqual({ line: 1, column: 1 });
});

test.each([
  ['{\n  "a": 1,\n  "b" 2\n}', 3],
  ["[]", 1],
  ["", 1],
])("says where %j stops being an object", (wrong, line) => {
  expect(jsonFault(wrong, "is no JSON")).toMatchObject({ detail: "is no JSON", line });
});

test("finds no fault in an object", () => {
  expect(jsonFault(text, "is no JSON")).toBeNull();
});
