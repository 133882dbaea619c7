import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import { rfc3339, rfc3339OrNull } from "../core/format.ts";
import { newId } from "../core/id.ts";
import { type Actor, systemActor } from "../core/model.ts";
import type { Db } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import {
  type Alert,
  findAlert,
  insertAlert,
  listOpenAlerts,
  updateOpenAlert,
} from "../store/tables/alerts.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import { insertWebhookDelivery, newEventId } from "../store/tables/webhook-deliveries.ts";
import { readStoredWebhook } from "../webhooks/endpoint.ts";
import type { LinkToConfig } from "./config-link.ts";
import type { Transitions } from "./transitions.ts";

/** Stands for the name of a config if a problem concerns all of them. */
const allConfigs = "All SMTP configs";

export interface AlertsDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly linkTo: LinkToConfig;
}

/** The alerts of all configs, from when they are raised until they are cleared. */
export class Alerts {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #linkTo: LinkToConfig;

  constructor({ store, clock, linkTo }: AlertsDependencies) {
    this.#store = store;
    this.#clock = clock;
    this.#linkTo = linkTo;
  }

  /** The open alerts, the oldest first. */
  list(): Promise<readonly Alert[]> {
    return listOpenAlerts(this.#store.db);
  }

  /**
   * Marks an alert as known: the pages stop showing it, unless it becomes more urgent.
   * @throws SendwrightError `alert.not_found`, also for an alert that is cleared
   */
  acknowledge(id: string, actor: Actor): Promise<Alert> {
    return this.#store.transaction(async (db) => {
      const alert = await findAlert(db, id);
      if (alert === undefined || alert.clearedAt !== null) {
        throw new SendwrightError("alert.not_found", "This alert doesn't exist or is already resolved.");
      }
      if (alert.acknowledgedAt !== null) return alert;
      const at = this.#clock.now();
      const acknowledged = { ...alert, acknowledgedAt: at, acknowledgedBy: actor.name };
      await updateOpenAlert(db, acknowledged);
      const { configId: target, configName: name, kind, title } = alert;
      const detail = { name, kind, title };
      await writeAudit(db, { at, actor, action: "alert.acknowledged", target, detail });
      return acknowledged;
    });
  }

  /**
   * Stores what a check has changed, as part of a transaction.
   * @param config null for a problem of all configs together
   * @returns whether it changed anything
   */
  async apply(
    db: Db,
    config: { readonly id: string; readonly name: string } | null,
    { raised, worsened, cleared }: Transitions,
  ): Promise<boolean> {
    const now = this.#clock.now();
    const configName = config?.name ?? allConfigs;
    for (const { kind, level, title, explanation, remedy } of raised) {
      const alert: Alert = {
        id: newId(now),
        configId: config?.id ?? null,
        configName,
        kind,
        level,
        title,
        explanation,
        remedy,
        raisedAt: now,
        clearedAt: null,
        acknowledgedAt: null,
        acknowledgedBy: null,
        emailDue: "raised",
      };
      if (await insertAlert(db, alert)) await this.#announce(db, "raised", alert);
    }
    for (const { alert, now: problem } of worsened) {
      const { level, title, explanation, remedy } = problem;
      const next: Alert = {
        ...alert,
        configName,
        level,
        title,
        explanation,
        remedy,
        acknowledgedAt: null,
        acknowledgedBy: null,
        emailDue: "raised",
      };
      if (await updateOpenAlert(db, next)) await this.#announce(db, "raised", next);
    }
    for (const alert of cleared) await this.#clear(db, alert, "cleared");
    return raised.length + worsened.length + cleared.length > 0;
  }

  /** Clears alerts without an email, because their config is turned off or deleted. */
  async drop(db: Db, alerts: readonly Alert[]): Promise<void> {
    for (const alert of alerts) await this.#clear(db, alert, null);
  }

  async #clear(db: Db, alert: Alert, emailDue: "cleared" | null): Promise<void> {
    const cleared = { ...alert, clearedAt: this.#clock.now(), emailDue };
    if (await updateOpenAlert(db, cleared)) await this.#announce(db, "cleared", cleared);
  }

  /** Stores the event in the transaction that changes the alert, so there is never one without the other. */
  async #announce(db: Db, type: "raised" | "cleared", alert: Alert): Promise<void> {
    const at = this.#clock.now();
    const { id, configId, configName: name, kind, title, explanation, remedy } = alert;
    const detail = { name, kind, title };
    await writeAudit(db, { at, actor: systemActor, action: `alert.${type}`, target: configId, detail });
    if ((await readStoredWebhook(db)) === null) return;
    const event = {
      type: `config.alert.${type}`,
      timestamp: rfc3339(at),
      data: {
        id,
        kind,
        config: configId === null ? null : { id: configId, name },
        title,
        explanation,
        remedy,
        raisedAt: rfc3339(alert.raisedAt),
        clearedAt: rfc3339OrNull(alert.clearedAt),
        url: this.#linkTo(configId),
      },
    };
    await insertWebhookDelivery(db, { id: newEventId(at), body: JSON.stringify(event), createdAt: at });
  }
}
