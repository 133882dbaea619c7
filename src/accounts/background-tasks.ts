import { randomInt } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";

/**
 * Milliseconds from the request to the task. At once, the task would compete with the reply, and with the next
 * request of a client that measures whether there was something to do.
 */
const delayMs = { least: 200, most: 1_200 };

/** Work that a request leaves behind. No reply waits for it, so the time of the reply tells nothing of it. */
export class BackgroundTasks {
  readonly #clock: Clock;
  readonly #log: Log;
  /** Starts of the tasks that wait for their time. */
  readonly #waiting = new Set<() => void>();
  readonly #running = new Set<Promise<void>>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Begins the task about a second after the request. A failure goes to the log alone.
   * @param failure the log message for it
   */
  begin(failure: string, task: () => Promise<void>): void {
    const start = () => {
      cancelTimer();
      this.#waiting.delete(start);
      this.#run(failure, task);
    };
    const cancelTimer = this.#clock.after(randomInt(delayMs.least, delayMs.most), start);
    this.#waiting.add(start);
  }

  /** Begins at once what still waits, and resolves when all has ended. */
  async drain(): Promise<void> {
    for (const start of this.#waiting) start();
    await Promise.all(this.#running);
  }

  #run(failure: string, task: () => Promise<void>): void {
    const ended = task()
      .catch((error: unknown) => this.#log.error({ err: error }, failure))
      .finally(() => this.#running.delete(ended));
    this.#running.add(ended);
  }
}
