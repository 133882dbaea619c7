/**
 * The access tokens with which configs sign in (RFC 6749 §6): in memory, and renewed before they expire. It asks
 * for no consent: an admin does that, see `consents.ts`.
 */
import { isSendwrightError, SendwrightError } from "../../core/errors.ts";
import { Poll, type Service } from "../../core/service.ts";
import type { Field } from "../../secret/fields.ts";
import { GrantCache, type HeldGrant, tokensOf } from "./grant-cache.ts";
import { refusedCooldownMs, renewalDueAt } from "./renewal-schedule.ts";
import { Renewals, type RenewalsDependencies } from "./renewals.ts";

export type AccessTokensDependencies = RenewalsDependencies;

/** A relay must still accept a token after a slow connection. */
const leastLeftMs = 60_000;
/** Other nodes announce changes of all kinds, many in a second: they are read together. */
const announcedMs = 1_000;
const retryMs = 10_000;
/** Longer timers overflow. */
const longestMs = 24 * 3_600_000;

export class AccessTokens implements Service {
  readonly #dependencies: AccessTokensDependencies;
  readonly #grants: GrantCache;
  readonly #renewals: Renewals;
  /** Renews what is due. */
  readonly #renewing: Poll;
  /** Reads what other nodes have written. */
  readonly #reloading: Poll;
  #isRunning = false;

  constructor(dependencies: AccessTokensDependencies) {
    this.#dependencies = dependencies;
    this.#grants = new GrantCache(dependencies, () => this.#plan());
    this.#renewals = new Renewals(dependencies, this.#grants, () => this.#plan());
    this.#renewing = new Poll(dependencies, {
      run: async () => this.#renewDue(),
      firstMs: 0,
      retryMs,
      failure: "access token renewal failed; retrying",
    });
    this.#reloading = new Poll(dependencies, {
      run: async () => {
        await this.#grants.reload();
        return null;
      },
      firstMs: announcedMs,
      retryMs,
      failure: "stored OAuth connections unreadable; retrying",
    });
  }

  /** Reads what is stored, and renews from then on. */
  async start(): Promise<void> {
    await this.#grants.reload();
    this.#isRunning = true;
    // Another node may have connected a config, or disconnected it. What it did since the reload is announced
    // once this node listens.
    this.#dependencies.store.onAnnounced(() => this.#reloading.wakeIn(announcedMs));
    this.#plan();
  }

  /** Begins no renewal any more, and waits for those under way: what they bring must be stored. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all([this.#renewing.stop(), this.#reloading.stop()]);
    await this.#renewals.stop();
  }

  /** Reads what is stored, after it was written elsewhere. */
  reload(): Promise<void> {
    return this.#grants.reload();
  }

  /** The consent of a config; null if there never was one. */
  heldFor(configId: string): HeldGrant | null {
    return this.#grants.get(configId);
  }

  /** Why there is no access token for a config, and will be none until an admin acts; null if there is one. */
  problemOf(configId: string, destination: readonly Field[]): SendwrightError | null {
    const held = this.#grants.get(configId);
    try {
      tokensOf(held, destination);
    } catch (error) {
      if (isSendwrightError(error)) return error;
      throw error;
    }
    return held === null ? null : this.#refusalOf(held, Number.POSITIVE_INFINITY);
  }

  /**
   * A token that is good for a minute at least; waits while it is renewed.
   * @param maxAgeMs an older token is renewed, which proves that the consent still holds
   * @throws SendwrightError `oauth.consent_required`, `oauth.refused`, `oauth.unreachable`
   */
  async tokenFor(
    configId: string,
    destination: readonly Field[],
    maxAgeMs = Number.POSITIVE_INFINITY,
  ): Promise<string> {
    const known = this.#grants.get(configId);
    const isAccepted = known?.grant?.tokens != null && known.row.refusedAt === null;
    // Another node may know better.
    const current = isAccepted ? known : await this.#grants.reloadOne(configId);
    const tokens = tokensOf(current, destination);
    const now = this.#dependencies.clock.now();
    const isGood = tokens.accessExpiresAt - now >= leastLeftMs;
    if (isGood && now - tokens.obtainedAt <= maxAgeMs && current?.row.refusedAt === null) {
      return tokens.accessToken;
    }
    const isProof = maxAgeMs !== Number.POSITIVE_INFINITY;
    const refusal = current === null || isProof ? null : this.#refusalOf(current, refusedCooldownMs);
    if (refusal !== null) throw refusal;
    try {
      return tokensOf(await this.#renewals.renew(configId), destination).accessToken;
    } catch (error) {
      // The token at hand still signs in.
      if (isGood && isSendwrightError(error, "oauth.unreachable")) return tokens.accessToken;
      throw error;
    }
  }

  /** The provider's refusal, until it is to be asked again. */
  #refusalOf({ row }: HeldGrant, cooldownMs: number): SendwrightError | null {
    if (row.refusedAt === null || this.#dependencies.clock.now() >= row.refusedAt + cooldownMs) return null;
    return new SendwrightError("oauth.refused", row.refusal ?? "The provider rejected the request.", {
      smtp: { stage: "auth" },
    });
  }

  /** When a token is renewed though nobody asked for it; null if it is not. */
  #dueAt({ row, grant }: HeldGrant): number | null {
    const { configId, refusedAt } = row;
    if (grant === null || grant.tokens === null || this.#renewals.isRunning(configId)) return null;
    return renewalDueAt(grant.tokens, { refusedAt, cooldownUntil: this.#renewals.cooldownUntil(configId) });
  }

  #plan(): void {
    const delayMs = this.#nextMs();
    if (this.#isRunning && delayMs !== null) this.#renewing.wakeIn(delayMs);
  }

  /** Milliseconds until a renewal is due; null if none is. */
  #nextMs(): number | null {
    const due = this.#grants.all().flatMap((held) => this.#dueAt(held) ?? []);
    if (due.length === 0) return null;
    return Math.min(Math.max(0, Math.min(...due) - this.#dependencies.clock.now()), longestMs);
  }

  #renewDue(): number | null {
    const { clock, log } = this.#dependencies;
    const now = clock.now();
    for (const held of this.#grants.all()) {
      if ((this.#dueAt(held) ?? Number.POSITIVE_INFINITY) > now) continue;
      this.#renewals.renew(held.row.configId).catch((error: unknown) => {
        // What the provider answered is recorded already.
        if (!isSendwrightError(error)) log.error({ err: error }, "access token renewal failed");
      });
    }
    return this.#nextMs();
  }
}
