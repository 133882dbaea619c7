import { expect, test } from "vitest";
import { typedNumber } from "./typed-number.ts";

test("makes a number of digits, and leaves the rest for the server to judge", () => {
  expect(["30", " 30 ", "", "3.5", "-1", "30d"].map(typedNumber)).toEqual([30, 30, "", "3.5", "-1", "30d"]);
});
