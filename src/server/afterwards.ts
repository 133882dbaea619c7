import { setImmediate as nextTurn } from "node:timers/promises";
import type { Log } from "../log.ts";

/** Work that a request leaves behind: nobody waits for it, so the time of the reply tells nothing of it. */
export interface Afterwards {
  /**
   * Begins once the reply is on its way.
   * @param failed what goes to the log if it fails, which nobody else gets to know
   */
  begin(failed: string, work: () => Promise<void>): void;
  /** Resolves when all that was begun has ended. */
  settled(): Promise<void>;
}

export function createAfterwards(log: Log): Afterwards {
  const underWay = new Set<Promise<void>>();
  return {
    begin(failed, work) {
      const ended = nextTurn()
        .then(work)
        .catch((error: unknown) => log.error({ err: error }, failed))
        .finally(() => underWay.delete(ended));
      underWay.add(ended);
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
