import { isSendwrightError } from "./errors.ts";

export interface GroupOptions<Item> {
  /** Most items of one group. */
  readonly maxItems: number;
  /** What an item weighs, and the most that a group of several may weigh. Default: nothing. */
  readonly weigh?: (item: Item) => number;
  readonly maxWeight?: number;
  /** Groups that may be under way at once. Default 1. */
  readonly atOnce?: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets many callers share one piece of work, such as a transaction: what arrives while a group is under
 * way goes into the next one, so that groups grow with the load and nobody waits for a timer.
 *
 * Where the work fails, each item of the group is tried alone: one that the database refuses takes none
 * with it. Not where the database itself is away: then all of them fail.
 * @param work gives one result for each item, in their order.
 */
export function createGroup<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
  options: GroupOptions<Item>,
): (item: Item) => Promise<Result> {
  const { maxItems, weigh = () => 0, maxWeight = 0, atOnce = 1 } = options;
  const waiting: Waiting<Item, Result>[] = [];
  let underWay = 0;
  let scheduled = false;

  function nextGroup(): Waiting<Item, Result>[] {
    let count = 0;
    let weight = 0;
    for (const { item } of waiting) {
      weight += weigh(item);
      if (count > 0 && (count >= maxItems || weight > maxWeight)) break;
      count++;
    }
    return waiting.splice(0, count);
  }

  async function run(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await work(group.map(({ item }) => item));
      for (const [index, { resolve }] of group.entries()) resolve(results[index] as Result);
    } catch (error) {
      const isAlone = group.length === 1 || isSendwrightError(error, "store.unavailable");
      if (isAlone) for (const { reject } of group) reject(error);
      else for (const one of group) await run([one]);
    }
  }

  function start(): void {
    scheduled = false;
    while (underWay < atOnce && waiting.length > 0) {
      underWay++;
      void run(nextGroup()).finally(() => {
        underWay--;
        start();
      });
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (scheduled || underWay >= atOnce) return;
      // What the same turn of the event loop brings belongs together.
      scheduled = true;
      setImmediate(start);
    });
}
