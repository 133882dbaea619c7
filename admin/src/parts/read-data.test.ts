import { expect, test } from "vitest";
import { readData } from "./read-data.ts";

test("reads an object", () => {
  expect(readData('{ "name": "Jo" }')).toEqual({ name: "Jo" });
});

test.each(["", "{", "[]", "null", "3"])("takes %j for no data", (text) => {
  expect(readData(text)).toBeNull();
});
