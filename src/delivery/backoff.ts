const minuteMs = 60_000;

/**
 * How long to wait after the first, second, … failed attempt; the last value repeats. Short at first,
 * since most trouble of a relay is a restart or greylisting (RFC 5321 §4.5.4.1 asks for 30 minutes,
 * thinking of sites that hold mail for days; a submission client serves a person who waits).
 */
const delaysMs: readonly number[] = [1, 5, 15, 30, 60, 120, 240].map((minutes) => minutes * minuteMs);

/** No email waits longer between two attempts, in milliseconds: the last delay with its jitter. */
export const maxBackoffMs = Math.max(...delaysMs) * 1.2;

/** An attempt takes its time: the last one begins so long before the email expires, at the most. */
const maxMarginMs = minuteMs;
const minMarginMs = 5_000;
/** Of the life of an email, what is left after its last attempt began. */
const marginShare = 1 / 20;

/** An email that may be tried again. Times in milliseconds since the epoch. */
export interface Retried {
  /** Attempts made so far, 1 or more. */
  readonly failed: number;
  readonly now: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  /**
   * In [0, 1): spreads attempts over ±20 %, so that a relay that comes back is not hit by everything at once.
   */
  readonly random: number;
}

/**
 * When an email with a temporary failure is tried again. The last attempt comes just before the email expires.
 * @returns milliseconds since the epoch, or null after the last attempt.
 */
export function nextAttemptAt({ failed, now, createdAt, expiresAt, random }: Retried): number | null {
  const delayMs = delaysMs[Math.min(failed, delaysMs.length) - 1] ?? minuteMs;
  const at = now + Math.round(delayMs * (0.8 + 0.4 * random));
  const marginMs = Math.min(maxMarginMs, Math.max(minMarginMs, (expiresAt - createdAt) * marginShare));
  const lastAt = Math.floor(expiresAt - marginMs);
  if (at <= lastAt) return at;
  return now < lastAt ? lastAt : null;
}
