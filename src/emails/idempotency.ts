import { createHash } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Actor, EmailState } from "../core/model.ts";
import type { Store } from "../store/store.ts";
import type { NewEmail } from "../store/tables/email-inserts.ts";
import { findByIdempotencyKey, releaseIdempotencyKey } from "../store/tables/emails.ts";

export interface Accepted {
  readonly id: string;
  readonly messageId: string;
  readonly state: EmailState;
  /** Whether an idempotency key showed that the email had been accepted before. */
  readonly repeated: boolean;
}

/** What an idempotency key may be. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, "must have 1 to 255 visible ASCII characters");

/** Milliseconds for which an idempotency key is kept. */
export const keyLivesMs = 24 * 60 * 60 * 1000;

/**
 * The reply to the first request with this key from this caller; null if there was none within 24 hours.
 * @throws SendwrightError `idempotency.conflict` if that was another request
 */
export async function earlierReply(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  caller: Actor,
  idempotency: NewEmail["idempotency"],
): Promise<Accepted | null> {
  if (idempotency === null) return null;
  const { key, requestHash } = idempotency;
  const earlier = await findByIdempotencyKey(store.db, caller.id, key);
  if (earlier === undefined) return null;
  const { id, messageId, state, createdAt } = earlier.email;
  if (createdAt <= clock.now() - keyLivesMs) {
    await releaseIdempotencyKey(store.db, id);
    return null;
  }
  if (earlier.requestHash !== requestHash) {
    throw new SendwrightError(
      "idempotency.conflict",
      `The idempotency key "${key}" was used for another email. Use a new key for each email.`,
    );
  }
  return { id, messageId, state, repeated: true };
}

/** SHA-256 of the request as it was given; the order of its keys makes no difference. */
export function hashRequest(input: unknown): string {
  const canonical = JSON.stringify(input, (_key, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash("sha256").update(canonical).digest("hex");
}
