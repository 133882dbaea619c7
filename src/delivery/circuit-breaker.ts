const secondMs = 1_000;

/** How long a config is not used after its first, second, … failure in a row; the last value repeats. */
const cooldownsMs: readonly number[] = [10, 30, 60, 120, 300].map((seconds) => seconds * secondMs);

/** A config that needs an admin is tried this often all the same: some of what was wrong ends without one. */
const needsAdminMs = 60 * 60 * secondMs;

/**
 * From so many attempts in a row on, a relay that answers and takes nothing is not used for a while. Few, since
 * with little to send the second one is a minute late already.
 */
const maxConsecutiveFailures = 2;

/**
 * For how long a config is not used.
 * @param failures in a row, this one too: 1 or more.
 * @param needsAdmin a refused sign-in, a certificate that does not verify: trying again soon is useless,
 *   and relays lock out a client that does.
 * @returns milliseconds
 */
export function cooldownMs(failures: number, needsAdmin: boolean): number {
  if (needsAdmin) return needsAdminMs;
  return cooldownsMs[Math.min(failures, cooldownsMs.length) - 1] ?? needsAdminMs;
}

/**
 * Whether the breaker opens for a relay that answers, but takes nothing: only if another config can take over.
 * @param consecutiveFailures this one too. While the breaker is half-open, its one email decides.
 */
export function shouldTrip(
  consecutiveFailures: number,
  given: { isHalfOpen: boolean; hasFallback: boolean },
): boolean {
  return given.hasFallback && consecutiveFailures >= (given.isHalfOpen ? 1 : maxConsecutiveFailures);
}
