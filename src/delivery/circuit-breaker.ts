const secondMs = 1_000;

/** How long a config rests after its first, second, … failure in a row; the last value repeats. */
const restsMs: readonly number[] = [10, 30, 60, 120, 300].map((seconds) => seconds * secondMs);

/** What only an admin can mend is looked at this often all the same: some of it mends itself. */
const mendMs = 60 * 60 * secondMs;

/**
 * From so many attempts in a row on, a relay that answers and takes nothing is given a rest. Few, since with
 * little to send the second one is a minute late already.
 */
const maxStrikes = 2;

/**
 * For how long a config is not used.
 * @param failures in a row, this one too: 1 or more.
 * @param mustBeMended a refused sign-in, a certificate that does not verify: trying again soon is useless,
 *   and relays lock out who does.
 */
export function restMs(failures: number, mustBeMended: boolean): number {
  if (mustBeMended) return mendMs;
  return restsMs[Math.min(failures, restsMs.length) - 1] ?? mendMs;
}

/**
 * Whether a relay that answers, but takes nothing, should rest too: only where another can take over.
 * @param strikes in a row, this one too. After a rest, the one email that tries has the last word.
 */
export function isStruckOut(strikes: number, given: { isTrial: boolean; hasOther: boolean }): boolean {
  return given.hasOther && strikes >= (given.isTrial ? 1 : maxStrikes);
}
