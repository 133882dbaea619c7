/**
 * The simulator: plays scenarios in virtual time, each made from its seed, until one breaks a promise. It follows
 * FoundationDB's and TigerBeetle's. docs/simulator.md says how to read what it prints.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { mutate } from "./mutants/mutate.ts";
import { proveMutants } from "./mutants/prove.ts";

const { values } = parseArgs({
  options: {
    /** The first seed; by default another one each time. */
    seed: { type: "string" },
    runs: { type: "string" },
    /** A plan as this program printed it, instead of one that is made from the seed. */
    plan: { type: "string" },
    /** Prints all that happens. */
    trace: { type: "boolean", default: false },
    /** Goes on after a failure, and counts in the end which promise was broken how often. */
    survey: { type: "boolean", default: false },
    /** Prints what became of each seed, for programs. */
    lines: { type: "boolean", default: false },
    /** Puts faults of the past back, one after the other, and shows that each is found. */
    mutants: { type: "boolean", default: false },
    /** With one of them. */
    mutant: { type: "string" },
  },
});

const seed = values.seed === undefined ? randomInt(1, 1_000_000_000) : Number(values.seed);
const runs = Number(values.runs ?? (values.plan === undefined && values.seed === undefined ? 1_000 : 1));
if (values.mutants) {
  process.exitCode = (await proveMutants({ seed: values.seed === undefined ? 1 : seed, only: values.mutant }))
    ? 0
    : 1;
} else {
  // Before anything of Sendwright is loaded.
  if (values.mutant !== undefined) mutate(values.mutant);
  const { run } = await import("./run.ts");
  process.exitCode = (await run({ ...values, seed, runs })) ? 0 : 1;
}
