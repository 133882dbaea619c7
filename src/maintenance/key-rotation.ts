import type { Clock } from "../core/clock.ts";
import { isSendwrightError, SendwrightError } from "../core/errors.ts";
import type { Actor } from "../core/model.ts";
import type { Secrets } from "../secret/secrets.ts";
import { grantKeys } from "../smtp-configs/oauth/grant.ts";
import { rotateSecret } from "../smtp-configs/sealed-password.ts";
import { asConfig } from "../smtp-configs/versions/versions.ts";
import type { Store } from "../store/store.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import { listEncryptedContent, replaceContent } from "../store/tables/email-content.ts";
import {
  insertEncryptionKey,
  listEncryptionKeys,
  retireEncryptionKey,
} from "../store/tables/encryption-keys.ts";
import {
  findOauthGrant,
  listOauthGrants,
  type OauthGrant,
  replaceOauthTokens,
} from "../store/tables/oauth-grants.ts";
import {
  listAllVersions,
  replaceVersionSecret,
  type SmtpConfigVersion,
} from "../store/tables/smtp-config-versions.ts";
import {
  findSmtpConfig,
  listSmtpConfigs,
  replaceSmtpConfigSecret,
  type SmtpConfig,
} from "../store/tables/smtp-configs.ts";
import { readStoredWebhook, rotateWebhook } from "../webhooks/endpoint.ts";

export interface RotateOptions {
  readonly store: Store;
  /** Unlocked with the new secret as the primary one and the old ones as previous ones. */
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly actor: Actor;
  /** Reads and judges everything, and writes nothing. */
  readonly dryRun?: boolean;
  /** Called after each thing. */
  readonly onProgress?: (step: RotateStep) => void;
}

/** `current`: it was under the primary key already. `failed`: no secret at hand reads it; left as it was. */
export interface RotateStep {
  readonly kind: "smtp_config" | "smtp_config_version" | "oauth_grant" | "webhook" | "email";
  readonly id: string;
  readonly outcome: "rotated" | "current" | "failed";
  /** Why it failed, else null. */
  readonly reason: string | null;
}

export interface RotateReport {
  readonly rotated: number;
  readonly current: number;
  readonly failed: readonly RotateStep[];
  /** Keys that nothing needs any more: their secrets may be forgotten. Empty while something failed. */
  readonly retiredKeyIds: readonly string[];
}

/**
 * Puts everything encrypted under the primary key: passwords and seals of SMTP configs, their OAuth clients
 * and tokens, the webhook's secret, contents of sensitive emails. Each row is a transaction of its own, and what is current is passed over: a run
 * that was stopped is resumed by running it again. Keys are retired once all is done.
 * @throws SendwrightError `secret.mismatch` if the secrets fit nothing.
 */
export async function rotate(options: RotateOptions): Promise<RotateReport> {
  const { store, secrets, clock, actor, dryRun = false, onProgress } = options;
  if (!secrets.fits) {
    throw new SendwrightError(
      "secret.mismatch",
      "None of the secrets matches this database. Add the old one to SENDWRIGHT_PREVIOUS_SECRETS.",
    );
  }
  if (secrets.newKey !== null && !dryRun) {
    await insertEncryptionKey(store.db, secrets.newKey);
    secrets.newKeyStored();
  }

  let rotated = 0;
  let current = 0;
  const failed: RotateStep[] = [];
  for await (const step of steps(store, secrets, dryRun)) {
    if (step.outcome === "rotated") rotated += 1;
    else if (step.outcome === "current") current += 1;
    else failed.push(step);
    onProgress?.(step);
  }

  const old = (await listEncryptionKeys(store.db)).filter(
    (key) => key.retiredAt === null && key.keyId !== secrets.primaryKeyId,
  );
  const retiredKeyIds = failed.length === 0 ? old.map((key) => key.keyId) : [];
  if (!dryRun) {
    await store.transaction(async (db) => {
      for (const keyId of retiredKeyIds) await retireEncryptionKey(db, keyId, clock.now());
      const detail = { rotated, current, failed: failed.length, retiredKeyIds };
      await writeAudit(db, { at: clock.now(), actor, action: "secret.rotated", target: null, detail });
    });
  }
  return { rotated, current, failed, retiredKeyIds };
}

