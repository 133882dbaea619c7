import { statfs } from "node:fs/promises";
import type { Clock } from "./clock.ts";

export interface FreeDiskOptions {
  /** The folder whose filesystem is looked at; null if nothing is written to a disk of this machine. */
  readonly folder: string | null;
  /** Bytes that must stay free; 0 if it doesn't matter. */
  readonly floor: number;
  readonly clock: Clock;
  /** Bytes that are free to this process. Default: asks the system. */
  readonly read?: (folder: string) => Promise<number>;
}

const readingLivesMs = 1_000;

/** How much of the disk is free, read again once a second at most. */
export class FreeDisk {
  readonly floor: number;
  readonly #options: Required<FreeDiskOptions>;
  #reading: { readonly readAt: number; readonly bytes: Promise<number | null> } | null = null;

  constructor(options: FreeDiskOptions) {
    this.floor = options.floor;
    this.#options = { read: readFree, ...options };
  }

  /** Bytes; null if there is no folder, or the system doesn't say. */
  bytes(): Promise<number | null> {
    const { folder, clock, read } = this.#options;
    if (folder === null) return Promise.resolve(null);
    const now = clock.monotonic();
    if (this.#reading === null || now - this.#reading.readAt >= readingLivesMs) {
      this.#reading = { readAt: now, bytes: read(folder).catch(() => null) };
    }
    return this.#reading.bytes;
  }

  /** Whether less is free than the floor. */
  async isLow(): Promise<boolean> {
    if (this.floor === 0) return false;
    const bytes = await this.bytes();
    return bytes !== null && bytes < this.floor;
  }
}

async function readFree(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
