// npm run test:repeat -- [times] [files …] [--busy] [--long] [--keep-going]
// Runs the tests again and again: what fails now and then is a fault, of a test or of the product.
import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Runs beside them one process for each core, which keeps the core busy. */
    busy: { type: "boolean", default: false },
    /** The long form of the tests with faults; of these alone, unless files are named. */
    long: { type: "boolean", default: false },
    /** All of the runs, also after one that failed. */
    "keep-going": { type: "boolean", default: false },
  },
});
const counted = /^\d+$/.test(positionals[0] ?? "");
const times = counted ? Number(positionals[0]) : 10;
const named = counted ? positionals.slice(1) : positionals;
const files = named.length === 0 && values.long ? ["test/faults"] : named;

/** It ends with its parent, also where that is killed. */
const busyLoop = `
  const parent = process.ppid;
  while (process.ppid === parent) for (const until = Date.now() + 100; Date.now() < until; );
`;

/** What one run came to. */
interface Outcome {
  readonly passed: boolean;
  /** The last line of the tests, or a sentence in its place. */
  readonly closing: string;
  /** The output of vitest about failed tests; empty if none failed. */
  readonly failures: string;
}

async function runOnce(): Promise<Outcome> {
  const child = spawn("vitest", ["run", ...files], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...(values.long ? { SENDWRIGHT_TEST_FAULTS: "long" } : {}) },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  const closing = output.match(/^\d+ passed, \d+ failed.*$/gm)?.at(-1);
  const passed = code === 0 && closing !== undefined;
  if (passed) return { passed, closing, failures: "" };
  const start = output.search(/^.*(?:Failed (?:Suites|Tests)|Unhandled Errors)/m);
  return {
    passed,
    closing: closing ?? `ended with ${code} and without a result`,
    failures: start === -1 ? output.slice(-4_000) : output.slice(start),
  };
}

async function runAll(): Promise<number> {
  let failed = 0;
  for (let run = 1; run <= times; run++) {
    const began = performance.now();
    const { passed, closing, failures } = await runOnce();
    const seconds = Math.round((performance.now() - began) / 1_000);
    process.stdout.write(`run ${run} of ${times}: ${closing} (${seconds} s)\n${failures}`);
    if (passed) continue;
    failed++;
    if (!values["keep-going"]) return failed;
  }
  return failed;
}

const busy: readonly ChildProcess[] = Array.from({ length: values.busy ? availableParallelism() : 0 }, () =>
  spawn(process.execPath, ["--eval", busyLoop], { stdio: "ignore" }),
);
try {
  process.exitCode = (await runAll()) === 0 ? 0 : 1;
} finally {
  for (const one of busy) one.kill();
}
