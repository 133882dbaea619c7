import { describe, expect, test } from "vitest";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { ByteBudget } from "./byte-budget.ts";
import { ContentMemory, longBytes, smallBytes } from "./content-memory.ts";

const megabyte = 1024 * 1024;
const busy = { code: "server.busy", retry: "later" };

function open(limit = 64 * megabyte) {
  const clock = createFixedClock();
  const budget = new ByteBudget(limit);
  return { clock, budget, memory: new ContentMemory({ budget, clock }) };
}

describe("content", () => {
  test("that does not fit waits until other content is released", async () => {
    const { clock, memory } = open();
    const release = await memory.hold(20 * megabyte);
    const second = memory.hold(20 * megabyte);
    await clock.advance(1_000);
    release();
    (await second)();
    expect([memory.inUse, clock.waiting]).toEqual([0, 0]);
  });

  test("that does not fit within five seconds is refused, to be sent again later", async () => {
    const { clock, memory } = open();
    await memory.hold(20 * megabyte);
    const second = memory.hold(20 * megabyte);
    const refused = expect(second).rejects.toMatchObject(busy);
    await clock.advance(5_000);
    await refused;
  });

  test("is refused at once if a hundred others wait already", async () => {
    const { memory } = open();
    await memory.hold(20 * megabyte);
    for (let count = 0; count < 100; count++) memory.hold(20 * megabyte).catch(() => {});
    await expect(memory.hold(20 * megabyte)).rejects.toMatchObject(busy);
  });

  test("whose client is gone waits no longer, and leaves no timer behind", async () => {
    const { clock, memory } = open();
    await memory.hold(20 * megabyte);
    const gone = new AbortController();
    const second = memory.hold(20 * megabyte, gone.signal);
    gone.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    expect(clock.waiting).toBe(0);
  });

  test("that is small does not wait behind large content", async () => {
    const { memory } = open();
    await memory.hold(20 * megabyte);
    memory.hold(20 * megabyte).catch(() => {});
    (await memory.hold(smallBytes))();
  });

  test("that is small has a reserve of its own, which is bounded too", async () => {
    const { clock, memory } = open();
    const held = Array.from({ length: 200 }, () => memory.hold(smallBytes));
    for (const one of held) one.catch(() => {});
    await clock.advance(0);
    expect(memory.inUse).toBeLessThanOrEqual(8 * megabyte);
    expect(memory.inUse).toBeGreaterThan(7 * megabyte);
  });
});

test("long content is processed one at a time, and shorter content beside it", async () => {
  const { memory } = open();
  const order: string[] = [];
  const ended: (() => void)[] = [];
  const work = (name: string) => () =>
    new Promise<void>((resolve) => {
      order.push(name);
      ended.push(resolve);
    });
  const first = memory.process(longBytes + 1, work("first"));
  const second = memory.process(longBytes + 1, work("second"));
  const short = memory.process(longBytes, work("short"));
  await Promise.resolve();
  expect(order).toEqual(["short", "first"]);
  for (const end of ended) end();
  await Promise.all([first, short]);
  await Promise.resolve();
  expect(order).toEqual(["short", "first", "second"]);
  ended.at(-1)?.();
  await second;
});
