// The service from its sources and the pages from theirs, for development: a change of src/ restarts the service, a
// change of admin/ is shown at once. Nothing is built, and nothing but the data folder is written.
import { type ChildProcess, spawn } from "node:child_process";
import { watch } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
/** Editors write a file in several steps, and a change of branches touches many files. */
const settleMs = 200;
/** How long a service may take to end before it is killed: longer than its own deadline of ten seconds. */
const stopMs = 15_000;

/**
 * Runs until Ctrl-C, or until the pages' server ends.
 * @param args `--inspect` opens a debugger port for the service; a number is the loopback port where a browser opens
 * the pages, by default 5173.
 */
export async function dev(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    options: { inspect: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [pagesPort = "5173"] = positionals;
  const publicUrl = process.env.SENDWRIGHT_PUBLIC_URL ?? `http://127.0.0.1:${pagesPort}`;
  // Its links lead to the pages as they are developed, not to those that were built.
  const env = { ...process.env, SENDWRIGHT_PUBLIC_URL: publicUrl };

  // Ctrl-C reaches the whole group of a terminal. In groups of their own they get one signal, in order.
  const start = (command: string, args: string[]) =>
    spawn(command, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"], detached: true });
  const startService = () =>
    start(process.execPath, [
      ...(values.inspect ? ["--inspect"] : []),
      "--eval",
      'import("./src/cli/main.ts").then((cli) => cli.main(["node", "sendwright", "start"]))',
    ]);

  let service = startService();
  const pages = start("vite", ["admin", "--port", pagesPort, "--clearScreen", "false"]);
  let stopping = false;
  let restarting = false;

  async function restart(file: string): Promise<void> {
    if (restarting || stopping) return;
    restarting = true;
    process.stderr.write(`\n${file} has changed: starting the service again …\n`);
    await end(service);
    restarting = false;
    if (!stopping) service = startService();
  }

  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(join(root, "src"), { recursive: true }, (_event, file) => {
    if (file === null || !file.endsWith(".ts") || file.endsWith(".test.ts")) return;
    clearTimeout(timer);
    timer = setTimeout(() => void restart(join("src", file)), settleMs);
  });

  async function stop(code: number): Promise<void> {
    if (stopping) return;
    stopping = true;
    clearTimeout(timer);
    watcher.close();
    await Promise.all([end(service), end(pages)]);
    process.exit(code);
  }

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(0));
  pages.on("error", (error) => {
    process.stderr.write(
      `vite cannot be run (${error.message}). Run "npm ci" first, and this with "npm run".\n`,
    );
    void stop(1);
  });
  pages.on("exit", () => void stop(1));

  await answers(`http://127.0.0.1:${process.env.SENDWRIGHT_PORT ?? "4650"}/api/health`, () => stopping);
  if (!stopping) process.stderr.write(`\nOpen ${publicUrl} — Ctrl-C ends both.\n\n`);
}

/** Resolves once it has ended; at once if it has already. */
function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

/** Resolves once the service answers, or is no longer awaited. */
async function answers(url: string, isGivenUp: () => boolean): Promise<void> {
  while (!isGivenUp()) {
    const response = await fetch(url).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
