import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** Between tries while the database does not answer. */
export const databaseRetryMs = 1_000;

/** Repeats work on the database until it is done. */
export type Persist = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * What concerns an email that is claimed is repeated until the database has it: were an outcome not
 * written, the email would be sent again.
 * @param signal ends it: the work then fails as it failed last.
 */
export function createPersist(clock: Clock, log: Log, signal: AbortSignal): Persist {
  return async (work) => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted) throw error;
        log.error({ err: error }, "the database does not answer: trying again");
        await new Promise<void>((resolve) => clock.after(databaseRetryMs, resolve));
      }
    }
  };
}
