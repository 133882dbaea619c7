import type { ConfigCheck } from "../store/tables/config-checks.ts";
import { openBreakerAt } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** A failure that may pass is looked at again so much later. */
const againMs = 10 * minuteMs;
/** The first check of a config comes within this time: not all of them at once. */
const firstWithinMs = 10 * minuteMs;
/** Checks of several configs drift apart by up to this share of the interval. */
const jitter = 0.1;

/** @param random in [0, 1) */
export function firstCheckAt(now: number, random: number): number {
  return now + minuteMs + Math.floor(random * firstWithinMs);
}

/** @param random in [0, 1) */
export function nextCheckAt(
  now: number,
  { everyHours, isSuspect, random }: { everyHours: number; isSuspect: boolean; random: number },
): number {
  if (isSuspect) return now + againMs;
  return now + Math.round(everyHours * hourMs * (1 - jitter * random));
}

/** Whether a check of a config that is on is due. */
export function isDue(
  config: SmtpConfig,
  check: ConfigCheck,
  given: { readonly everyHours: number; readonly hasAlerts: boolean; readonly now: number },
): boolean {
  const { everyHours, hasAlerts, now } = given;
  const { checkedAt, claimedUntil, dueAt, outcome } = check;
  if (everyHours === 0 || (claimedUntil ?? 0) > now) return false;
  if (dueAt <= now) return true;
  if (checkedAt === null) return false;
  // The interval may have been made shorter since.
  if (checkedAt + everyHours * hourMs <= now) return true;
  // What was found is about other settings.
  if (check.version !== config.revision.version) return true;
  const { lastTest } = config.health;
  // An admin has tested what was told of.
  if (hasAlerts && lastTest?.ok === true && lastTest.at > checkedAt) return true;
  // Sending has found something that the check before did not.
  return outcome?.ok === true && openBreakerAt(config.health, now) !== null && checkedAt + againMs <= now;
}
