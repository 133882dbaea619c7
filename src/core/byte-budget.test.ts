import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteBudget } from "./byte-budget.ts";

const limit = 100;

/** One who asked for bytes; `release` once they are granted. */
interface Holder {
  readonly index: number;
  readonly bytes: number;
  readonly abort: AbortController;
  release: (() => void) | null;
}

type Step =
  | { readonly kind: "acquire"; readonly bytes: number }
  | { readonly kind: "release"; readonly pick: number }
  | { readonly kind: "give up"; readonly pick: number };

const step = fc.oneof(
  fc.record({ kind: fc.constant("acquire" as const), bytes: fc.integer({ min: 1, max: 150 }) }),
  fc.record({ kind: fc.constant("release" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("give up" as const), pick: fc.nat() }),
);

/** Drives a budget and remembers who holds, who waits, and in which order bytes were granted. */
class Users {
  readonly budget = new ByteBudget(limit);
  readonly grants: number[] = [];
  holding: Holder[] = [];
  waiting: Holder[] = [];
  #asked = 0;

  async take(next: Step): Promise<void> {
    if (next.kind === "acquire") this.#ask(next.bytes);
    else if (next.kind === "release") this.#pick(this.holding, next.pick)?.release?.();
    else this.#pick(this.waiting, next.pick)?.abort.abort();
    await settled();
  }

  #ask(bytes: number): void {
    const holder: Holder = { index: this.#asked++, bytes, abort: new AbortController(), release: null };
    this.waiting.push(holder);
    this.budget.acquire(bytes, holder.abort.signal).then(
      (release) => {
        this.waiting = this.waiting.filter((other) => other !== holder);
        this.holding.push(holder);
        this.grants.push(holder.index);
        holder.release = release;
      },
      () => {},
    );
  }

  #pick(from: Holder[], pick: number): Holder | undefined {
    return from.length === 0 ? undefined : from.splice(pick % from.length, 1)[0];
  }
}

/** Every promise that could resolve by now has. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

test("never grants more than the limit, but for one large request alone, and grants in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const users = new Users();
      for (const next of steps) {
        await users.take(next);
        const held = users.holding.reduce((sum, { bytes }) => sum + bytes, 0);
        expect(users.budget.inUse).toBe(held);
        expect(users.budget.waiting).toBe(users.waiting.length);
        expect(held <= limit || users.holding.length === 1).toBe(true);
        expect(users.grants).toEqual([...users.grants].sort((a, b) => a - b));
      }
    }),
  );
});

test("whoever waits is granted the bytes once the others have released theirs", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const users = new Users();
      for (const next of steps) await users.take(next);
      while (users.holding.length > 0) await users.take({ kind: "release", pick: 0 });
      expect(users.waiting).toEqual([]);
      expect(users.budget.inUse).toBe(0);
    }),
  );
});

describe("one request", () => {
  test("that is released twice gives its bytes back once", async () => {
    const budget = new ByteBudget(limit);
    const release = await budget.acquire(60);
    await budget.acquire(40);
    release();
    release();
    expect(budget.inUse).toBe(40);
  });

  test("larger than the whole budget waits until nobody holds anything, and then holds it alone", async () => {
    const users = new Users();
    for (const bytes of [1, 150, 1]) await users.take({ kind: "acquire", bytes });
    expect(users.grants).toEqual([0]);
    await users.take({ kind: "release", pick: 0 });
    expect(users.grants).toEqual([0, 1]);
    expect(users.budget.tryAcquire(1)).toBeNull();
    await users.take({ kind: "release", pick: 0 });
    expect(users.grants).toEqual([0, 1, 2]);
  });

  test("that is tried does not overtake those that wait", async () => {
    const users = new Users();
    for (const bytes of [60, 60]) await users.take({ kind: "acquire", bytes });
    expect(users.budget.tryAcquire(10)).toBeNull();
    await users.take({ kind: "give up", pick: 0 });
    expect(users.budget.tryAcquire(10)).not.toBeNull();
  });

  test("whose signal is aborted gives its place up, and what stood behind it is granted", async () => {
    const users = new Users();
    for (const bytes of [60, 60, 30]) await users.take({ kind: "acquire", bytes });
    expect(users.grants).toEqual([0]);
    await users.take({ kind: "give up", pick: 0 });
    expect(users.grants).toEqual([0, 2]);
    const reason = new Error("gone");
    await expect(users.budget.acquire(1, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
