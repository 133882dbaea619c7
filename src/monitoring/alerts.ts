import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import { newId } from "../core/id.ts";
import type { Actor } from "../core/model.ts";
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
import type { Transitions } from "./transitions.ts";

/** The alerts of all configs: kept from when they are raised until they are over, and told on the way. */
export interface Alerts {
  /** Those that last, the oldest first. */
  list(): Promise<readonly Alert[]>;
  /**
   * Somebody knows of it: the pages say no more of it, unless it becomes more urgent.
   * @throws SendwrightError `alert.not_found` if it is over
   */
  acknowledge(id: string, actor: Actor): Promise<Alert>;
  /** Writes what a check has changed; as a part of a transaction. @returns whether that was anything. */
  apply(
    db: Db,
    config: { readonly id: string; readonly name: string },
    transitions: Transitions,
  ): Promise<boolean>;
  /** Ends those of a config that is off or gone. Nobody need get an email about that. */
  drop(db: Db, alerts: readonly Alert[]): Promise<void>;
}

export interface AlertsParts {
  readonly store: Store;
  readonly clock: Clock;
  /** Where an admin looks at a config; null where Sendwright does not know its own address. */
  readonly linkTo: (configId: string) => string | null;
}

/** Who finds things out without being asked. */
export const watcher: Actor = { id: "system", name: "Sendwright" };

export function createAlerts({ store, clock, linkTo }: AlertsParts): Alerts {
  /** The event for the webhook, in the transaction that it tells of: neither is there without the other. */
  async function announce(db: Db, type: "raised" | "cleared", alert: Alert, at: number): Promise<void> {
    const { configId, configName: name, raisedAt, clearedAt } = alert;
    const detail = { name, kind: alert.kind, title: alert.title };
    const action = `alert.${type}`;
    await writeAudit(db, { at, actor: watcher, action, target: configId, detail });
    if ((await readStoredWebhook(db)) === null) return;
    const event = {
      type: `config.alert.${type}`,
      timestamp: new Date(at).toISOString(),
      data: {
        id: alert.id,
        kind: alert.kind,
        config: { id: configId, name },
        title: alert.title,
        explanation: alert.explanation,
        remedy: alert.remedy,
        raisedAt: new Date(raisedAt).toISOString(),
        clearedAt: clearedAt === null ? null : new Date(clearedAt).toISOString(),
        url: linkTo(configId),
      },
    };
    await insertWebhookDelivery(db, { id: newEventId(at), body: JSON.stringify(event), createdAt: at });
  }

  async function clear(db: Db, alert: Alert, emailDue: "cleared" | null): Promise<void> {
    const now = clock.now();
    const cleared = { ...alert, clearedAt: now, emailDue };
    if (await updateOpenAlert(db, cleared)) await announce(db, "cleared", cleared, now);
  }

  return {
    list: () => listOpenAlerts(store.db),

    acknowledge: (id, actor) =>
      store.transaction(async (db) => {
        const alert = await findAlert(db, id);
        if (alert === undefined || alert.clearedAt !== null) {
          throw new SendwrightError("alert.not_found", "There is no such alert, or it is over.");
        }
        if (alert.acknowledgedAt !== null) return alert;
        const now = clock.now();
        const known = { ...alert, acknowledgedAt: now, acknowledgedBy: actor.name };
        await updateOpenAlert(db, known);
        const detail = { name: alert.configName, kind: alert.kind, title: alert.title };
        await writeAudit(db, {
          at: now,
          actor,
          action: "alert.acknowledged",
          target: alert.configId,
          detail,
        });
        return known;
      }),

    async apply(db, { id: configId, name: configName }, { raised, worsened, cleared }) {
      const now = clock.now();
      for (const { kind, level, title, explanation, remedy } of raised) {
        const alert: Alert = {
          ...{ id: newId(now), configId, configName, kind, level, title, explanation, remedy },
          ...{ raisedAt: now, clearedAt: null, acknowledgedAt: null, acknowledgedBy: null },
          emailDue: "raised",
        };
        if (await insertAlert(db, alert)) await announce(db, "raised", alert, now);
      }
      for (const { alert, now: said } of worsened) {
        const { level, title, explanation, remedy } = said;
        const next: Alert = {
          ...{ ...alert, level, title, explanation, remedy, configName },
          ...{ acknowledgedAt: null, acknowledgedBy: null, emailDue: "raised" },
        };
        if (await updateOpenAlert(db, next)) await announce(db, "raised", next, now);
      }
      for (const alert of cleared) await clear(db, alert, "cleared");
      return raised.length + worsened.length + cleared.length > 0;
    },

    async drop(db, alerts) {
      for (const alert of alerts) await clear(db, alert, null);
    },
  };
}
