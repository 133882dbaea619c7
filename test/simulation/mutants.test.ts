import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { mutants } from "../../simulation/mutants/catalog.ts";
import { mutated } from "../../simulation/mutants/mutate.ts";

test.each(mutants)("the mutant $name edits texts that are in the sources", (mutant) => {
  expect(mutated(mutant).size).toBeGreaterThan(0);
});

const main = fileURLToPath(new URL("../../simulation/main.ts", import.meta.url));

if (process.env.SENDWRIGHT_TEST_FAULTS === "long") {
  test("the simulator finds every mutant", { timeout: 14_400_000 }, async () => {
    const child = spawn(process.execPath, [main, "--mutants"], { stdio: "inherit" });
    expect(await once(child, "exit")).toEqual([0, null]);
  });
}

test("a mutant whose text is not in its source is an error", () => {
  const edit = { file: "src/core/clock.ts", find: "no such text", replace: "" };
  const mutant = { name: "lost", fault: "none", edits: [edit], maxRuns: 1 } as const;
  expect(() => mutated(mutant)).toThrow(/text of the mutant lost is 0 times in src\/core\/clock.ts/);
});
