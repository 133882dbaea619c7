import { expect, test } from "vitest";
import { createFixedClock } from "./fixed-clock.ts";

test("stands still until it is advanced", async () => {
  const clock = createFixedClock(1_000);
  expect(clock.now()).toBe(1_000);
  await clock.advance(250);
  expect(clock.now()).toBe(1_250);
});

test("is set forward and back without any time passing", async () => {
  const clock = createFixedClock(1_000);
  const fired: number[] = [];
  clock.after(100, () => fired.push(clock.now()));
  clock.step(5_000);
  expect([clock.now(), clock.monotonic(), fired]).toEqual([6_000, 0, []]);
  await clock.advance(50);
  clock.step(-6_000);
  expect([clock.now(), clock.monotonic(), fired]).toEqual([50, 50, []]);
  await clock.advance(50);
  expect(fired).toEqual([100]);
});

test("fires due timers in order, each at its own time, equals as they were set", async () => {
  const clock = createFixedClock(0);
  const fired: [string, number][] = [];
  const note = (name: string) => () => fired.push([name, clock.now()]);
  clock.after(30, note("third"));
  clock.after(10, note("first"));
  clock.after(10, note("second"));
  clock.after(31, note("never"));
  await clock.advance(30);
  expect(fired).toEqual([
    ["first", 10],
    ["second", 10],
    ["third", 30],
  ]);
  expect(clock.now()).toBe(30);
  expect(clock.waiting).toBe(1);
});

test("lets what a timer sets in motion set timers in turn", async () => {
  const clock = createFixedClock(0);
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const times: number[] = [];
  async function work() {
    for (let turn = 0; turn < 3; turn++) {
      await wait(10);
      times.push(clock.now());
    }
  }
  const worked = work();
  await clock.advance(30);
  await worked;
  expect(times).toEqual([10, 20, 30]);
});

test("forgets a cancelled timer", async () => {
  const clock = createFixedClock();
  let fired = false;
  const cancel = clock.after(5, () => {
    fired = true;
  });
  cancel();
  await clock.advance(10);
  expect(fired).toBe(false);
  expect(clock.waiting).toBe(0);
});
