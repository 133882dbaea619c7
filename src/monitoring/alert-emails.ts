import type { Clock } from "../core/clock.ts";
import { isSendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { AlertKind } from "../core/model.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import type { SmtpConfigSummary } from "../smtp-configs/summary.ts";
import type { Store } from "../store/store.ts";
import { type Alert, alertTold, listAlertsToTell } from "../store/tables/alerts.ts";
import { openBreakerAt } from "../store/tables/smtp-config-health.ts";
import { listAdminAddresses } from "../store/tables/users.ts";
import { readWatch } from "./monitoring-settings.ts";

/** An email to admins, as the outbox takes it. */
export interface AlertEmail {
  readonly to: string[];
  readonly template: "config-alert";
  readonly data: Record<string, unknown>;
  readonly priority: "high";
}

export interface AlertEmailsParts {
  readonly store: Store;
  readonly configs: SmtpConfigs;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes an email in, once for each key. */
  readonly accept: (email: AlertEmail, key: string) => Promise<unknown>;
  /** Where an admin looks at a config; null where Sendwright does not know its own address. */
  readonly linkTo: (configId: string) => string | null;
}

/** An email has no more recipients. */
const maxRecipients = 50;

/**
 * Sends the emails that alerts are due, each once, however often it is called and on however many nodes. What
 * cannot be sent now is not sent later: by then it is no news.
 */
export function createAlertEmails(parts: AlertEmailsParts): () => Promise<void> {
  const { store, configs, clock, log, accept, linkTo } = parts;

  async function send(email: AlertEmail, key: string): Promise<void> {
    try {
      await accept(email, key);
    } catch (error) {
      // What no try can make right must not keep the others waiting; a database that is away comes back.
      if (!isSendwrightError(error) || error.retry !== "never") throw error;
      log.error({ err: error, key }, "an email about an alert was refused");
    }
  }

  return async () => {
    const due = await listAlertsToTell(store.db);
    if (due.length === 0) return;
    const { alertEmails } = await readWatch(store.db);
    const to = (alertEmails ?? (await listAdminAddresses(store.db))).slice(0, maxRecipients);
    for (const alert of due) {
      const { id, configId, level, emailDue } = alert;
      if (to.length > 0 && canTell(alert, await configs.list(), clock.now())) {
        const data = alertData(alert, linkTo(configId));
        const email: AlertEmail = { to: [...to], template: "config-alert", data, priority: "high" };
        await send(email, `alert/${id}/${emailDue}/${level}`);
      } else {
        log.warn(
          { configId, alert: id },
          "no email tells of an alert: nobody is to get it, or no config can send",
        );
      }
      await alertTold(store.db, alert);
    }
  };
}

/** Trouble for which nothing goes through the config itself. */
const blocking: ReadonlySet<AlertKind> = new Set(["unusable", "unreachable", "tls_failed", "sign_in_failed"]);

/**
 * Whether an email about this can be sent now. Sending takes the first config that can be used: where that is
 * the troubled one, an email would wait for the very trouble that it tells of, or be refused for it.
 * @param configs all, in their order
 */
export function canTell(
  { configId, kind, emailDue }: Alert,
  configs: readonly SmtpConfigSummary[],
  now: number,
): boolean {
  const usable = configs.filter(
    ({ settings, problem, health }) =>
      settings.enabled && problem === null && openBreakerAt(health, now) === null,
  );
  if (emailDue === "cleared") return usable.length > 0;
  // Sending goes on to the next one by itself, but not from one that refuses its sender.
  if (kind === "sender_refused") return usable[0] !== undefined && usable[0].id !== configId;
  return usable.some(({ id }) => id !== configId || !blocking.has(kind));
}

/** What the template `config-alert` says of an alert. */
function alertData(alert: Alert, url: string | null): Record<string, unknown> {
  const isOver = alert.emailDue === "cleared";
  return {
    config: onOneLine(alert.configName, 200),
    isOver,
    title: onOneLine(alert.title, 200),
    explanation: onOneLine(alert.explanation, 2000),
    ...(isOver ? {} : { remedy: onOneLine(alert.remedy, 2000) }),
    time: new Date(isOver ? (alert.clearedAt ?? alert.raisedAt) : alert.raisedAt).toISOString(),
    ...(url === null ? {} : { url }),
  };
}

/** Explanations quote relays. */
function onOneLine(text: string, max: number): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").slice(0, max);
}
