import { expect, test } from "vitest";
import { evidenceWords } from "./evidence.ts";

test.each([
  ["resolve", { addresses: ["192.0.2.1", "2001:db8::1"] }, "192.0.2.1 · 2001:db8::1"],
  [
    "ehlo",
    { extensions: ["SIZE"], maxMessageBytes: 36_700_160, authMechanisms: ["PLAIN", "LOGIN"] },
    "accepts up to 35.0 MiB · authentication: PLAIN, LOGIN",
  ],
  [
    "tls",
    { version: "TLSv1.3", names: ["smtp.example.com", "mx.example.com"], daysLeft: 61 },
    "TLSv1.3 · certificate for smtp.example.com and 1 more · 61 days left",
  ],
  ["auth", { offered: ["PLAIN"], mechanism: "PLAIN" }, "PLAIN"],
  ["sender", { from: "a@example.com", reply: "250 ok" }, "a@example.com · 250 ok"],
  ["auth", { reply: "535 5.7.8 no" }, "535 5.7.8 no"],
] as const)("says what %s saw", (stage, evidence, words) => {
  expect(evidenceWords({ stage, evidence })).toBe(words);
});

test("says nothing where nothing was seen, or something unknown", () => {
  expect(evidenceWords({ stage: "starttls", evidence: {} })).toBeNull();
  expect(evidenceWords({ stage: "tls", evidence: { version: 3, names: "x" } })).toBeNull();
});
