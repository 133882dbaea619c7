import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../core/environment.ts";
import { checkEnvironment, checkNode, withoutCredentials } from "./environment.ts";

const found = (env: Record<string, string>) =>
  checkEnvironment(readEnvironment(env)).map(({ title, status }) => [title, status]);

describe("the environment", () => {
  it("is well as it is by default", () => {
    expect(found({})).toEqual([["Public URL", "ok"]]);
    expect(found({ SENDWRIGHT_PUBLIC_URL: "https://mail.example.com" })).toEqual([["Public URL", "ok"]]);
    expect(found({ SENDWRIGHT_PUBLIC_URL: "http://[::1]:4650" })).toEqual([["Public URL", "ok"]]);
  });

  it("wants attention where a variable means nothing", () => {
    expect(found({ SENDWRIGHT_PROT: "1" })).toEqual([
      ["SENDWRIGHT_PROT", "warning"],
      ["Public URL", "ok"],
    ]);
  });

  it("wants attention where passwords travel in the clear, or links lead nowhere", () => {
    expect(found({ SENDWRIGHT_PUBLIC_URL: "http://mail.example.com" })).toEqual([["Public URL", "warning"]]);
    expect(found({ SENDWRIGHT_HOST: "0.0.0.0" })).toEqual([["Public URL", "warning"]]);
  });

  it.each([
    ["all", []],
    ["only:@acme.test", [["Recipients", "warning"]]],
    ["capture", [["Recipients", "warning"]]],
    ["only:", [["Recipients", "failed"]]],
  ])("says who gets mail: %s", (rule, checks) => {
    expect(found({ SENDWRIGHT_RECIPIENTS: rule })).toEqual([["Public URL", "ok"], ...checks]);
  });

  it("fails where mail is to be captured without the sandbox", () => {
    const env = { SENDWRIGHT_RECIPIENTS: "capture", SENDWRIGHT_SANDBOX_PORT: "0" };
    expect(found(env)).toContainEqual(["Recipients", "failed"]);
  });
});

describe("the version of Node.js", () => {
  it.each([
    ["22.17.1", "failed"],
    ["22.18.0", "ok"],
    ["24.1.0", "ok"],
  ])("%s is %s", (version, status) => {
    expect(checkNode(version).status).toBe(status);
  });
});

it("shows an address without what lets somebody in", () => {
  expect(withoutCredentials("postgres://app:secret@db.example.com:5433/mail?password=secret")).toBe(
    "postgres://db.example.com:5433/mail",
  );
});
