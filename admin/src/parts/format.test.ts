import { expect, test } from "vitest";
import { formatAge, formatBytes, formatDuration, formatTime } from "./format.ts";

const now = Date.parse("2026-05-01T12:00:00Z");

test.each([
  ["2026-05-01T11:59:58Z", "just now"],
  ["2026-05-01T11:59:20Z", "40 seconds ago"],
  ["2026-05-01T11:45:00Z", "15 minutes ago"],
  ["2026-05-01T14:00:00Z", "in 2 hours"],
])("says how far %s is", (iso, words) => {
  expect(formatTime(iso, now)).toBe(words);
});

test("says the date beyond a day", () => {
  expect(formatTime("2026-04-20T12:00:00Z", now)).toMatch(/^Apr \d+, \d+:\d\d/);
});

test.each([
  [0.2, "< 1 ms"],
  [41.6, "42 ms"],
  [999.6, "1.0 s"],
  [1_234, "1.2 s"],
  [125_000, "2 min 5 s"],
])("writes %d ms as %s", (durationMs, words) => {
  expect(formatDuration(durationMs)).toBe(words);
});

test.each([
  [512, "512 B"],
  [4_200, "4.1 KiB"],
  [2_097_152, "2.0 MiB"],
])("writes %d bytes as %s", (bytes, words) => {
  expect(formatBytes(bytes)).toBe(words);
});

test("says roughly how long something has been so", () => {
  const minute = 60_000;
  const ages = [
    minute,
    59.9 * minute,
    60 * minute,
    47.9 * 60 * minute,
    48 * 60 * minute,
    100 * 1440 * minute,
  ];
  expect(ages.map(formatAge)).toEqual(["1 min", "59 min", "1 h", "47 h", "2 days", "100 days"]);
});
