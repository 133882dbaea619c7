import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { compose, messages } from "./messages.ts";

describe.each(Object.entries(messages))("%s.eml", (name, input) => {
  it("has the bytes that it always had", async () => {
    const golden = await readFile(new URL(`./${name}.eml`, import.meta.url), "latin1");
    expect(compose(input).toString("latin1")).toBe(golden);
  });
});
