import type { Clock } from "../../core/clock.ts";
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import { systemActor } from "../../core/model.ts";
import { writeAudit } from "../../store/tables/audit-log.ts";
import {
  beginRenewal,
  endRenewal,
  type OauthGrant,
  writeOauthGrant,
} from "../../store/tables/oauth-grants.ts";
import { closeBreaker } from "../../store/tables/smtp-config-health.ts";
import { type Grant, sealGrant, type Tokens } from "./grant.ts";
import {
  consentRequired,
  type GrantCache,
  type GrantCacheDependencies,
  type HeldGrant,
} from "./grant-cache.ts";
import { cooldownMs, refusedCooldownMs } from "./renewal-schedule.ts";
import type { IssuedTokens, TokenEndpoint } from "./token-endpoint.ts";

export interface RenewalsDependencies extends GrantCacheDependencies {
  readonly endpoint: TokenEndpoint;
  readonly clock: Clock;
  readonly log: Log;
  /** A consent was refused, or is good again: emails that wait for a config are tried again. */
  readonly onChanged: () => void;
}

/** How long a node that died keeps the others from renewing. */
const leaseMs = 60_000;
/** How often a node asks whether the node that renews has finished, and for how long. */
const pollMs = 250;
const patienceMs = 20_000;
const storeAgainMs = 1_000;
/** An end of the refresh token that moves by more than this with a renewal is one that rolls. */
const rollsMs = 60_000;

/**
 * The renewals of access tokens: one at a time for each consent, on all nodes together. What the provider gives
 * is stored before it is used, because with it the provider may have ended the old refresh token.
 */
export class Renewals {
  readonly #dependencies: RenewalsDependencies;
  readonly #grants: GrantCache;
  /** Called after each renewal, whatever came of it. */
  readonly #onEnd: () => void;
  readonly #running = new Map<string, Promise<HeldGrant>>();
  readonly #failures = new Map<string, { readonly count: number; readonly until: number }>();
  #isStopped = false;

  constructor(dependencies: RenewalsDependencies, grants: GrantCache, onEnd: () => void) {
    this.#dependencies = dependencies;
    this.#grants = grants;
    this.#onEnd = onEnd;
  }

  isRunning(configId: string): boolean {
    return this.#running.has(configId);
  }

  /** Until when the provider is not asked unless a token is needed; 0 after a success. */
  cooldownUntil(configId: string): number {
    return this.#failures.get(configId)?.until ?? 0;
  }

  /** Renews the tokens of a config, or waits for the renewal that is running. */
  renew(configId: string): Promise<HeldGrant> {
    const running = this.#running.get(configId);
    if (running !== undefined) return running;
    const renewal = this.#renew(configId).finally(() => {
      this.#running.delete(configId);
      this.#onEnd();
    });
    this.#running.set(configId, renewal);
    return renewal;
  }

  /** Waits for no other node any more, and resolves when what the provider gave is stored. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.allSettled(this.#running.values());
  }

  async #renew(configId: string): Promise<HeldGrant> {
    const { store, clock } = this.#dependencies;
    const before = this.#grants.get(configId)?.row.version;
    const startedAt = clock.monotonic();
    for (;;) {
      const current = await this.#grants.reloadOne(configId);
      if (current === null || current.grant === null || current.grant.tokens === null) throw withdrawn();
      // Another node has renewed it since this one read it.
      if (before !== undefined && current.row.version !== before) return current;
      const now = clock.now();
      if (await beginRenewal(store.db, current.row, now, now + leaseMs)) {
        return await this.#ask(current.row, current.grant, current.grant.tokens);
      }
      if (this.#isStopped || clock.monotonic() - startedAt >= patienceMs) {
        const message = "Another node is still renewing the access token.";
        throw new SendwrightError("oauth.unreachable", message, { smtp: { stage: "auth" } });
      }
      await this.#pause(pollMs);
    }
  }

  /** Asks the provider for a new access token, and stores all that it gives. */
  async #ask(row: OauthGrant, grant: Grant, tokens: Tokens): Promise<HeldGrant> {
    const { endpoint, clock, store, onChanged } = this.#dependencies;
    const { configId } = row;
    let issued: IssuedTokens;
    try {
      issued = await endpoint.refresh(grant.client, tokens.refreshToken);
    } catch (error) {
      await this.#recordFailure(row, error);
      throw error;
    }
    this.#failures.delete(configId);
    await this.#store(row, { ...grant, tokens: renewedTokens(tokens, issued, clock.now()) });
    // If it was not written, an admin has connected again or withdrawn the consent: that counts.
    const held = await this.#grants.reloadOne(configId);
    if (held === null) throw withdrawn();
    if (row.refusedAt !== null) {
      await closeBreaker(store.db, configId);
      onChanged();
    }
    return held;
  }

  /** Retries until stored: the new refresh token exists nowhere else. */
  async #store(row: OauthGrant, grant: Grant): Promise<void> {
    const { store, secrets, log } = this.#dependencies;
    const { configId } = row;
    const enc = sealGrant(secrets, configId, grant);
    for (;;) {
      try {
        await writeOauthGrant(store.db, configId, row, enc);
        return;
      } catch (error) {
        if (this.#isStopped) throw error;
        log.error({ err: error, configId }, "renewed OAuth tokens not stored; retrying");
        await this.#pause(storeAgainMs);
      }
    }
  }

  async #recordFailure(row: OauthGrant, error: unknown): Promise<void> {
    const { store, clock, log, onChanged } = this.#dependencies;
    const { configId } = row;
    const now = clock.now();
    const isRefusal = isSendwrightError(error, "oauth.refused");
    const isNewRefusal = isRefusal && row.refusedAt === null;
    const count = (this.#failures.get(configId)?.count ?? 0) + 1;
    this.#failures.set(configId, { count, until: now + (isRefusal ? refusedCooldownMs : cooldownMs(count)) });
    const words = isSendwrightError(error) ? error.message : "Sendwright failed unexpectedly. Check its log.";
    log.warn({ configId, reason: words }, "access token renewal failed; retrying");
    await store.transaction(async (db) => {
      await endRenewal(db, row, isRefusal ? { at: now, words } : null);
      if (!isNewRefusal) return;
      const action = "smtp_config.oauth_refused";
      const detail = { reason: words };
      await writeAudit(db, { at: now, actor: systemActor, action, target: configId, detail });
    });
    await this.#grants.reloadOne(configId);
    if (isNewRefusal) onChanged();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#dependencies.clock.after(ms, resolve));
  }
}

function renewedTokens(tokens: Tokens, issued: IssuedTokens, now: number): Tokens {
  const end = issued.refreshExpiresAt ?? (issued.refreshToken === null ? tokens.refreshExpiresAt : null);
  const earlierEnd = tokens.refreshExpiresAt;
  return {
    ...tokens,
    accessToken: issued.accessToken,
    accessExpiresAt: issued.accessExpiresAt,
    obtainedAt: now,
    refreshToken: issued.refreshToken ?? tokens.refreshToken,
    refreshExpiresAt: end,
    rolls: tokens.rolls || (end !== null && earlierEnd !== null && end - earlierEnd > rollsMs),
  };
}

function withdrawn(): SendwrightError {
  return consentRequired("The authorization was revoked. Connect this config again.");
}
