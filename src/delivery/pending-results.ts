import type { Settlement } from "../store/tables/email-settlements.ts";
import type { Attempt, Email } from "../store/tables/emails.ts";
import type { Breaker, VersionHealth } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { isConfigFault } from "./outcome.ts";

/** What became of an email, and what that means for its config, until it is written. */
export interface PendingResult {
  readonly email: Email;
  readonly settlement: Settlement;
  /** Null if nothing was attempted. */
  readonly config: SmtpConfig | null;
  /** The breaker of the config from now on; null if it stays as it is. */
  readonly breaker: Breaker | null;
  /** What this version of the config has shown for the first time, if anything. */
  readonly versionHealth: VersionHealth | null;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** One breaker for each config; if results contradict each other, the failure counts. */
export function breakersOf(results: readonly PendingResult[]): readonly (readonly [SmtpConfig, Breaker])[] {
  const breakers = new Map<string, [SmtpConfig, Breaker]>();
  for (const { config, breaker } of results) {
    if (config === null || breaker === null) continue;
    if (breaker.state === "open" || !breakers.has(config.id)) breakers.set(config.id, [config, breaker]);
  }
  return [...breakers.values()];
}

/** What an attempt says of a version of the config of which nothing was known yet. */
export function versionHealthAfter(config: SmtpConfig, email: Email, attempt: Attempt): VersionHealth | null {
  const { version } = config.revision;
  const { knownGoodVersion, failingVersion } = config.health;
  if (knownGoodVersion === version) return null;
  if (attempt.outcome === "sent" || attempt.outcome === "partial") return "known-good";
  return failingVersion !== version && isConfigFault(attempt, email) ? "failing" : null;
}

/** One for each config: a version through which an email is accepted is known to be good. */
export function versionHealthsOf(
  results: readonly PendingResult[],
): readonly (readonly [SmtpConfig, VersionHealth])[] {
  const healths = new Map<string, [SmtpConfig, VersionHealth]>();
  for (const { config, versionHealth } of results) {
    if (config === null || versionHealth === null) continue;
    if (versionHealth === "known-good" || !healths.has(config.id)) {
      healths.set(config.id, [config, versionHealth]);
    }
  }
  return [...healths.values()];
}
