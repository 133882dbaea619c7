import { describe, expect, it } from "vitest";
import { checkClock, checkSkew } from "./clock.ts";

const now = Date.UTC(2026, 5, 1);

describe("the clock", () => {
  it("is believed where nothing speaks against it", () => {
    expect(checkClock(now, null).status).toBe("ok");
    expect(checkClock(now, now + 1_500).status).toBe("ok");
    expect(checkClock(now, now - 86_400_000).status).toBe("ok");
  });

  it("is not where Sendwright is older than what it says", () => {
    expect(checkClock(0, null)).toMatchObject({
      status: "failed",
      found: expect.stringMatching(/1970-01-01/),
    });
  });

  it("went back where the database knows a later time", () => {
    expect(checkClock(now, now + 3_600_000)).toMatchObject({
      status: "failed",
      found: expect.stringMatching(/clock was set back/),
    });
  });
});

describe("the database's clock", () => {
  const skew = (offMs: number) => checkSkew({ version: "18.1", now: now + offMs }, now - 40, now + 40);

  it("may differ by as long as the question takes, and a little", () => {
    expect([skew(0), skew(40), skew(-1_500)].map(({ status }) => status)).toEqual(["ok", "ok", "ok"]);
  });

  it("wants attention by seconds, and does harm by many", () => {
    expect(skew(5_040)).toMatchObject({ status: "warning", found: expect.stringMatching(/5\.0 s ahead of/) });
    expect(skew(-5_040)).toMatchObject({ status: "warning", found: expect.stringMatching(/5\.0 s behind/) });
    expect(skew(20_040)).toMatchObject({ status: "failed" });
  });
});
