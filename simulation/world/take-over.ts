import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** What decides instead of the event loop and the operating system. */
export interface World {
  readonly scheduler: Scheduler;
  readonly random: Random;
}

const realImmediate = globalThis.setImmediate;
let world: World | null = null;

/** Takes the turns of the event loop and random bytes of this whole process over; from here on `within` says from where. */
export function takeOver(): void {
  const immediate = (run: (...given: unknown[]) => void, ...given: unknown[]) =>
    world === null ? realImmediate(run, ...given) : world.scheduler.nextTurn(() => run(...given));
  globalThis.setImmediate = immediate as typeof setImmediate;
  timers.setImmediate = <T>(value?: T) => new Promise<T>((resolve) => immediate(() => resolve(value as T)));
  const { randomFillSync, randomBytes } = crypto;
  crypto.randomFillSync = ((bytes: Buffer) => {
    if (world === null) return randomFillSync(bytes);
    world.random.fill(bytes);
    return bytes;
  }) as typeof crypto.randomFillSync;
  crypto.randomBytes = ((size: number) => {
    if (world === null) return randomBytes(size);
    const bytes = Buffer.alloc(size);
    world.random.fill(bytes);
    return bytes;
  }) as typeof crypto.randomBytes;
  syncBuiltinESMExports();
}

/** Runs work in a world, and lets the real event loop turn once at its end, so that nothing of it is left. */
export async function within<T>(next: World, work: () => Promise<T>): Promise<T> {
  world = next;
  try {
    return await work();
  } finally {
    world = null;
    await new Promise<void>((resolve) => realImmediate(resolve));
  }
}
