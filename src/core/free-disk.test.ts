import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { createFixedClock } from "../testing/fixed-clock.ts";
import { FreeDisk } from "./free-disk.ts";

test("is low while less is free than the floor, which is read again after a second", async () => {
  const clock = createFixedClock();
  let free = 100;
  let readings = 0;
  const read = async () => {
    readings++;
    return free;
  };
  const disk = new FreeDisk({ folder: "/data", floor: 100, clock, read });
  expect(await disk.isLow()).toBe(false);
  free = 99;
  expect(await disk.isLow()).toBe(false);
  await clock.advance(1_000);
  expect([await disk.isLow(), await disk.isLow(), readings]).toEqual([true, true, 2]);
  free = 100;
  await clock.advance(1_000);
  expect(await disk.isLow()).toBe(false);
});

test("is that of the filesystem on which the folder is", async () => {
  const clock = createFixedClock();
  const folder = tmpdir();
  expect(await new FreeDisk({ folder, floor: 1, clock }).bytes()).toBeGreaterThan(1);
  expect(await new FreeDisk({ folder, floor: Number.MAX_SAFE_INTEGER, clock }).isLow()).toBe(true);
});

test("is never low without a folder, without a floor, or if the system does not say", async () => {
  const clock = createFixedClock();
  const unknown = async () => {
    throw new Error("no such filesystem");
  };
  const none = async () => 0;
  for (const options of [
    { folder: null, floor: 100, read: none },
    { folder: "/data", floor: 0, read: none },
    { folder: "/data", floor: 100, read: unknown },
  ]) {
    expect(await new FreeDisk({ ...options, clock }).isLow()).toBe(false);
  }
});
