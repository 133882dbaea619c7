const minuteMs = 60_000;

/**
 * How long to wait after the first, second, … failed attempt; the last value repeats. Short at first,
 * since most trouble of a relay is a restart or greylisting (RFC 5321 §4.5.4.1 asks for 30 minutes,
 * thinking of sites that hold mail for days; a submission client serves a person who waits).
 */
const delaysMs: readonly number[] = [1, 5, 15, 30, 60, 120, 240].map((minutes) => minutes * minuteMs);

/**
 * When an email with a temporary failure is tried again.
 * @param failed attempts made so far, 1 or more.
 * @param random in [0, 1): spreads attempts over ±20 %, so that a relay that comes back is not hit by
 *   everything at once.
 * @returns milliseconds since the epoch, or null if the email expires before.
 */
export function nextAttemptAt(failed: number, now: number, expiresAt: number, random: number): number | null {
  const delayMs = delaysMs[Math.min(failed, delaysMs.length) - 1] ?? minuteMs;
  const at = now + Math.round(delayMs * (0.8 + 0.4 * random));
  return at < expiresAt ? at : null;
}
