import { defineConfig } from "vitest/config";
import type { Reporter } from "vitest/node";

/** Ends with one plain line that any script understands. */
const closingLine: Reporter = {
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

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "admin/src/**/*.test.ts"],
    reporters: ["default", closingLine],
    // Real databases, browsers and key derivation take their time on a small machine that is busy with other things
    // too. These are for what would wait for ever: no test shows by them how soon something is done.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
  },
});
