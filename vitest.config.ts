import { defineConfig } from "vitest/config";
import { closingLine, slowestFiles } from "./test/setup/reporters.ts";
import { SlowFirst } from "./test/setup/slow-first.ts";

/** Folders of tests that run the built product, in processes or in a browser. */
const product = ["service", "docs", "e2e", "faults"] as const;
const filesOf = (folder: string) => `test/${folder}/**/*.test.ts`;

export default defineConfig({
  test: {
    reporters: ["default", slowestFiles, closingLine],
    globalSetup: "test/setup/shared.ts",
    sequence: { sequencer: SlowFirst },
    // Tests wait for databases, sockets and browsers as often as they compute.
    maxWorkers: "100%",
    // Real databases, browsers and key derivation take their time on a small machine that is busy with other things
    // too. These are for what would wait for ever: no test shows by them how soon something is done.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "admin/src/**/*.test.ts", filesOf("*")],
          exclude: product.map(filesOf),
          // Loading the modules anew for each file would cost more than the tests.
          isolate: false,
          pool: "threads",
          setupFiles: "test/setup/file.ts",
        },
      },
      ...product.map((folder, index) => ({
        test: {
          name: folder,
          include: [filesOf(folder)],
          globalSetup: "test/setup/product.ts",
          sequence: { groupOrder: index + 1 },
        },
      })),
    ],
  },
});
