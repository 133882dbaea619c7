import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const main = fileURLToPath(new URL("../../simulation/main.ts", import.meta.url));
const isLong = process.env.SENDWRIGHT_TEST_FAULTS === "long";
/** Six hundred take half a minute of one core. */
const runs = isLong ? 100_000 : 600;

test(`${runs} scenarios of the delivery engine keep every promise`, {
  timeout: isLong ? 14_400_000 : 600_000,
}, async () => {
  const child = spawn(process.execPath, [main, "--seed", "1", "--runs", String(runs)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  expect(await text(child.stdout)).toMatch(/^Seeds 1 to \d+: 0 failed, \d+ passed/);
});
