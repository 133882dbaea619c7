import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batcher, type BatcherOptions } from "./batcher.ts";
import { SendwrightError } from "./errors.ts";

/** Work that is done when the test says so. */
function heldWork(options: BatcherOptions<number>) {
  const batches: (readonly number[])[] = [];
  const done: PromiseWithResolvers<readonly string[]>[] = [];
  const batcher = new Batcher((items: readonly number[]) => {
    batches.push(items);
    const work = Promise.withResolvers<readonly string[]>();
    done.push(work);
    return work.promise;
  }, options);
  return {
    batches,
    add: (item: number) => batcher.add(item),
    /** Ends the work on a batch as it should end. */
    finish(index: number) {
      done[index]?.resolve((batches[index] ?? []).map((item) => `done ${item}`));
      return turn();
    },
    fail(index: number, error: Error) {
      done[index]?.reject(error);
      return turn();
    },
  };
}

/** Work that refuses these items, and any batch that holds one. */
function refusing(refused: ReadonlySet<number>, options: BatcherOptions<number>) {
  const batches: (readonly number[])[] = [];
  const batcher = new Batcher(async (items: readonly number[]) => {
    batches.push(items);
    const bad = items.find((item) => refused.has(item));
    if (bad !== undefined) throw new Error(`refused ${bad}`);
    return items.map((item) => `done ${item}`);
  }, options);
  return { batches, add: (item: number) => batcher.add(item) };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("a batcher", () => {
  it("takes together what one turn of the event loop brings", async () => {
    const { batches, add } = refusing(new Set(), { maxItems: 10 });
    expect(await Promise.all([add(1), add(2), add(3)])).toEqual(["done 1", "done 2", "done 3"]);
    expect(batches).toEqual([[1, 2, 3]]);
  });

  it("joins what arrives while it is under way into the next one, which begins at once", async () => {
    const { batches, add, finish } = heldWork({ maxItems: 10 });
    const first = add(1);
    await turn();
    const later = [add(2), add(3)];
    await turn();
    later.push(add(4));
    await turn();
    expect(batches).toEqual([[1]]);
    await finish(0);
    expect(batches).toEqual([[1], [2, 3, 4]]);
    expect(await first).toBe("done 1");
    await finish(1);
    expect(await Promise.all(later)).toEqual(["done 2", "done 3", "done 4"]);
  });

  it("begins alone again after a pause", async () => {
    const { batches, add, finish } = heldWork({ maxItems: 10 });
    void add(1);
    await turn();
    await finish(0);
    void add(2);
    await turn();
    expect(batches).toEqual([[1], [2]]);
  });

  it("has no more items than it may, the oldest first", async () => {
    const { batches, add } = refusing(new Set(), { maxItems: 3 });
    await Promise.all(numbers(7).map(add));
    expect(batches).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
  });

  it("weighs no more than it may; what is too heavy for any batch goes alone", async () => {
    const { batches, add } = refusing(new Set(), { maxItems: 10, sizeOf: (item) => item, maxSize: 10 });
    await Promise.all([4, 6, 1, 50, 10, 3, 3, 3, 3].map(add));
    expect(batches).toEqual([[4, 6], [1], [50], [10], [3, 3, 3], [3]]);
  });

  it("has others beside it, as many at once as it may", async () => {
    const { batches, add, finish } = heldWork({ maxItems: 1, concurrency: 2 });
    const results = numbers(4).map(add);
    await turn();
    expect(batches).toEqual([[0], [1]]);
    await finish(1);
    expect(batches).toEqual([[0], [1], [2]]);
    await finish(0);
    await finish(2);
    await finish(3);
    expect(await Promise.all(results)).toEqual(["done 0", "done 1", "done 2", "done 3"]);
  });

  it("lets one that is refused fail alone", async () => {
    const { batches, add } = refusing(new Set([2]), { maxItems: 10 });
    const results = await Promise.allSettled([add(1), add(2), add(3)]);
    expect(results).toEqual([
      { status: "fulfilled", value: "done 1" },
      { status: "rejected", reason: new Error("refused 2") },
      { status: "fulfilled", value: "done 3" },
    ]);
    expect(batches).toEqual([[1, 2, 3], [1], [2], [3]]);
  });

  it("does not try one again that was refused alone", async () => {
    const { batches, add } = refusing(new Set([2]), { maxItems: 10 });
    await expect(add(2)).rejects.toThrow("refused 2");
    expect(batches).toEqual([[2]]);
  });

  it("fails as a whole where the database is away, without asking it again for each", async () => {
    const { batches, add, fail } = heldWork({ maxItems: 10 });
    const away = new SendwrightError("store.unavailable", "The database cannot be used now.");
    const results = Promise.allSettled([add(1), add(2)]);
    await turn();
    await fail(0, away);
    expect(await results).toEqual([
      { status: "rejected", reason: away },
      { status: "rejected", reason: away },
    ]);
    expect(batches).toEqual([[1, 2]]);
  });

  it("goes on with the next one after a failure", async () => {
    const { batches, add, fail, finish } = heldWork({ maxItems: 10 });
    const failed = expect(add(1)).rejects.toThrow("no");
    await turn();
    const next = add(2);
    await fail(0, new Error("no"));
    await failed;
    expect(batches).toEqual([[1], [2]]);
    await finish(1);
    expect(await next).toBe("done 2");
  });

  it("fails where the work throws before it has begun", async () => {
    const batcher = new Batcher(
      (_items: readonly number[]): Promise<readonly number[]> => {
        throw new Error("at once");
      },
      { maxItems: 10 },
    );
    await expect(batcher.add(1)).rejects.toThrow("at once");
  });

  it("gives each item its own result, once, whatever arrives when and whatever is refused", async () => {
    /** Waves of items; after each, the event loop turns. */
    const waves = fc.array(fc.array(fc.record({ weight: fc.nat(20), bad: fc.boolean() }), { maxLength: 8 }), {
      maxLength: 6,
    });
    const limits = fc.record({
      maxItems: fc.integer({ min: 1, max: 5 }),
      maxSize: fc.nat(30),
      concurrency: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(waves, limits, async (given, { maxItems, maxSize, concurrency }) => {
        let underWay = 0;
        const kept: string[] = [];
        const batches: { readonly beside: number; readonly weights: readonly number[] }[] = [];
        interface Item {
          readonly name: string;
          readonly weight: number;
          readonly bad: boolean;
        }
        const batcher = new Batcher(
          async (items: readonly Item[]) => {
            underWay++;
            batches.push({ beside: underWay, weights: items.map(({ weight }) => weight) });
            await turn();
            underWay--;
            if (items.some(({ bad }) => bad)) throw new Error("refused");
            kept.push(...items.map(({ name }) => name));
            return items.map(({ name }) => name);
          },
          { maxItems, sizeOf: ({ weight }) => weight, maxSize, concurrency },
        );
        const asked: { item: Item; result: Promise<PromiseSettledResult<string>[]> }[] = [];
        for (const [wave, items] of given.entries()) {
          for (const [index, one] of items.entries()) {
            const item = { ...one, name: `${wave}.${index}` };
            asked.push({ item, result: Promise.allSettled([batcher.add(item)]) });
          }
          await turn();
        }
        for (const { item, result } of asked) {
          const [settled] = await result;
          expect(settled?.status === "fulfilled" ? settled.value : settled?.status).toBe(
            item.bad ? "rejected" : item.name,
          );
        }
        const good = asked.filter(({ item }) => !item.bad).map(({ item }) => item.name);
        expect(kept.toSorted()).toEqual(good.toSorted());
        for (const { beside, weights } of batches) {
          expect(beside).toBeLessThanOrEqual(concurrency);
          expect(weights.length).toBeLessThanOrEqual(maxItems);
          const weight = weights.reduce((sum, one) => sum + one, 0);
          if (weights.length > 1) expect(weight).toBeLessThanOrEqual(maxSize);
        }
      }),
      { numRuns: 60 },
    );
  });
});
