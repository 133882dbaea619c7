import { describe, expect, it } from "vitest";
import { createMasker, maskAddresses, maskUsername } from "./masking.ts";

describe("addresses", () => {
  it.each([
    ["550 5.1.1 <jo.smith@example.com>: unknown", "550 5.1.1 <***@example.com>: unknown"],
    ["jo+tag@example.com,ada@example.org", "***@example.com,***@example.org"],
    ['"jo smith"@example.com', "***@example.com"],
    ["jö@exämple.com", "***@exämple.com"],
    ["jo@[192.0.2.1]", "***@[192.0.2.1]"],
    ["bounce+jo=example.com@relay.example.net", "***@relay.example.net"],
    ["https://example.com/?to=jo%40example.com", "https:***%40example.com"],
    ["mailto:jo@example.com", "mailto:***@example.com"],
    ["nobody here", "nobody here"],
  ])("lose all but their domains: %s", (text, masked) => {
    expect(maskAddresses(text)).toBe(masked);
  });
});

describe("usernames", () => {
  it("show whether they are addresses", () => {
    expect([maskUsername("jo@example.com"), maskUsername("apikey")]).toEqual(["***@example.com", "***"]);
  });
});

describe("a masker", () => {
  const mask = createMasker(["correct horse", "horse"], ["AKIAIOSFODNN7", "jo"]);

  it("hides secrets as they are, and in the forms in which a relay hands them back", () => {
    const plain = Buffer.from("\0AKIAIOSFODNN7\0correct horse").toString("base64");
    const text = mask(`535 ${plain} correct horse Correct%20Horse`);
    expect(text).not.toMatch(/correct|horse/i);
    expect(text).not.toContain(plain);
  });

  it("hides the names that people sign in with, but for those that stand in other words too", () => {
    expect(mask("535 AKIAIOSFODNN7 is unknown; join us")).toBe("535 *** is unknown; join us");
  });
});
