import { randomBytes } from "node:crypto";
import { z } from "zod";
import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import { passwordMask } from "../core/model.ts";
import { isEndpoint } from "../net/host.ts";
import type { Keyring } from "../secret/keyring.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { Db } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import { readSetting, writeSetting } from "../store/tables/settings.ts";
import { deleteWebhookDeliveries } from "../store/tables/webhook-deliveries.ts";

/** Where events go, and what they are signed with. */
export interface Webhook {
  readonly url: string;
  /** `whsec_` and base64, as Standard Webhooks writes it. */
  readonly secret: string;
}

/** The setting as stored; the secret is a Fernet token under a key of its own, bound to the address. */
export interface StoredWebhook {
  readonly url: string;
  readonly secretEnc: string;
}

const settingKey = "webhook";
const prefix = "whsec_";
/** Standard Webhooks asks for 24 to 64. */
const secretBytes = 32;

const stored = z.strictObject({ url: z.string(), secretEnc: z.string() });

export const webhookFields = {
  webhookUrl: z
    .string("must be a URL or null")
    .max(2000, "must have at most 2000 characters")
    .refine(
      isEndpoint,
      "must be an https URL without fragment or credentials; http is allowed on localhost only",
    )
    .nullable(),
  /** The mask keeps the secret; null creates a new one. */
  webhookSecret: z.union([z.literal(passwordMask), z.null()], {
    error: `must be ${passwordMask} to keep it, or null for a new one`,
  }),
};

export async function readStoredWebhook(db: Db): Promise<StoredWebhook | null> {
  const saved = await readSetting(db, settingKey);
  return saved == null ? null : stored.parse(saved);
}

/**
 * The webhook; null if there is none. Its secret is bound to its address: an attacker who can only write the database
 * cannot have events signed for another one.
 * @throws SendwrightError `token.invalid` if the secret cannot be decrypted; `secret.mismatch` while no secret can
 */
export async function readWebhook(db: Db, secrets: Secrets): Promise<Webhook | null> {
  const saved = await readStoredWebhook(db);
  if (saved === null) return null;
  const { url, secretEnc } = saved;
  try {
    return { url, secret: keysFor(secrets, url).decrypt(secretEnc).toString() };
  } catch (error) {
    if (!isSendwrightError(error, "token.invalid")) throw error;
    throw new SendwrightError(
      "token.invalid",
      "The webhook was saved with another secret or modified outside Sendwright. Save its URL again with a new signing secret.",
    );
  }
}

function keysFor(secrets: Secrets, url: string): Keyring {
  return secrets.keyringFor("webhook", url);
}

/** The fields of the webhook that change; the others stay as they are. */
export interface WebhookChange {
  readonly webhookUrl?: string | null | undefined;
  /** Null asks for a new secret; the mask keeps the current one. */
  readonly webhookSecret?: string | null | undefined;
}

/**
 * Stores the fields that are given. A new address gets a new secret, because others may know the old one.
 * @returns the names of the fields that have changed, and the secret if one was created: it is shown only this once.
 * @throws SendwrightError `secret.mismatch` while the secrets do not fit.
 */
export async function changeWebhook(
  db: Db,
  secrets: Secrets,
  given: WebhookChange,
): Promise<{ readonly changed: string[]; readonly secret: string | null }> {
  const before = await readStoredWebhook(db);
  const url = given.webhookUrl === undefined ? (before?.url ?? null) : given.webhookUrl;
  if (url === null) {
    if (before === null) return { changed: [], secret: null };
    await writeSetting(db, settingKey, null);
    await deleteWebhookDeliveries(db);
    return { changed: ["webhookUrl"], secret: null };
  }
  const isOther = url !== before?.url;
  if (!isOther && given.webhookSecret !== null) return { changed: [], secret: null };
  const secret = prefix + randomBytes(secretBytes).toString("base64");
  await writeSetting(db, settingKey, { url, secretEnc: keysFor(secrets, url).encrypt(secret) });
  return { changed: isOther ? ["webhookUrl", "webhookSecret"] : ["webhookSecret"], secret };
}

/** Encrypts the secret under the primary key, for a rotation. @returns null if there is no webhook */
export async function rotateWebhook(
  store: Store,
  secrets: Secrets,
  dryRun: boolean,
): Promise<"rotated" | "current" | null> {
  // Exclusively, because it writes back the address that it has read.
  return store.exclusively(async (db) => {
    const saved = await readStoredWebhook(db);
    if (saved === null) return null;
    const keys = keysFor(secrets, saved.url);
    if (keys.isCurrent(saved.secretEnc)) return "current";
    const secretEnc = keys.rotate(saved.secretEnc);
    if (!dryRun) await writeSetting(db, settingKey, { ...saved, secretEnc });
    return "rotated";
  });
}
