import type { Clock } from "../../core/clock.ts";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Field } from "../../secret/fields.ts";
import type { Secrets } from "../../secret/secrets.ts";
import type { Store } from "../../store/store.ts";
import { writeAudit } from "../../store/tables/audit-log.ts";
import {
  beginRenewal,
  endRenewal,
  findOauthGrant,
  listOauthGrants,
  type OauthGrant,
  writeOauthGrant,
} from "../../store/tables/oauth-grants.ts";
import { endPause } from "../../store/tables/smtp-configs.ts";
import { authorizationServerOf } from "./client.ts";
import { type Grant, openGrant, sealGrant, type Tokens } from "./grant.ts";
import type { IssuedTokens, TokenEndpoint } from "./token-endpoint.ts";

/** A config's consent as this node knows it. `grant` is null where what is stored cannot be read. */
export interface HeldGrant {
  readonly row: OauthGrant;
  readonly grant: Grant | null;
}

/**
 * The access tokens with which configs sign in: in memory, and renewed before they expire. One at a time
 * renews a consent's tokens, also where several nodes could; what the provider gives is stored before
 * anybody uses it, since it may have ended the old refresh token with that.
 */
export interface AccessTokens {
  /** Reads what is stored, and renews from then on. */
  start(): Promise<void>;
  /** Reads what is stored anew: somebody has written it. */
  reload(): Promise<void>;
  /** The consent of a config; null where there never was one. */
  heldFor(configId: string): HeldGrant | null;
  /** Why there is no access token for a config, and will be none until an admin mends it; null if there is. */
  problemOf(configId: string, destination: readonly Field[]): SendwrightError | null;
  /**
   * A token that is good for a while; waits while one is had.
   * @param maxAgeMs one that was had longer ago is renewed, which proves that the consent still holds.
   * @throws SendwrightError `oauth.consent_required`, `oauth.refused`, `oauth.unreachable`
   */
  tokenFor(configId: string, destination: readonly Field[], maxAgeMs?: number): Promise<string>;
  /** Begins no renewal any more, and waits for those under way: what they bring must be stored. */
  stop(): Promise<void>;
}

export interface AccessTokensParts {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly endpoint: TokenEndpoint;
  readonly clock: Clock;
  readonly log: Log;
  /** A consent was refused, or is good again: what waits for a config looks again. */
  readonly onChanged: () => void;
}

const minute = 60_000;
/** So long before its end a token is renewed, or in the middle of a life that is short. */
const aheadMs = 5 * minute;
/** A relay must still take it after a slow connection. */
const leastLeftMs = minute;
/** How long a node that died keeps the others from renewing. */
const leaseMs = minute;
/** How often it is looked whether the node that renews is done, and for how long. */
const lookMs = 250;
const patienceMs = 20_000;
const storeAgainMs = 1_000;
/** No provider is asked more often unasked, however short the lives of its tokens. */
const leastGapMs = 30_000;
const announcedMs = 1_000;
/** After failures in a row; the last repeats. */
const restsMs: readonly number[] = [10_000, 30_000, minute, 2 * minute, 5 * minute];
/** What was refused may have been mended at the provider: it is asked again, now and then. */
const refusedRestMs = 30 * minute;
/** Longer, timers overflow. */
const longestMs = 24 * 60 * minute;

