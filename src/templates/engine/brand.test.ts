import { describe, expect, it } from "vitest";
import { brandScope } from "./brand.ts";

describe("brandScope", () => {
  it("writes on the brand's colour in what reads better on it", () => {
    expect(brandScope({ color: "#0f766e" }).onColor).toBe("#ffffff");
    expect(brandScope({ color: "#ffd400" }).onColor).toBe("#111111");
  });

  it("moves a link's colour only as far as it must to be read", () => {
    expect(brandScope({ color: "#0f766e" }).linkColor).toBe("#0f766e");
    expect(brandScope({ color: "#ffd400" }).linkColor).not.toBe("#ffd400");
    expect(brandScope({ color: "#ffd400" }).linkColorDark).toBe("#ffd400");
    expect(brandScope({ color: "#000000" }).linkColorDark).toMatch(/^#([7-9a-f])\w(\1)\w(\1)\w$/);
  });
});
