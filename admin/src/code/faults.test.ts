import { Text } from "@codemirror/state";
import { expect, test } from "vitest";
import { spanOf } from "./faults.ts";

const source = Text.of(["<mj-text>Hi {{ nmae }}</mj-text>", "<mj-txt>", ""]);

function shown(line: number | null, column: number | null): string {
  const { from, to } = spanOf(source, { line, column });
  return source.sliceString(from, to);
}

test("underlines the word that is wrong", () => {
  expect(shown(2, 1)).toBe("<mj-txt");
  expect(shown(1, 13)).toBe("{{ nmae");
  expect(shown(1, 16)).toBe("nmae");
});

test("underlines the line where the column is not known, and the first where nothing is", () => {
  expect(shown(2, null)).toBe("<mj-txt>");
  expect(shown(null, null)).toBe("<mj-text>Hi {{ nmae }}</mj-text>");
});

test("stays within a text that became shorter meanwhile", () => {
  expect(shown(99, 99)).toBe("");
  expect(shown(2, 99)).toBe(">");
});
