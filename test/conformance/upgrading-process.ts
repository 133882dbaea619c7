import { syncBuiltinESMExports } from "node:module";
import workerThreads from "node:worker_threads";
import type { SentStatement } from "../../src/store/sqlite/worker.ts";

/**
 * Opens SQLite files, as servers do, up to a statement of each: when every one has come so far, the process kills
 * itself. So one process is killed at many statements at once.
 *
 * Its argument is JSON, `[{ file, stopAt }]`, with the number, from 0 on, of the first statement that is not executed;
 * null for none. If none is stopped, the statements of each file go to standard output, and no process is killed.
 */
interface Upgrade {
  readonly file: string;
  readonly stopAt: number | null;
}

const upgrades: readonly Upgrade[] = JSON.parse(process.argv[2] ?? "[]");
const statements = new Map<string, string[]>();
const stopped = new Map(upgrades.map(({ file }) => [file, Promise.withResolvers<void>()]));

/** The thread of a SQLite file, which from a statement on is told nothing more. */
class StoppedThread extends workerThreads.Worker {
  readonly #file: string;
  readonly #texts: string[] = [];

  constructor(body: URL, options: workerThreads.WorkerOptions) {
    super(body, options);
    this.#file = (options.workerData as { file: string }).file;
    statements.set(this.#file, []);
  }

  override postMessage(message: unknown): void {
    const seen = statements.get(this.#file) ?? [];
    const limit = upgrades.find(({ file }) => file === this.#file)?.stopAt ?? Number.POSITIVE_INFINITY;
    if (seen.length >= limit) {
      stopped.get(this.#file)?.resolve();
      return;
    }
    seen.push(this.#textOf(message as SentStatement | null));
    super.postMessage(message);
  }

  /** A text travels once; from then on its number stands for it. */
  #textOf(message: SentStatement | null): string {
    if (message === null) return "close";
    const { number, text } = message;
    if (number !== null && text !== null) this.#texts[number] = text;
    return text ?? this.#texts[number ?? -1] ?? "";
  }
}

workerThreads.Worker = StoppedThread;
syncBuiltinESMExports();
const { openSqliteStore } = await import("../../src/store/store.ts");

const opening = upgrades.map(async ({ file }) => {
  const store = await openSqliteStore(file);
  await store.close();
});
if (upgrades.some(({ stopAt }) => stopAt !== null)) {
  await Promise.all([...stopped.values()].map(({ promise }) => promise));
  process.kill(process.pid, "SIGKILL");
}
await Promise.all(opening);
process.stdout.write(JSON.stringify(Object.fromEntries(statements)));
