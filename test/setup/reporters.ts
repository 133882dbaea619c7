import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";

/** Names the files that a run waits for, before the closing line. */
export const slowestFiles: Reporter = {
  onTestRunEnd(modules) {
    const slowest = modules
      .map((module) => ({ name: relative(process.cwd(), module.moduleId), ms: totalMs(module) }))
      .toSorted((one, other) => other.ms - one.ms)
      .slice(0, 10);
    if (slowest.length < 2) return;
    process.stdout.write("\nThe slowest files:\n");
    for (const { name, ms } of slowest)
      process.stdout.write(`${(ms / 1000).toFixed(1).padStart(7)} s  ${name}\n`);
  },
};

/** From the start of its worker to the end of its last hook. */
function totalMs(module: TestModule): number {
  const { environmentSetupDuration, prepareDuration, collectDuration, setupDuration, duration } =
    module.diagnostic();
  return environmentSetupDuration + prepareDuration + collectDuration + setupDuration + duration;
}

/** Ends with one plain line that any script understands. */
export const closingLine: Reporter = {
  onTestRunEnd(modules) {
    const states = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => test.result().state),
    );
    const count = (state: string) => states.filter((one) => one === state).length;
    // A file that could not even be loaded has no tests to count.
    const broken = modules.filter(
      (module) => module.state() === "failed" && module.children.size === 0,
    ).length;
    const skipped = count("skipped");
    process.stdout.write(
      `\n${count("passed")} passed, ${count("failed") + broken} failed${skipped === 0 ? "" : `, ${skipped} skipped`}\n`,
    );
  },
};
