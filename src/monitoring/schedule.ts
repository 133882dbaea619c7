import type { ConfigCheck } from "../store/tables/config-checks.ts";
import { openBreakerAt } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Milliseconds until a config with a transient problem is checked again. */
const recheckMs = 10 * minuteMs;
/** Milliseconds over which first checks are spread, because many configs may be new at once. */
const firstSpreadMs = 10 * minuteMs;
/** The share of the interval by which a check may come earlier, so checks of several configs drift apart. */
const jitter = 0.1;

/** When a new config is checked, in milliseconds since the epoch. @param random in [0, 1) */
export function firstCheckAt(now: number, random: number): number {
  return now + minuteMs + Math.floor(random * firstSpreadMs);
}

/** When a config is checked again, in milliseconds since the epoch. @param random in [0, 1) */
export function nextCheckAt(
  now: number,
  { everyHours, isSuspect, random }: { everyHours: number; isSuspect: boolean; random: number },
): number {
  if (isSuspect) return now + recheckMs;
  return now + Math.round(everyHours * hourMs * (1 - jitter * random));
}

/** Whether a check of a config that is turned on is due. */
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
  // The last check was of other settings.
  if (check.version !== config.revision.version) return true;
  const { lastTest } = config.health;
  // An admin has tested the config since, perhaps after fixing what the alert is about.
  if (hasAlerts && lastTest?.ok === true && lastTest.at > checkedAt) return true;
  // Sending has failed since the last check, which passed.
  return outcome?.ok === true && openBreakerAt(config.health, now) !== null && checkedAt + recheckMs <= now;
}
