import { isSendwrightError } from "./errors.ts";

export interface BatcherOptions<Item> {
  /** Most items in one batch. */
  readonly maxItems: number;
  /** Size of an item, in the unit of `maxSize`. Default: 0. */
  readonly sizeOf?: (item: Item) => number;
  /** Most that a batch of several items may add up to. An item larger than this gets a batch of its own. */
  readonly maxSize?: number;
  /** Batches that may be under way at once. Default: 1. */
  readonly concurrency?: number;
}

interface Pending<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets many callers share one piece of work, such as a transaction. What arrives while a batch is under way goes
 * into the next one, so batches grow with the load and no caller waits for a timer.
 *
 * If the work fails, each item of the batch is tried alone: one that the database refuses takes none with it. If
 * the database itself is unavailable, all of them fail.
 */
export class Batcher<Item, Result> {
  readonly #work: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #options: Required<BatcherOptions<Item>>;
  readonly #pending: Pending<Item, Result>[] = [];
  #underWay = 0;
  #isScheduled = false;

  /** @param work gives one result for each item, in their order. */
  constructor(work: (items: readonly Item[]) => Promise<readonly Result[]>, options: BatcherOptions<Item>) {
    this.#work = work;
    this.#options = { sizeOf: () => 0, maxSize: 0, concurrency: 1, ...options };
  }

  /** Resolves with the result of this item; rejects with what `work` threw for it. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ item, resolve, reject });
      if (this.#isScheduled || this.#underWay >= this.#options.concurrency) return;
      // What the same turn of the event loop brings belongs together.
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        this.#start();
      });
    });
  }

  #start(): void {
    while (this.#underWay < this.#options.concurrency && this.#pending.length > 0) {
      this.#underWay++;
      void this.#run(this.#nextBatch()).finally(() => {
        this.#underWay--;
        this.#start();
      });
    }
  }

  #nextBatch(): Pending<Item, Result>[] {
    const { maxItems, sizeOf, maxSize } = this.#options;
    let count = 0;
    let size = 0;
    for (const { item } of this.#pending) {
      size += sizeOf(item);
      if (count > 0 && (count >= maxItems || size > maxSize)) break;
      count++;
    }
    return this.#pending.splice(0, count);
  }

  async #run(batch: readonly Pending<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#work(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      const isFinal = batch.length === 1 || isSendwrightError(error, "store.unavailable");
      if (isFinal) for (const { reject } of batch) reject(error);
      else for (const one of batch) await this.#run([one]);
    }
  }
}
