import { expect, test } from "vitest";
import { detailWords } from "./detail-words.ts";

test("writes the detail of an entry in one line", () => {
  const detail = { name: "Main", changed: ["smtpServer", "smtpPort"], password: "set", count: 2 };
  expect(detailWords(detail)).toBe("name: Main · changed: smtpServer, smtpPort · password: set · count: 2");
});

test("leaves out what says nothing", () => {
  expect(detailWords({ changed: [], target: null, name: "" })).toBe("");
});
