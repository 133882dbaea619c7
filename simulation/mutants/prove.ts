import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { mutants } from "./catalog.ts";
import type { Mutant } from "./mutant.ts";
import { mutated } from "./mutate.ts";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

/** What a simulator prints of each seed. */
interface Line {
  readonly seed: number;
  readonly invariant: string | null;
}

/**
 * Runs the simulator with each mutant until it behaves otherwise than without: a promise is broken that was kept.
 * Prints a table. @returns whether every one was found.
 */
export async function proveMutants(given: {
  readonly seed: number;
  readonly only: string | undefined;
}): Promise<boolean> {
  const chosen = mutants.filter(({ name }) => given.only === undefined || name === given.only);
  for (const mutant of chosen) mutated(mutant);
  const before = new Map<number, string | null>();
  const runs = Math.max(0, ...chosen.map(({ maxRuns }) => maxRuns));
  const unmutated = linesOf(["--seed", String(given.seed), "--runs", String(runs)]);
  let areAllFound = true;
  for (const mutant of chosen) {
    const { found, after } = await search(mutant, given.seed, async (seed) => {
      while (!before.has(seed)) {
        const { value, done } = await unmutated.next();
        if (done === true) return null;
        before.set(value.seed, value.invariant);
      }
      return before.get(seed) ?? null;
    });
    if (found === null) areAllFound = false;
    const verdict = found === null ? `NOT FOUND in ${after} runs` : `run ${after}`;
    console.log(
      `${mutant.name.padEnd(16)} ${verdict.padEnd(24)} ${(found ?? "").padEnd(54)} ${mutant.fault}`,
    );
  }
  await unmutated.return(undefined);
  return areAllFound;
}

/** @returns the promise that the mutant breaks, and after how many runs. */
async function search(
  { name, maxRuns }: Mutant,
  first: number,
  expected: (seed: number) => Promise<string | null>,
): Promise<{ found: string | null; after: number }> {
  const lines = linesOf(["--seed", String(first), "--runs", String(maxRuns), "--mutant", name]);
  try {
    for await (const { seed, invariant } of lines) {
      if (invariant === null || invariant === (await expected(seed))) continue;
      return { found: invariant, after: seed - first + 1 };
    }
    return { found: null, after: maxRuns };
  } finally {
    await lines.return(undefined);
  }
}

/** What a simulator of its own process says of its seeds, one by one; it is ended when nobody asks any more. */
async function* linesOf(args: readonly string[]): AsyncGenerator<Line, undefined> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, "--lines", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as Line;
  } finally {
    child.kill();
  }
}