export function createAccessTokens(parts: AccessTokensParts): AccessTokens {
  const { store, secrets, endpoint, clock, log, onChanged } = parts;
  let held = new Map<string, HeldGrant>();
  const renewals = new Map<string, Promise<HeldGrant>>();
  const failures = new Map<string, { readonly count: number; readonly until: number }>();
  let started = false;
  let stopped = false;
  let cancelTimer = () => {};

  function opened(row: OauthGrant): HeldGrant {
    const known = held.get(row.configId);
    if (known?.grant != null && known.row.grantEnc === row.grantEnc) return { row, grant: known.grant };
    try {
      return { row, grant: openGrant(secrets, row.configId, row.grantEnc) };
    } catch (error) {
      if (isSendwrightError(error)) return { row, grant: null };
      throw error;
    }
  }

  function hold(row: OauthGrant): HeldGrant {
    const now = opened(row);
    held.set(row.configId, now);
    plan();
    return now;
  }

  async function reload(): Promise<void> {
    const rows = await listOauthGrants(store.db);
    held = new Map(rows.map((row) => [row.configId, opened(row)]));
    plan();
  }

  async function reloadOne(configId: string): Promise<HeldGrant | null> {
    const row = await findOauthGrant(store.db, configId);
    if (row !== undefined) return hold(row);
    held.delete(configId);
    return null;
  }

  /** @throws SendwrightError `oauth.consent_required` */
  function tokensOf(now: HeldGrant | null, destination: readonly Field[]): Tokens {
    if (now === null) throw required("No consent was given yet: connect this config with its provider.");
    if (now.grant === null) {
      throw required(
        "The stored consent cannot be read: it was made with another secret, or changed by other hands. Enter client and secret again and connect.",
      );
    }
    const { tokens, client } = now.grant;
    const { name } = authorizationServerOf(client);
    if (tokens === null) throw required(`${name} was not asked for its consent yet: connect this config.`);
    if (!sameFields(tokens.destination, destination)) {
      throw required(
        "The consent is for another server, port, TLS setting or username than the config has now. Connect it again.",
      );
    }
    return tokens;
  }

  /** The provider's refusal, until it is to be asked again. */
  function refusalOf({ row }: HeldGrant, restMs: number): SendwrightError | null {
    if (row.refusedAt === null || clock.now() >= row.refusedAt + restMs) return null;
    return new SendwrightError("oauth.refused", row.refusal ?? "The provider refused.", {
      smtp: { stage: "auth" },
    });
  }

  function renew(configId: string): Promise<HeldGrant> {
    const underWay = renewals.get(configId);
    if (underWay !== undefined) return underWay;
    const renewal = renewOnce(configId).finally(() => {
      renewals.delete(configId);
      plan();
    });
    renewals.set(configId, renewal);
    return renewal;
  }

  async function renewOnce(configId: string): Promise<HeldGrant> {
    const before = held.get(configId)?.row.version;
    const startedAt = clock.now();
    for (;;) {
      const current = await reloadOne(configId);
      if (current === null || current.grant === null || current.grant.tokens === null) {
        throw required("The consent was withdrawn meanwhile. Connect this config again.");
      }
      // Another node has renewed it since this one looked.
      if (before !== undefined && current.row.version !== before) return current;
      const now = clock.now();
      if (await beginRenewal(store.db, current.row, now, now + leaseMs)) {
        return await ask(current.row, current.grant, current.grant.tokens);
      }
      if (stopped || now - startedAt >= patienceMs) {
        throw new SendwrightError(
          "oauth.unreachable",
          "Another node renews the access token, and takes long.",
          {
            smtp: { stage: "auth" },
          },
        );
      }
      await pause(lookMs);
    }
  }

  /** Asks the provider for a new access token, and stores all that it gives. */
  async function ask(row: OauthGrant, grant: Grant, tokens: Tokens): Promise<HeldGrant> {
    const { configId } = row;
    let issued: IssuedTokens;
    try {
      issued = await endpoint.refresh(grant.client, tokens.refreshToken);
    } catch (error) {
      await noteFailure(row, error);
      throw error;
    }
    failures.delete(configId);
    const wasRefused = row.refusedAt !== null;
    const end = issued.refreshExpiresAt ?? (issued.refreshToken === null ? tokens.refreshExpiresAt : null);
    const earlierEnd = tokens.refreshExpiresAt;
    const rolls = tokens.rolls || (end !== null && earlierEnd !== null && end - earlierEnd > minute);
    const renewed: Tokens = {
      ...tokens,
      accessToken: issued.accessToken,
      accessExpiresAt: issued.accessExpiresAt,
      obtainedAt: clock.now(),
      refreshToken: issued.refreshToken ?? tokens.refreshToken,
      refreshExpiresAt: end,
      rolls,
    };
    await keep(row, { ...grant, tokens: renewed });
    // Where it was not written, somebody connected anew or withdrew: that counts.
    const now = await reloadOne(configId);
    if (now === null) throw required("The consent was withdrawn meanwhile. Connect this config again.");
    if (wasRefused) {
      await endPause(store.db, configId);
      onChanged();
    }
    return now;
  }

  /** A database that is away must not cost the refresh token: it is all there is of it. */
  async function keep(row: OauthGrant, grant: Grant): Promise<void> {
    const enc = sealGrant(secrets, row.configId, grant);
    for (;;) {
      try {
        await writeOauthGrant(store.db, row.configId, row, enc);
        return;
      } catch (error) {
        if (stopped) throw error;
        log.error(
          { err: error, configId: row.configId },
          "renewed OAuth tokens could not be stored: tried again",
        );
        await pause(storeAgainMs);
      }
    }
  }

  async function noteFailure(row: OauthGrant, error: unknown): Promise<void> {
    const { configId } = row;
    const now = clock.now();
    const isRefusal = isSendwrightError(error, "oauth.refused");
    const count = (failures.get(configId)?.count ?? 0) + 1;
    const restMs = isRefusal ? refusedRestMs : restsMs[Math.min(count, restsMs.length) - 1];
    failures.set(configId, { count, until: now + (restMs ?? minute) });
    const words = isSendwrightError(error)
      ? error.message
      : "Sendwright failed unexpectedly; its log says more.";
    log.warn({ configId }, `no new access token: ${words}`);
    await store.transaction(async (db) => {
      await endRenewal(db, row, isRefusal ? { at: now, words } : null);
      if (!isRefusal || row.refusedAt !== null) return;
      const actor = { id: "system", name: "Sendwright" };
      const action = "smtp_config.oauth_refused";
      await writeAudit(db, { at: now, actor, action, target: configId, detail: { reason: words } });
    });
    await reloadOne(configId);
    if (isRefusal && row.refusedAt === null) onChanged();
  }

  /** When a token is renewed though nobody has asked for it. */
  function dueAt({ row, grant }: HeldGrant): number | null {
    if (grant === null || grant.tokens === null || renewals.has(row.configId)) return null;
    const { accessExpiresAt, refreshExpiresAt, obtainedAt, rolls } = grant.tokens;
    // An end that moves with each renewal must be moved in time too.
    const end = rolls ? Math.min(accessExpiresAt, refreshExpiresAt ?? accessExpiresAt) : accessExpiresAt;
    const ahead = Math.min(aheadMs, (end - obtainedAt) / 2);
    const rested = Math.max(
      failures.get(row.configId)?.until ?? 0,
      row.refusedAt === null ? 0 : row.refusedAt + refusedRestMs,
    );
    return Math.max(end - ahead, obtainedAt + leastGapMs, rested);
  }

  function plan(): void {
    cancelTimer();
    if (!started || stopped) return;
    const due = [...held.values()].flatMap((one) => dueAt(one) ?? []);
    if (due.length === 0) return;
    cancelTimer = clock.after(Math.min(Math.max(0, Math.min(...due) - clock.now()), longestMs), renewDue);
  }

  function renewDue(): void {
    const now = clock.now();
    for (const one of held.values()) {
      if ((dueAt(one) ?? Number.POSITIVE_INFINITY) > now) continue;
      renew(one.row.configId).catch((error: unknown) => {
        // What the provider did is noted already.
        if (!isSendwrightError(error)) log.error({ err: error }, "an access token could not be renewed");
      });
    }
    plan();
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => clock.after(ms, resolve));
  }

  /** Others announce all kinds of things, many a second. */
  let looksSoon = false;
  function lookSoon(): void {
    if (looksSoon || stopped) return;
    looksSoon = true;
    clock.after(announcedMs, () => {
      looksSoon = false;
      if (stopped) return;
      reload().catch((error: unknown) => log.warn({ err: error }, "stored consents could not be read anew"));
    });
  }

  return {
    async start() {
      started = true;
      // Another node may have connected a config, or disconnected it.
      store.onAnnounced(lookSoon);
      await reload();
    },
    reload,
    heldFor: (configId) => held.get(configId) ?? null,

    problemOf(configId, destination) {
      const now = held.get(configId) ?? null;
      try {
        tokensOf(now, destination);
      } catch (error) {
        if (isSendwrightError(error)) return error;
        throw error;
      }
      return now === null ? null : refusalOf(now, Number.POSITIVE_INFINITY);
    },

    async tokenFor(configId, destination, maxAgeMs = Number.POSITIVE_INFINITY) {
      const known = held.get(configId);
      const isWell = known?.grant?.tokens != null && known.row.refusedAt === null;
      // Another node may know better.
      const current = isWell ? known : await reloadOne(configId);
      const tokens = tokensOf(current, destination);
      const now = clock.now();
      const isGood = tokens.accessExpiresAt - now >= leastLeftMs;
      if (isGood && now - tokens.obtainedAt <= maxAgeMs && current?.row.refusedAt === null) {
        return tokens.accessToken;
      }
      const isProof = maxAgeMs !== Number.POSITIVE_INFINITY;
      const refusal = current === null || isProof ? null : refusalOf(current, refusedRestMs);
      if (refusal !== null) throw refusal;
      try {
        return tokensOf(await renew(configId), destination).accessToken;
      } catch (error) {
        // What sends now is no failure.
        if (isGood && isSendwrightError(error, "oauth.unreachable")) return tokens.accessToken;
        throw error;
      }
    },

    async stop() {
      stopped = true;
      cancelTimer();
      await Promise.allSettled(renewals.values());
    },
  };
}

function required(message: string): SendwrightError {
  return new SendwrightError("oauth.consent_required", message, { smtp: { stage: "auth" } });
}

function sameFields(one: readonly Field[], two: readonly Field[]): boolean {
  return one.length === two.length && one.every((field, index) => field === two[index]);
}
