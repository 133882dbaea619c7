import { expect, test } from "vitest";
import { emailSearch, filterOf } from "./search.ts";

test("the address bar gives what it knows, numbers as text", () => {
  const search = emailSearch({
    state: "failed",
    tag: 1017,
    q: "",
    config: ["a"],
    colour: "red",
    after: "id",
  });
  expect(filterOf(search)).toEqual({ state: "failed", tag: "1017" });
  expect(search.after).toBe("id");
  expect(filterOf(emailSearch({ state: "lost" }))).toEqual({});
});
