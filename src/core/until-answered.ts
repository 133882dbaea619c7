import type { Clock } from "./clock.ts";
import { isSendwrightError } from "./errors.ts";
import type { Log } from "./log.ts";

/** Milliseconds between tries while the database does not answer. */
export const databaseRetryMs = 1_000;

export interface UntilAnsweredOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the retries: the work then fails as it failed last. */
  readonly signal: AbortSignal;
}

/**
 * Repeats work while the database is unavailable. What concerns a claimed email is repeated because an outcome that
 * is not stored would send the email again.
 */
export async function retryUntilStored<T>(
  work: () => Promise<T>,
  { clock, log, signal }: UntilAnsweredOptions,
): Promise<T> {
  for (;;) {
    try {
      return await unlessAborted(work(), signal);
    } catch (error) {
      if (signal.aborted || !isSendwrightError(error, "store.unavailable")) throw error;
      log.error({ err: error }, "database unreachable; retrying");
      await new Promise<void>((resolve) => clock.after(databaseRetryMs, resolve));
    }
  }
}

/** The result of work, or the reason of the signal if that comes first: a database may not answer at all. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
