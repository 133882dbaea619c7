import { describe, expect, it } from "vitest";
import { accountHider } from "./account.ts";

describe("the name of an account in what a relay says", () => {
  const hide = accountHider(["bar@example.com", "jo", "apikey"]);

  it.each([
    ["550 5.4.5 Daily limit exceeded for bar@example.com", "550 5.4.5 Daily limit exceeded for ********"],
    ["not owned by user BAR@example.com.", "not owned by user ********."],
    ["<bar@example.com>: rejected", "<********>: rejected"],
    ["for bar%40example.com", "for ********"],
    [`for ${Buffer.from("bar@example.com").toString("base64")}`, "for ********"],
    ["user jo may not", "user ******** may not"],
    ["(jo)", "(********)"],
  ])("is hidden in %j", (said, shown) => {
    expect(hide(said)).toBe(shown);
  });

  it.each(["please join, mojo", "jo@example.net is unknown", "the apikeys", "nothing"])(
    "is not seen in %j: a short name stands in other words",
    (said) => {
      expect(hide(said)).toBe(said);
    },
  );

  it("is nothing where there is none", () => {
    expect(accountHider([])("as it is")).toBe("as it is");
    expect(accountHider([""])("as it is")).toBe("as it is");
  });
});
