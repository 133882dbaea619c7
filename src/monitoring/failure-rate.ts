import type { Clock } from "../core/clock.ts";
import type { Store } from "../store/store.ts";
import { listOpenAlerts } from "../store/tables/alerts.ts";
import { countEmails, type EmailCounts } from "../store/tables/email-counts.ts";
import type { Alerts } from "./alerts.ts";
import type { CheckFinding } from "./assess.ts";
import { type FailureSettings, readFailureSettings } from "./failure-settings.ts";
import { transitionsOf } from "./transitions.ts";

export interface FailureRateDependencies {
  readonly store: Store;
  readonly alerts: Alerts;
  readonly clock: Clock;
}

const kind = "emails_failing";
const hourMs = 3_600_000;
/** Milliseconds between two counts. */
const everyMs = 60_000;

/** Watches how many of the emails of the past hour failed, through whichever SMTP config. */
export class FailureRate {
  readonly #dependencies: FailureRateDependencies;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(dependencies: FailureRateDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Counts, at most once a minute, and raises or clears the alert.
   * @returns whether it did
   */
  async check(): Promise<boolean> {
    const { store, alerts, clock } = this.#dependencies;
    const counting = clock.monotonic();
    if (counting - this.#countedAt < everyMs) return false;
    this.#countedAt = counting;
    const settings = await readFailureSettings(store.db);
    const open = (await listOpenAlerts(store.db)).filter((alert) => alert.kind === kind);
    if (settings.failureAlertPercent === 0) {
      if (open.length > 0) await store.transaction((db) => alerts.drop(db, open));
      return open.length > 0;
    }
    const to = clock.now();
    const [hour] = await countEmails(store.reader, [{ from: to - hourMs, to }]);
    const finding = hour === undefined ? null : assessFailures(hour, settings);
    const transitions = transitionsOf(open, finding === null ? [] : [finding], []);
    if (transitions.raised.length + transitions.cleared.length === 0) return false;
    return store.transaction((db) => alerts.apply(db, null, transitions));
  }
}

/**
 * What the emails that became final in an hour show; pure. The alert is raised at the set share and cleared below half
 * of it, so that a share around the limit does not raise it over and over.
 * @returns null if they show neither
 */
export function assessFailures(
  { sent, failed }: Pick<EmailCounts, "sent" | "failed">,
  { failureAlertPercent: limit, failureAlertMinEmails: minEmails }: FailureSettings,
): CheckFinding | null {
  const total = sent + failed;
  if (total >= minEmails && failed * 100 >= limit * total) {
    const share = Math.floor((failed * 100) / total);
    return {
      kind,
      status: "problem",
      title: `${share}% of emails failed in one hour`,
      explanation: `${failed} of the last hour's ${total} emails failed, expired, were sent only in part or have an unknown outcome. Sendwright raises this alert from ${limit}% and resolves it below ${limit / 2}%.`,
      remedy: "Open the failed emails and read why their last attempts failed.",
      level: 1,
      isTransient: false,
    };
  }
  return failed * 200 < limit * total || total === 0 ? { kind, status: "ok" } : null;
}
