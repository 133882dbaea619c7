import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take longest, the slowest first. The end of a run prints what they take. */
const slow = [
  "test/conformance/upgrades-of-postgres.test.ts",
  "src/diagnosis/probe.test.ts",
  "test/conformance/upgrades-of-sqlite.test.ts",
  "test/interop/doctor.test.ts",
  "test/service/cli.test.ts",
  "test/service/secrets.test.ts",
  "test/service/test-command.test.ts",
  "test/service/doctor.test.ts",
  "test/service/pack.test.ts",
  "test/e2e/every-page.test.ts",
  "test/e2e/templates.test.ts",
  "test/e2e/settings-staged.test.ts",
  "test/e2e/settings.test.ts",
  "test/e2e/overview.test.ts",
  "test/faults/stages.test.ts",
  "test/faults/disk.test.ts",
  "test/faults/nodes.test.ts",
  "test/faults/kills.test.ts",
];

/** Starts the files that take longest first: begun last, one of them would run while the other workers are idle. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = slow.indexOf(relative(process.cwd(), moduleId));
      return index === -1 ? slow.length : index;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
