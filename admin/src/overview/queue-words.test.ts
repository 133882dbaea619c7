import { expect, test } from "vitest";
import { queueWords } from "./queue-words.ts";

const now = Date.parse("2026-06-01T12:00:00Z");
const empty = { due: 0, scheduled: 0, sending: 0, oldestDueAt: null };

test.each([
  ["Queue is empty", {}],
  ["12 queued, oldest 3 min, 2 scheduled", { due: 12, scheduled: 2, oldestDueAt: "2026-06-01T11:56:30Z" }],
  ["1 queued", { due: 1, oldestDueAt: "2026-06-01T11:59:30Z" }],
  ["5 sending", { sending: 5 }],
  ["1,234 scheduled", { scheduled: 1_234 }],
])("says %j", (words, queue) => {
  expect(queueWords({ ...empty, ...queue }, now)).toBe(words);
});
