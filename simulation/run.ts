import { deflateRawSync, inflateRawSync } from "node:zlib";
import { install } from "./installation.ts";
import { generate } from "./plans/generate.ts";
import type { Plan } from "./plans/plan.ts";
import { shrink } from "./plans/shrink.ts";
import { collectStrays, type Outcome, simulate } from "./simulation.ts";
import { simulateUpgrade, upgradePlan } from "./upgrade.ts";
import { takeOver } from "./world/take-over.ts";

export interface RunOptions {
  readonly seed: number;
  readonly runs: number;
  readonly plan?: string | undefined;
  readonly trace: boolean;
  readonly survey: boolean;
  readonly lines: boolean;
}

/** @returns whether every promise was kept. */
export async function run({
  seed: first,
  runs,
  plan: given,
  trace,
  survey,
  lines,
}: RunOptions): Promise<boolean> {
  takeOver();
  collectStrays();
  const installation = await install();
  const play = (plan: Plan) => simulate(plan, installation);
  const found = new Map<string, number[]>();
  const startedAt = performance.now();
  for (let seed = first; seed < first + runs; seed++) {
    const plan = given === undefined ? generate(seed) : decoded(given);
    const upgrade = given === undefined ? upgradePlan(seed) : null;
    const outcome = upgrade === null ? await play(plan) : await simulateUpgrade(upgrade);
    const { violation, hash } = outcome;
    if (lines) console.log(JSON.stringify({ seed, hash, invariant: violation?.invariant ?? null }));
    if (trace) console.log(`${outcome.trace.join("\n")}\ntrace ${hash}`);
    if (violation === null) continue;
    found.set(violation.invariant, [...(found.get(violation.invariant) ?? []), seed]);
    if (survey || lines) continue;
    await report(seed, plan, outcome, play, { isSmall: given !== undefined || upgrade !== null, trace });
    return false;
  }
  if (!lines) summarize(found, { first, runs, seconds: (performance.now() - startedAt) / 1_000 });
  return found.size === 0;
}

/** Prints a failure in its smallest form, and the command that plays it again. */
async function report(
  seed: number,
  plan: Plan,
  { violation, trace }: Outcome,
  play: (plan: Plan) => Promise<Outcome>,
  given: { readonly isSmall: boolean; readonly trace: boolean },
): Promise<void> {
  console.log(`Seed ${seed} breaks a promise. ${violation?.message}`);
  if (given.isSmall) {
    if (!given.trace) console.log(trace.join("\n"));
    return;
  }
  const smallest = await shrink(
    plan,
    async (each) => (await play(each)).violation?.invariant === violation?.invariant,
  );
  const outcome = await play(smallest);
  const { nodes, relays, emails, faults } = smallest;
  console.log(
    `The smallest plan that does has ${emails.length} emails, ${relays.length} relays, ${nodes.length} nodes and ${faults.length} faults:`,
  );
  console.log(outcome.trace.join("\n"));
  console.log(`\nPlay it again:  npm run simulate -- --seed ${seed} --plan ${encoded(smallest)}`);
  console.log(`The whole seed: npm run simulate -- --seed ${seed} --trace`);
}

function summarize(
  found: ReadonlyMap<string, readonly number[]>,
  { first, runs, seconds }: { readonly first: number; readonly runs: number; readonly seconds: number },
): void {
  for (const [invariant, seeds] of [...found].sort(([, one], [, two]) => two.length - one.length)) {
    console.log(`${String(seeds.length).padStart(6)}  ${invariant}  (seeds ${seeds.slice(0, 6).join(", ")})`);
  }
  const failed = [...found.values()].reduce((sum, { length }) => sum + length, 0);
  console.log(
    `Seeds ${first} to ${first + runs - 1}: ${failed} failed, ${runs - failed} passed in ${seconds.toFixed(1)} s`,
  );
}

function encoded(plan: Plan): string {
  return deflateRawSync(JSON.stringify(plan)).toString("base64url");
}

function decoded(text: string): Plan {
  return JSON.parse(inflateRawSync(Buffer.from(text, "base64url")).toString()) as Plan;
}
