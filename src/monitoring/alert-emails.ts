import type { Clock } from "../core/clock.ts";
import { isSendwrightError } from "../core/errors.ts";
import { rfc3339 } from "../core/format.ts";
import type { Log } from "../core/log.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import type { SmtpConfigSummary } from "../smtp-configs/summary.ts";
import type { Store } from "../store/store.ts";
import { type Alert, alertTold, listAlertsToTell } from "../store/tables/alerts.ts";
import { listAdminAddresses } from "../store/tables/users.ts";
import { blockingKinds } from "./assess.ts";
import type { LinkToConfig } from "./config-link.ts";
import { readMonitoring } from "./monitoring-settings.ts";
import { isUsable } from "./status.ts";

/** An email to admins, as the outbox accepts it. */
export interface AlertEmail {
  readonly to: string[];
  readonly template: "config-alert";
  readonly data: Record<string, unknown>;
  readonly priority: "high";
}

export interface AlertEmailsDependencies {
  readonly store: Store;
  readonly configs: SmtpConfigs;
  readonly clock: Clock;
  readonly log: Log;
  readonly linkTo: LinkToConfig;
  /** Queues an email, once for each key. */
  readonly accept: (email: AlertEmail, key: string) => Promise<unknown>;
}

/** The most recipients that an email may have. */
const maxRecipients = 50;

/** Emails admins about alerts, in English: the explanations of alerts have no translation. */
export class AlertEmails {
  readonly #dependencies: AlertEmailsDependencies;

  constructor(dependencies: AlertEmailsDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Queues the emails that are due, each once, even if several nodes do so at the same time. An email that cannot be
   * sent now is dropped, because it would come too late.
   */
  async sendDue(): Promise<void> {
    const { store, configs, clock, log, linkTo } = this.#dependencies;
    const due = await listAlertsToTell(store.db);
    if (due.length === 0) return;
    const { alertEmails } = await readMonitoring(store.db);
    const to = (alertEmails ?? (await listAdminAddresses(store.db))).slice(0, maxRecipients);
    for (const alert of due) {
      const { id, configId, level, emailDue } = alert;
      if (to.length > 0 && canSend(alert, await configs.list(), clock.now())) {
        const data = alertData(alert, linkTo(configId));
        const email: AlertEmail = { to: [...to], template: "config-alert", data, priority: "high" };
        await this.#send(email, `alert/${id}/${emailDue}/${level}`);
      } else {
        log.warn({ configId, alert: id }, "alert email dropped; no recipient or usable config");
      }
      await alertTold(store.db, alert);
    }
  }

  async #send(email: AlertEmail, key: string): Promise<void> {
    try {
      await this.#dependencies.accept(email, key);
    } catch (error) {
      // An email that is rejected for good must not block the others. An unreachable database throws, and is tried again.
      if (!isSendwrightError(error) || error.retry !== "never") throw error;
      this.#dependencies.log.error({ err: error, key }, "alert email rejected; dropped");
    }
  }
}

/**
 * Whether an email about an alert can be sent now. Sending tries the first usable config: if that is the one with
 * the problem, the email would stay queued, or be rejected, for the very problem it is about.
 * @param configs all, in their order
 */
export function canSend(
  { configId, kind, emailDue }: Alert,
  configs: readonly SmtpConfigSummary[],
  now: number,
): boolean {
  const usable = configs.filter((config) => isUsable(config, now));
  if (emailDue === "cleared") return usable.length > 0;
  // Sending fails over to the next config, but not from one that rejects its sender.
  if (kind === "sender_refused") return usable[0] !== undefined && usable[0].id !== configId;
  return usable.some(({ id }) => id !== configId || !blockingKinds.has(kind));
}

/** The data of the template `config-alert`, which is in English as the explanation is. */
function alertData(alert: Alert, url: string | null): Record<string, unknown> {
  const isOver = alert.emailDue === "cleared";
  return {
    config: onOneLine(alert.configName, 200),
    ...(alert.configId === null ? { isOfAll: true } : {}),
    isOver,
    title: onOneLine(alert.title, 200),
    explanation: onOneLine(alert.explanation, 2000),
    ...(isOver ? {} : { remedy: onOneLine(alert.remedy, 2000) }),
    time: rfc3339(isOver ? (alert.clearedAt ?? alert.raisedAt) : alert.raisedAt),
    ...(url === null ? {} : { url }),
  };
}

/** Removes the line breaks of SMTP replies, which explanations quote. */
function onOneLine(text: string, max: number): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").slice(0, max);
}
