import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/**
 * The one lifecycle of what runs in the background: services start in order and stop in reverse order.
 * It does not restart what has stopped.
 */
export interface Service {
  /** Resolves when the service works. A start that fails leaves nothing behind: no timer, port or listener. */
  start(): void | Promise<void>;
  /**
   * Begins nothing new and resolves when nothing is under way any more. May be called more than once.
   * @param deadlineMs after which work under way is cut; services without long work ignore it.
   */
  stop(deadlineMs?: number): Promise<void>;
}

/** Services as one: a start that fails stops those that had started, and is thrown again. */
export class ServiceGroup implements Service {
  readonly #services: readonly Service[];
  #started: Service[] = [];

  /** @param services in the order of their start: each may use those before it. */
  constructor(services: readonly Service[]) {
    this.#services = services;
  }

  async start(): Promise<void> {
    try {
      for (const service of this.#services) {
        await service.start();
        this.#started.push(service);
      }
    } catch (error) {
      await this.stop(0).catch(() => {});
      throw error;
    }
  }

  /** Every service is stopped, also after one that fails to; the first failure is thrown in the end. */
  async stop(deadlineMs?: number): Promise<void> {
    const failures: unknown[] = [];
    for (const service of this.#started.splice(0).reverse()) {
      await service.stop(deadlineMs).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

export interface PollDependencies {
  readonly clock: Clock;
  readonly log: Log;
}

export interface PollOptions {
  /**
   * One run. The signal is aborted by `stop`.
   * @returns milliseconds until the next run, or null to wait for `wake`.
   */
  readonly run: (signal: AbortSignal) => Promise<number | null>;
  /** Milliseconds from the start to the first run. */
  readonly firstMs: number;
  /** Milliseconds after a run that threw. */
  readonly retryMs: number;
  /** The log message of a run that threw, such as `email clean-up failed; retrying`. */
  readonly failure: string;
}

/** Runs a piece of work again and again, never twice at the same time. */
export class Poll implements Service {
  readonly #dependencies: PollDependencies;
  readonly #options: PollOptions;
  readonly #stopped = new AbortController();
  #cancelTimer = () => {};
  /** When the next run is due, by the clock; infinite if none is planned. */
  #dueAt = Number.POSITIVE_INFINITY;
  #isWoken = false;
  #running: Promise<void> | null = null;

  constructor(dependencies: PollDependencies, options: PollOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  start(): void {
    this.wakeIn(this.#options.firstMs);
  }

  /** Runs now, or once more after the run under way. Resolves when no run is due any more. */
  wake(): Promise<void> {
    if (this.#stopped.signal.aborted) return Promise.resolve();
    this.#isWoken = true;
    this.#running ??= this.#runAll();
    return this.#running;
  }

  /** Runs in `delayMs` at the latest; an earlier run that is planned stays. */
  wakeIn(delayMs: number): void {
    const { clock } = this.#dependencies;
    const dueAt = clock.monotonic() + delayMs;
    if (this.#stopped.signal.aborted || dueAt >= this.#dueAt) return;
    this.#cancelTimer();
    this.#dueAt = dueAt;
    this.#cancelTimer = clock.after(delayMs, () => void this.wake());
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#clearTimer();
    await this.#running;
  }

  async #runAll(): Promise<void> {
    while (this.#isWoken && !this.#stopped.signal.aborted) {
      this.#isWoken = false;
      this.#clearTimer();
      const delayMs = await this.#run();
      if (delayMs !== null) this.wakeIn(delayMs);
    }
    // In the same turn as the last look at what woke it: a call from here on begins anew.
    this.#running = null;
  }

  async #run(): Promise<number | null> {
    const { run, retryMs, failure } = this.#options;
    try {
      return await run(this.#stopped.signal);
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#dependencies.log.error({ err: error }, failure);
      return retryMs;
    }
  }

  #clearTimer(): void {
    this.#cancelTimer();
    this.#dueAt = Number.POSITIVE_INFINITY;
  }
}
