import { expect, it } from "vitest";
import { age, ageInWords, bytes, duration, rfc3339OrNull, utcDay } from "./format.ts";

it("says how long something took", () => {
  expect([0.4, 12, 1_240, 59_960].map(duration)).toEqual(["< 1 ms", "12 ms", "1.2 s", "1 min 0 s"]);
});

it("says how old something is", () => {
  expect([-5, 40_000, 200_000, 7_300_000, 400_000_000].map(age)).toEqual([
    "0 s",
    "40 s",
    "3 min",
    "2 h",
    "4 days",
  ]);
});

it("says how old something is in a sentence", () => {
  expect(
    [5, 89, 90, 130, 47 * 60, 48 * 60, 4 * 1_440].map((minutes) => ageInWords(minutes * 60_000)),
  ).toEqual(["5 minutes", "89 minutes", "2 hours", "2 hours", "47 hours", "2 days", "4 days"]);
});

it("writes a time and its day in UTC", () => {
  const ms = Date.UTC(2026, 2, 8, 23, 59, 59, 7);
  expect([rfc3339OrNull(ms), rfc3339OrNull(null), utcDay(ms)]).toEqual([
    "2026-03-08T23:59:59.007Z",
    null,
    "2026-03-08",
  ]);
});

it("says how large something is", () => {
  expect([512, 4_200, 36_700_160, 2 ** 40].map(bytes)).toEqual(["512 B", "4.1 KiB", "35.0 MiB", "1.0 TiB"]);
});
