import { randomInt } from "node:crypto";
import { columns } from "../columns.ts";
import type { Db, OauthGrantRow } from "../schema.ts";

/** How a config signs in with OAuth, as stored: client and tokens as one token of their own. */
export interface OauthGrant {
  readonly configId: string;
  readonly grantEnc: string;
  /** Grows with each change of `grantEnc` but for a rotation. It begins anywhere: see `writeOauthGrant`. */
  readonly version: number;
  /** A node renews the access token; it is given up after this. */
  readonly renewingUntil: number | null;
  /** Since when the provider takes the refresh token no more, and what it says. */
  readonly refusedAt: number | null;
  readonly refusal: string | null;
  /** A consent that was asked for: SHA-256 of its state in hex, what belongs to it, and its end. */
  readonly consentState: string | null;
  readonly consentEnc: string | null;
  readonly consentExpiresAt: number | null;
  /** Why the last consent came to nothing. */
  readonly consentError: string | null;
}

export async function listOauthGrants(db: Db): Promise<OauthGrant[]> {
  const rows = await db
    .selectFrom("oauth_grants")
    .select(columns.oauth_grants)
    .orderBy("config_id")
    .execute();
  return rows.map(fromRow);
}

export async function findOauthGrant(db: Db, configId: string): Promise<OauthGrant | undefined> {
  const row = await db
    .selectFrom("oauth_grants")
    .select(columns.oauth_grants)
    .where("config_id", "=", configId)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

export async function findConsent(db: Db, state: string): Promise<OauthGrant | undefined> {
  const row = await db
    .selectFrom("oauth_grants")
    .select(columns.oauth_grants)
    .where("consent_state", "=", state)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/**
 * Writes client and tokens, if nobody else has since they were read; `read` is undefined where there was
 * nothing. A refusal and a renewal under way speak of what was there before.
 * @returns false if somebody else was first.
 */
export async function writeOauthGrant(
  db: Db,
  configId: string,
  read: Pick<OauthGrant, "version"> | undefined,
  grantEnc: string,
): Promise<boolean> {
  if (read === undefined) {
    // Who still holds a row that was deleted must not take the next one for it.
    const version = randomInt(1, 2 ** 30);
    const result = await db
      .insertInto("oauth_grants")
      .values({ ...emptyRow, config_id: configId, grant_enc: grantEnc, version })
      .onConflict((conflict) => conflict.column("config_id").doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }
  const result = await db
    .updateTable("oauth_grants")
    .set({
      grant_enc: grantEnc,
      version: read.version + 1,
      renewing_until: null,
      refused_at: null,
      refusal: null,
    })
    .where("config_id", "=", configId)
    .where("version", "=", read.version)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

type ReadGrant = Pick<OauthGrant, "configId" | "version">;

/** Takes the renewal of an access token for one node. @returns false if another has it, or wrote since. */
export async function beginRenewal(db: Db, read: ReadGrant, now: number, until: number): Promise<boolean> {
  const result = await db
    .updateTable("oauth_grants")
    .set({ renewing_until: until })
    .where("config_id", "=", read.configId)
    .where("version", "=", read.version)
    .where((eb) => eb.or([eb("renewing_until", "is", null), eb("renewing_until", "<=", now)]))
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** The renewal came to nothing: with a refusal, or for a reason that may pass. */
export async function endRenewal(
  db: Db,
  read: ReadGrant,
  refusal: { readonly at: number; readonly words: string } | null,
): Promise<void> {
  const columns = refusal === null ? {} : { refused_at: refusal.at, refusal: refusal.words };
  await db
    .updateTable("oauth_grants")
    .set({ renewing_until: null, ...columns })
    .where("config_id", "=", read.configId)
    .where("version", "=", read.version)
    .execute();
}

/** Notes that a consent was asked for; one that was asked for before is void. */
export async function beginConsent(
  db: Db,
  configId: string,
  consent: { readonly state: string; readonly enc: string; readonly expiresAt: number },
): Promise<void> {
  await db
    .updateTable("oauth_grants")
    .set({
      consent_state: consent.state,
      consent_enc: consent.enc,
      consent_expires_at: consent.expiresAt,
      consent_error: null,
    })
    .where("config_id", "=", configId)
    .execute();
}

/** Uses a consent up. @returns false if it was already. */
export async function takeConsent(db: Db, configId: string, state: string): Promise<boolean> {
  const result = await db
    .updateTable("oauth_grants")
    .set({ consent_state: null, consent_enc: null, consent_expires_at: null })
    .where("config_id", "=", configId)
    .where("consent_state", "=", state)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Why the last consent came to nothing, for the page. */
export async function noteConsentError(db: Db, configId: string, words: string | null): Promise<void> {
  await db
    .updateTable("oauth_grants")
    .set({ consent_error: words })
    .where("config_id", "=", configId)
    .execute();
}

/** Writes what a rotation encrypted anew, if the row still holds what was read. */
export async function replaceOauthTokens(
  db: Db,
  read: Pick<OauthGrant, "configId" | "grantEnc" | "consentState">,
  next: Pick<OauthGrant, "grantEnc" | "consentEnc">,
): Promise<boolean> {
  const result = await db
    .updateTable("oauth_grants")
    .set({ grant_enc: next.grantEnc, consent_enc: next.consentEnc })
    .where("config_id", "=", read.configId)
    .where("grant_enc", "=", read.grantEnc)
    .where("consent_state", "is not distinct from", read.consentState)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function deleteOauthGrant(db: Db, configId: string): Promise<boolean> {
  const result = await db.deleteFrom("oauth_grants").where("config_id", "=", configId).executeTakeFirst();
  return result.numDeletedRows === 1n;
}

const emptyRow = {
  renewing_until: null,
  refused_at: null,
  refusal: null,
  consent_state: null,
  consent_enc: null,
  consent_expires_at: null,
  consent_error: null,
};

function fromRow(row: OauthGrantRow): OauthGrant {
  return {
    configId: row.config_id,
    grantEnc: row.grant_enc,
    version: row.version,
    renewingUntil: row.renewing_until,
    refusedAt: row.refused_at,
    refusal: row.refusal,
    consentState: row.consent_state,
    consentEnc: row.consent_enc,
    consentExpiresAt: row.consent_expires_at,
    consentError: row.consent_error,
  };
}
