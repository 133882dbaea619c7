import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dirname, "..");

const checks = [
  ["biome", "ci", "--error-on-warnings"],
  [process.execPath, "scripts/check-layers.ts"],
  [process.execPath, "scripts/docs.ts", "--check"],
  ["tsc", "-p", "."],
  ["tsc", "-p", "admin"],
  ["knip"],
];

/**
 * Checks format, lint, layers, generated pages, types and unused code, all at once. Prints what each check says as it ends.
 * @returns the exit code: that of the first check in the list that failed, or 0.
 */
export async function check() {
  const codes = await Promise.all(
    checks.map(async (command) => {
      const { code, output } = await ended(start(command));
      process.stdout.write(`${code === 0 ? "passed" : "FAILED"}: ${command.join(" ")}\n${output}`);
      return code;
    }),
  );
  return codes.find((code) => code !== 0) ?? 0;
}

/**
 * Runs the checks beside the tests. The last line of the tests, which counts them, is printed last of all.
 * @param args go to the test runner.
 * @returns the exit code: that of the tests, or of the checks if the tests passed.
 */
export async function verify(args) {
  const checking = check();
  const tests = start(["vitest", "run", ...args]);
  tests.stderr.pipe(process.stderr);
  const ending = once(tests, "close");
  let last = "";
  for await (const line of createInterface({ input: tests.stdout })) {
    if (last !== "") process.stdout.write(last);
    last = `${line}\n`;
  }
  const [testCode] = await ending;
  const checkCode = await checking;
  if (checkCode !== 0) process.stdout.write("The checks FAILED: see above.\n");
  process.stdout.write(last);
  return testCode === 0 ? checkCode : (testCode ?? 1);
}

/** Starts a tool of the project; npm has put its folder on the path. */
function start([command, ...args]) {
  return spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
}

async function ended(child) {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const failed = once(child, "error").then(([error]) => {
    output += `It cannot be run (${error.message}). Run "npm ci" first, and start this with "npm run".\n`;
    return 1;
  });
  const closed = once(child, "close").then(([code]) => code ?? 1);
  return { code: await Promise.race([failed, closed]), output };
}
