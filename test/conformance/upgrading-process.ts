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

/** The near end of each channel by the end that its thread is given. */
const nearEnds = new Map<workerThreads.MessagePort, workerThreads.MessagePort>();

class KnownChannel extends workerThreads.MessageChannel {
  constructor() {
    super();
    nearEnds.set(this.port2, this.port1);
  }
}

/** The thread of a SQLite file, which from a statement on is told nothing more. */
class StoppedThread extends workerThreads.Worker {
  constructor(body: URL, options: workerThreads.WorkerOptions) {
    const { file, port } = options.workerData as { file: string; port: workerThreads.MessagePort };
    const near = nearEnds.get(port);
    if (near === undefined) throw new Error("The thread is asked through a channel that is not known.");
    super(body, options);
    stopAtLimit(file, near);
  }
}

/** Notes the statements that are sent to the thread of a file, and sends none from its limit on. */
function stopAtLimit(file: string, port: workerThreads.MessagePort): void {
  const seen: string[] = [];
  const texts: string[] = [];
  statements.set(file, seen);
  const limit = upgrades.find((upgrade) => upgrade.file === file)?.stopAt ?? Number.POSITIVE_INFINITY;
  const send = port.postMessage.bind(port);
  port.postMessage = (message: unknown) => {
    if (seen.length >= limit) {
      stopped.get(file)?.resolve();
      return;
    }
    seen.push(textOf(message as SentStatement | null, texts));
    send(message);
  };
}

/** A text travels once; from then on its number stands for it. */
function textOf(message: SentStatement | null, texts: string[]): string {
  if (message === null) return "close";
  const { number, text } = message;
  if (number !== null && text !== null) texts[number] = text;
  return text ?? texts[number ?? -1] ?? "";
}

workerThreads.MessageChannel = KnownChannel;
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
