/** Plays scenarios in virtual time until one breaks a promise. See docs/simulator.md. */
import { parseArgs } from "node:util";
import { generate } from "./generate.ts";
import { install } from "./installation.ts";
import { collectStrays, simulate } from "./simulation.ts";
import { takeOver } from "./world/take-over.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "1000" },
    all: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
  },
});
takeOver();
collectStrays();
const installation = await install();
const first = Number(values.seed);
const started = performance.now();
const found = new Map<string, number[]>();
for (let seed = first; seed < first + Number(values.runs); seed++) {
  const outcome = await simulate(generate(seed), installation);
  if (values.trace) console.log(outcome.trace.join("\n"), outcome.hash);
  if (outcome.violation !== null) {
    const { invariant, message } = outcome.violation;
    if (!found.has(invariant)) console.log(seed, message);
    found.set(invariant, [...(found.get(invariant) ?? []), seed]);
  }
}
for (const [invariant, seeds] of found) console.log(invariant, seeds.length, seeds.slice(0, 8).join(" "));
console.log(((performance.now() - started) / Number(values.runs)).toFixed(1), "ms a run");
