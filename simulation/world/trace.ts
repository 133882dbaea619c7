import { createHash } from "node:crypto";
import type { Scheduler } from "./scheduler.ts";

/** What happened, line by line, and a hash of all of it: two runs of one plan have the same. */
export class Trace {
  readonly #scheduler: Scheduler;
  readonly #lines: string[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  note(who: string, what: string): void {
    this.#lines.push(`${timeOf(this.#scheduler.now)}  ${who.padEnd(8)} ${what}`);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  get hash(): string {
    return createHash("sha256").update(this.#lines.join("\n")).digest("hex").slice(0, 16);
  }
}

/** Hours, minutes, seconds and milliseconds since the beginning. */
function timeOf(ms: number): string {
  const part = (value: number, length: number) => String(Math.floor(value)).padStart(length, "0");
  return `${part(ms / 3_600_000, 1)}:${part((ms / 60_000) % 60, 2)}:${part((ms / 1_000) % 60, 2)}.${part(ms % 1_000, 3)}`;
}
