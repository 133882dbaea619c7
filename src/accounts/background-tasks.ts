import { randomInt } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";

/** Work that a request leaves behind: nobody waits for it, so the time of the reply tells nothing of it. */
export interface Afterwards {
  /**
   * Begins about a second after the request. A failure goes to the log alone.
   * @param failed what the log then says
   */
  begin(failed: string, work: () => Promise<void>): void;
  /** Begins at once what still waits, and resolves when all has ended. */
  settled(): Promise<void>;
}

/**
 * At once, it would compete with the reply, and with the next request of whoever wants to know what there was
 * to do: a few milliseconds that can be measured.
 */
const delayMs = { least: 200, most: 1_200 };

export function createAfterwards(clock: Clock, log: Log): Afterwards {
  const waiting = new Set<() => void>();
  const underWay = new Set<Promise<void>>();

  function start(failed: string, work: () => Promise<void>): void {
    const ended = work()
      .catch((error: unknown) => log.error({ err: error }, failed))
      .finally(() => underWay.delete(ended));
    underWay.add(ended);
  }

  return {
    begin(failed, work) {
      const startNow = () => {
        cancelTimer();
        waiting.delete(startNow);
        start(failed, work);
      };
      const cancelTimer = clock.after(randomInt(delayMs.least, delayMs.most), startNow);
      waiting.add(startNow);
    },
    async settled() {
      for (const startNow of waiting) startNow();
      await Promise.all(underWay);
    },
  };
}
