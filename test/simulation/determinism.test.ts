import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const main = fileURLToPath(new URL("../../simulation/main.ts", import.meta.url));

interface Line {
  readonly seed: number;
  readonly hash: string;
}

/** What a simulator in a process of its own prints of these seeds: it takes random numbers and turns over. */
async function play(seed: number, runs: number): Promise<Line[]> {
  const args = ["--seed", String(seed), "--runs", String(runs), "--lines"];
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  const lines = (await text(child.stdout)).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Line);
}

test("a seed makes the same things happen each time, whatever was played before it", async () => {
  const [all, again, last] = await Promise.all([play(1, 40), play(1, 40), play(38, 3)]);
  expect(all).toHaveLength(40);
  expect(again).toEqual(all);
  expect(last).toEqual(all.slice(-3));
  expect(new Set(all.map(({ hash }) => hash)).size).toBe(40);
});
