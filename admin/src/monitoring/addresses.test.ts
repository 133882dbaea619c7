import { expect, test } from "vitest";
import { addressesIn } from "./addresses.ts";

test("takes addresses apart however they are listed", () => {
  expect(addressesIn("a@example.com, b@example.com;\nc@example.com  ")).toEqual([
    "a@example.com",
    "b@example.com",
    "c@example.com",
  ]);
});

test("an empty list is none: all admins are told then", () => {
  expect(addressesIn(" \n ")).toBeNull();
});
