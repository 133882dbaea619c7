import { describe, expect, test } from "vitest";
import { type PasswordSituation, passwordState, passwordToSend } from "./password.ts";

const saved: PasswordSituation = {
  entry: { kind: "untouched" },
  isSaved: true,
  isElsewhere: false,
  isUnusable: false,
  hasUsername: true,
};
const typed = { kind: "typed", value: "s3cret" } as const;
const cleared = { kind: "typed", value: "" } as const;

describe("the password field", () => {
  test.each([
    ["takes one where none is saved", { isSaved: false }, "none"],
    ["shows the mask while nothing changed", {}, "saved"],
    ["replaces the saved one", { entry: typed }, "replacing"],
    ["removes the saved one", { entry: { kind: "removed" } }, "removing"],
    ["must be filled again for another destination", { isElsewhere: true }, "required"],
    [
      "stays to be filled while it is typed for another destination",
      { isElsewhere: true, entry: typed },
      "required",
    ],
    ["must be filled again after a broken seal", { isUnusable: true }, "required"],
    ["is off without a username", { hasUsername: false, isElsewhere: true }, "off"],
  ] as const)("%s", (_, change, state) => {
    expect(passwordState({ ...saved, ...change })).toBe(state);
  });
});

describe("the password in the body", () => {
  test.each([
    ["is the mask to keep it", {}, "********"],
    ["is null to remove it", { entry: { kind: "removed" } }, null],
    ["is null where none was saved or typed", { isSaved: false }, null],
    ["is what was typed where none was saved", { isSaved: false, entry: typed }, "s3cret"],
    ["is what was typed to replace it", { entry: typed }, "s3cret"],
    ["is what was typed for another destination", { isElsewhere: true, entry: typed }, "s3cret"],
    ["goes with the username", { hasUsername: false, entry: typed }, null],
  ] as const)("%s", (_, change, value) => {
    expect(passwordToSend({ ...saved, ...change })).toBe(value);
  });

  test.each([
    ["for another destination", { isElsewhere: true }],
    ["for another destination, emptied", { isElsewhere: true, entry: cleared }],
    ["after a broken seal", { isUnusable: true }],
    ["to replace the saved one with nothing", { entry: cleared }],
  ] as const)("is missing %s", (_, change) => {
    expect(passwordToSend({ ...saved, ...change })).toBeUndefined();
  });
});
