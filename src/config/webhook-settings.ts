import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { isPosthornError, PosthornError } from "../errors.ts";
import type { Actor } from "../model.ts";
import type { Keyring } from "../secret/keyring.ts";
import type { Secrets } from "../secret/secrets.ts";
import { writeAudit } from "../store/audit-log.ts";
import type { Db } from "../store/schema.ts";
import { readSetting, writeSetting } from "../store/settings.ts";
import type { Store } from "../store/store.ts";
import { deleteWebhookDeliveries } from "../store/webhook-deliveries.ts";
import { isEndpoint } from "./oauth/client.ts";
import { passwordMask } from "./smtp-config.ts";

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
    .string("must be an address or null")
    .max(2000, "must have at most 2000 characters")
    .refine(isEndpoint, "must be an https address without a fragment or sign-in; http only on localhost")
    .nullable(),
  /** The mask keeps it, null makes a new one. */
  webhookSecret: z.union([z.literal(passwordMask), z.null()], {
    error: `must be ${passwordMask}, which keeps it, or null for a new one`,
  }),
};

export async function readStoredWebhook(db: Db): Promise<StoredWebhook | null> {
  const saved = await readSetting(db, settingKey);
  return saved == null ? null : stored.parse(saved);
}

/**
 * Null where there is none. Who can write the database alone cannot have events signed for another address.
 * @throws PosthornError `token.invalid` where the secret cannot be read, `secret.mismatch` while none can
 */
export async function readWebhook(db: Db, secrets: Secrets): Promise<Webhook | null> {
  const saved = await readStoredWebhook(db);
  if (saved === null) return null;
  const { url, secretEnc } = saved;
  try {
    return { url, secret: keysFor(secrets, url).decrypt(secretEnc).toString() };
  } catch (error) {
    if (!isPosthornError(error, "token.invalid")) throw error;
    throw new PosthornError(
      "token.invalid",
      "The webhook was saved with another secret, or changed in the database, not by Posthorn. Save its address again with a new signing secret.",
    );
  }
}

function keysFor(secrets: Secrets, url: string): Keyring {
  return secrets.keyringFor("webhook", url);
}

/**
 * Saves what is given; the rest stays as it is. Another address gets another secret, so that nobody who has the
 * old one can sign for it.
 * @returns the secret where a new one was made: it is shown this once.
 * @throws PosthornError `secret.mismatch` while the secrets do not fit.
 */
export async function saveWebhook(
  { store, clock, secrets }: { readonly store: Store; readonly clock: Clock; readonly secrets: Secrets },
  given: { readonly url: string | null | undefined; readonly secret: string | null | undefined },
  actor: Actor,
): Promise<string | null> {
  return store.transaction(async (db) => {
    const before = await readStoredWebhook(db);
    const url = given.url === undefined ? (before?.url ?? null) : given.url;
    const at = clock.now();
    const audit = (changed: readonly string[]) =>
      writeAudit(db, { at, actor, action: "settings.updated", target: null, detail: { changed } });
    if (url === null) {
      if (before === null) return null;
      await writeSetting(db, settingKey, null);
      await deleteWebhookDeliveries(db);
      await audit(["webhookUrl"]);
      return null;
    }
    const isOther = url !== before?.url;
    if (!isOther && given.secret !== null) return null;
    const secret = prefix + randomBytes(secretBytes).toString("base64");
    await writeSetting(db, settingKey, { url, secretEnc: keysFor(secrets, url).encrypt(secret) });
    await audit(isOther ? ["webhookUrl", "webhookSecret"] : ["webhookSecret"]);
    return secret;
  });
}

/** Encrypts the secret under the primary key, for a rotation. */
export async function rotateWebhook(
  store: Store,
  secrets: Secrets,
  dryRun: boolean,
): Promise<"rotated" | "current" | null> {
  return store.transaction(async (db) => {
    const saved = await readStoredWebhook(db);
    if (saved === null) return null;
    const keys = keysFor(secrets, saved.url);
    if (keys.isCurrent(saved.secretEnc)) return "current";
    const secretEnc = keys.rotate(saved.secretEnc);
    if (!dryRun) await writeSetting(db, settingKey, { ...saved, secretEnc });
    return "rotated";
  });
}
