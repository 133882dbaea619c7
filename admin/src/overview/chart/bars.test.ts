import { expect, test } from "vitest";
import { barsOf, totalsOf } from "./bars.ts";

const count = (sent: number, waiting = 0, failed = 0) => ({ from: 0, to: 1, sent, waiting, failed });

test("the highest bar fills the chart, the others keep their share", () => {
  const [full, half, none] = barsOf([count(8), count(4), count(0)]);
  expect(full).toEqual([{ kind: "sent", y: 0, height: 100 }]);
  expect(half).toEqual([{ kind: "sent", y: 50, height: 50 }]);
  expect(none).toEqual([]);
});

test("what failed stands on what waits, and that on what was sent", () => {
  const [bar = []] = barsOf([count(2, 1, 1)]);
  expect(bar.map(({ kind, y }) => [kind, y])).toEqual([
    ["sent", 50],
    ["waiting", 25],
    ["failed", 0],
  ]);
});

test("one failed email among thousands is seen, and the bar does not leave the chart", () => {
  const [bar = []] = barsOf([count(99_999, 0, 1)]);
  const failed = bar.at(-1);
  expect(failed?.height).toBeGreaterThan(2.5);
  expect(failed?.y).toBeCloseTo(0);
});

test("adds up what is under the chart", () => {
  expect(totalsOf([count(1, 2, 3), count(4, 5, 6)])).toEqual({ sent: 5, waiting: 7, failed: 9 });
});
