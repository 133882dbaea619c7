import type { Tokens } from "./grant.ts";

const minuteMs = 60_000;
/** How long before its end a token is renewed; one with a short life is renewed halfway. */
const aheadMs = 5 * minuteMs;
/** The least time between two renewals that nobody asked for, however short the lives of the tokens. */
const leastGapMs = 30_000;
/** After failures in a row; the last repeats. */
const cooldownsMs: readonly number[] = [10_000, 30_000, minuteMs, 2 * minuteMs, 5 * minuteMs];

/** An admin may have removed the cause of a refusal at the provider: it is asked again this often. */
export const refusedCooldownMs = 30 * minuteMs;

/**
 * How long a provider is not asked again after a failure.
 * @param failures in a row, the latest included: 1 or more
 */
export function cooldownMs(failures: number): number {
  return cooldownsMs[Math.min(failures, cooldownsMs.length) - 1] ?? minuteMs;
}

/** When tokens are renewed though nobody asked for them. */
export function renewalDueAt(
  { accessExpiresAt, refreshExpiresAt, obtainedAt, rolls }: Tokens,
  { refusedAt, cooldownUntil }: { readonly refusedAt: number | null; readonly cooldownUntil: number },
): number {
  // An end that moves with each renewal must be moved in time too.
  const end = rolls ? Math.min(accessExpiresAt, refreshExpiresAt ?? accessExpiresAt) : accessExpiresAt;
  const ahead = Math.min(aheadMs, (end - obtainedAt) / 2);
  const refusedUntil = refusedAt === null ? 0 : refusedAt + refusedCooldownMs;
  return Math.max(end - ahead, obtainedAt + leastGapMs, cooldownUntil, refusedUntil);
}
