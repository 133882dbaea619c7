import { expect, test } from "vitest";
import { mutants } from "../../simulation/mutants/catalog.ts";
import { mutated } from "../../simulation/mutants/mutate.ts";

test.each(mutants)("the mutant $name edits texts that are in the sources", (mutant) => {
  expect(mutated(mutant).size).toBeGreaterThan(0);
});

test("a mutant whose text is not in its source is an error", () => {
  const edit = { file: "src/core/clock.ts", find: "no such text", replace: "" };
  const mutant = { name: "lost", fault: "none", edits: [edit], maxRuns: 1 } as const;
  expect(() => mutated(mutant)).toThrow(/text of the mutant lost is 0 times in src\/core\/clock.ts/);
});