async function* steps(store: Store, secrets: Secrets, dryRun: boolean): AsyncGenerator<RotateStep> {
  for (const config of await listSmtpConfigs(store.db)) {
    yield await stepOf("smtp_config", config.id, () => rotateConfig(store, secrets, config, dryRun));
  }
  for (const version of await listAllVersions(store.db)) {
    const id = `${version.configId} ${version.kind} ${version.version}`;
    yield await stepOf("smtp_config_version", id, () => rotateVersion(store, secrets, version, dryRun));
  }
  for (const grant of await listOauthGrants(store.db)) {
    yield await stepOf("oauth_grant", grant.configId, () => rotateGrant(store, secrets, grant, dryRun));
  }
  const webhook = await webhookStep(store, secrets, dryRun);
  if (webhook !== null) yield webhook;
  let after = "";
  for (;;) {
    const step = await rotateNextContent(store, secrets, after, dryRun);
    if (step === null) return;
    yield step;
    after = step.id;
  }
}

/** Null where there is no webhook. */
async function webhookStep(store: Store, secrets: Secrets, dryRun: boolean): Promise<RotateStep | null> {
  if ((await readStoredWebhook(store.db)) === null) return null;
  return stepOf(
    "webhook",
    "secret",
    // It may have been taken away at this moment.
    async () => (await rotateWebhook(store, secrets, dryRun)) ?? "current",
  );
}

async function stepOf(
  kind: RotateStep["kind"],
  id: string,
  work: () => Promise<"rotated" | "current">,
): Promise<RotateStep> {
  try {
    return { kind, id, outcome: await work(), reason: null };
  } catch (error) {
    // What no secret reads must not keep the rest from being rotated; a failing database does.
    if (!isSendwrightError(error) || error.retry !== "never") throw error;
    return { kind, id, outcome: "failed", reason: error.message };
  }
}

async function rotateConfig(
  store: Store,
  secrets: Secrets,
  config: SmtpConfig,
  dryRun: boolean,
): Promise<"rotated" | "current"> {
  const next = rotateSecret(secrets, config);
  if (next === null) return "current";
  if (dryRun || (await replaceSmtpConfigSecret(store.db, config, next))) return "rotated";
  // Somebody saved it since it was read, or deleted it.
  const newer = await findSmtpConfig(store.db, config.id);
  return newer === undefined ? "current" : rotateConfig(store, secrets, newer, dryRun);
}

async function rotateVersion(
  store: Store,
  secrets: Secrets,
  version: SmtpConfigVersion,
  dryRun: boolean,
): Promise<"rotated" | "current"> {
  const current = await findSmtpConfig(store.db, version.configId);
  // It went with its config.
  if (current === undefined) return "current";
  const next = rotateSecret(secrets, asConfig(version, current));
  if (next === null) return "current";
  // A draft that was replaced since was sealed under the primary key then.
  if (!dryRun) await replaceVersionSecret(store.db, version, next);
  return "rotated";
}

/** What the tokens are bound to is inside with them: to encrypt anew vouches for nothing. */
async function rotateGrant(
  store: Store,
  secrets: Secrets,
  read: OauthGrant,
  dryRun: boolean,
): Promise<"rotated" | "current"> {
  const { grantEnc, consentEnc, configId } = read;
  const keys = grantKeys(secrets, configId);
  const isCurrent =
    keys.grant.isCurrent(grantEnc) && (consentEnc === null || keys.consent.isCurrent(consentEnc));
  if (isCurrent) return "current";
  const next = {
    grantEnc: keys.grant.rotate(grantEnc),
    consentEnc: consentEnc === null ? null : keys.consent.rotate(consentEnc),
  };
  if (dryRun || (await replaceOauthTokens(store.db, read, next))) return "rotated";
  // It was renewed since it was read, or deleted.
  const newer = await findOauthGrant(store.db, configId);
  return newer === undefined ? "current" : rotateGrant(store, secrets, newer, dryRun);
}

/** One email at a time: contents can be large. */
function rotateNextContent(
  store: Store,
  secrets: Secrets,
  after: string,
  dryRun: boolean,
): Promise<RotateStep | null> {
  return store.transaction(async (db) => {
    const [next] = await listEncryptedContent(db, { after, limit: 1 });
    if (next === undefined) return null;
    return stepOf("email", next.emailId, async () => {
      const keyring = secrets.keyringFor("contents", next.emailId);
      const token = Buffer.from(next.content).toString();
      if (keyring.isCurrent(token)) return "current";
      const rotated = keyring.rotate(token);
      if (!dryRun) await replaceContent(db, next.emailId, Buffer.from(rotated));
      return "rotated";
    });
  });
}
