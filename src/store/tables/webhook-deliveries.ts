import { newId } from "../../core/id.ts";
import { columns } from "../columns.ts";
import type { Db, WebhookDeliveryRow } from "../schema.ts";

/** An event that the webhook has not taken yet. */
export interface WebhookDelivery {
  readonly id: string;
  /** As it is sent and signed, the same in each try. */
  readonly body: string;
  readonly createdAt: number;
  readonly tries: number;
  readonly nextTryAt: number;
}

/** The id of a new event: without a full stop, as its signature needs it. @param now milliseconds since the epoch */
export function newEventId(now: number): string {
  return `msg_${newId(now)}`;
}

export async function insertWebhookDelivery(
  db: Db,
  { id, body, createdAt }: Pick<WebhookDelivery, "id" | "body" | "createdAt">,
): Promise<void> {
  await db
    .insertInto("webhook_deliveries")
    .values({ id, body, created_at: createdAt, tries: 0, next_try_at: createdAt })
    .execute();
}

export async function listDueWebhookDeliveries(
  db: Db,
  now: number,
  limit: number,
): Promise<WebhookDelivery[]> {
  const query = db
    .selectFrom("webhook_deliveries")
    .select(columns.webhook_deliveries)
    .where("next_try_at", "<=", now);
  return (await query.orderBy("next_try_at").orderBy("id").limit(limit).execute()).map(fromRow);
}

/** When the next one is due; null where there is none. */
export async function nextWebhookTryAt(db: Db): Promise<number | null> {
  const row = await db
    .selectFrom("webhook_deliveries")
    .select((is) => is.fn.min("next_try_at").as("at"))
    .executeTakeFirst();
  return row?.at ?? null;
}

/**
 * Takes a try on, if nobody else has since it was read. A node that dies meanwhile has given it up by `nextTryAt`.
 * @returns false if somebody else was first.
 */
export async function claimWebhookDelivery(
  db: Db,
  read: WebhookDelivery,
  nextTryAt: number,
): Promise<boolean> {
  const result = await db
    .updateTable("webhook_deliveries")
    .set({ tries: read.tries + 1, next_try_at: nextTryAt })
    .where("id", "=", read.id)
    .where("tries", "=", read.tries)
    .where("next_try_at", "=", read.nextTryAt)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Says when a claimed one is tried again, and how many tries count until then. */
export async function postponeWebhookDelivery(
  db: Db,
  claimed: WebhookDelivery,
  { tries, at }: { readonly tries: number; readonly at: number },
): Promise<void> {
  await db
    .updateTable("webhook_deliveries")
    .set({ tries, next_try_at: at })
    .where("id", "=", claimed.id)
    .where("tries", "=", claimed.tries)
    .where("next_try_at", "=", claimed.nextTryAt)
    .execute();
}

/** It was taken, or is given up. */
export async function deleteWebhookDelivery(db: Db, id: string): Promise<void> {
  await db.deleteFrom("webhook_deliveries").where("id", "=", id).execute();
}

/** Nothing is sent where there is no webhook any more. */
export async function deleteWebhookDeliveries(db: Db): Promise<void> {
  await db.deleteFrom("webhook_deliveries").execute();
}

function fromRow(row: WebhookDeliveryRow): WebhookDelivery {
  return {
    id: row.id,
    body: row.body,
    createdAt: row.created_at,
    tries: row.tries,
    nextTryAt: row.next_try_at,
  };
}
