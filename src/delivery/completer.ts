import type { Clock } from "../core/clock.ts";
import { isSendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Metrics } from "../core/metrics.ts";
import type { Connection } from "../smtp/connection.ts";
import type { ResolvedConfig } from "../smtp-configs/open.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { Db } from "../store/schema.ts";
import type { Step } from "../store/step.ts";
import { type Settlement, settleEmails } from "../store/tables/email-settlements.ts";
import type { Attempt, AttemptFailure, Email, Recipient } from "../store/tables/emails.ts";
import { type Breaker, closedBreaker } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { cooldownMs, shouldTrip } from "./circuit-breaker.ts";
import { failureIn } from "./failure.ts";
import {
  type AttemptEnd,
  attemptOf,
  countsAsFailure,
  handedBack,
  isRelayFailure,
  settlementOf,
} from "./outcome.ts";
import { breakersOf, type PendingResult, versionHealthAfter, versionHealthsOf } from "./pending-results.ts";
import { isHalfOpen, type Route } from "./routes.ts";

/** One attempt to send an email, at its end. */
export interface AttemptResult {
  readonly email: Email;
  /** As they were before. */
  readonly recipients: readonly Recipient[];
  readonly route: Route;
  /** The one that carried it; null if there was none. */
  readonly connection: Connection | null;
  readonly end: AttemptEnd;
  readonly startedAt: number;
}

/** Results that are written in one transaction. */
export interface Batch {
  readonly size: number;
  readonly steps: readonly [Step<ReadonlySet<string>>, ...Step<void>[]];
  /** Whether emails are among them of which nothing was attempted: they may be claimed at once. */
  readonly handsBack: boolean;
  /** To be called with the ids of the emails whose outcomes were written. */
  written(ids: ReadonlySet<string>): void;
  /**
   * To be called if the transaction failed: its results come again, one by one if it may be one of them
   * that the database refuses. One that is refused alone is given up.
   */
  failed(error: unknown): void;
}

export interface CompleterDependencies {
  readonly db: Db;
  readonly configSource: ConfigSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** In [0, 1), for the jitter of the schedule. */
  readonly random: () => number;
  /** Whether another config than this one can be used. */
  readonly hasFallback: (config: SmtpConfig) => boolean;
  /** A version of a config has failed by its own fault, before any email was accepted through it. */
  readonly onFailing: (config: SmtpConfig) => void;
  /** How a config reaches its relay. @throws SendwrightError if it cannot be decrypted */
  readonly resolve: (config: SmtpConfig) => ResolvedConfig;
  /** The address that an email through this config comes from. */
  readonly senderOf: (email: Email, config: SmtpConfig) => string;
  /**
   * A short title for a failed attempt, for the reason of a pause; null if no rule explains it. Delivery itself
   * explains nothing.
   */
  readonly explainTitle: (attempt: Attempt) => string | null;
}

const maxBatchSize = 64;

/** Writes what became of emails, and of the configs that they went through, in batches. */
export class Completer {
  readonly #dependencies: CompleterDependencies;
  #pending: PendingResult[] = [];
  /** Results still to be written one per transaction, because the database refused the batch they were in. */
  #isolated = 0;

  constructor(dependencies: CompleterDependencies) {
    this.#dependencies = dependencies;
  }

  /** How many results are to be written. */
  get size(): number {
    return this.#pending.length;
  }

  /** Whether the database refused a batch: its results are written one by one, and nothing with them. */
  get isIsolating(): boolean {
    return this.#isolated > 0;
  }

  /** Resolves when the outcome is written. */
  async settle(result: AttemptResult): Promise<void> {
    const { clock, log, metrics, random, hasFallback, onFailing } = this.#dependencies;
    const { email, recipients, route, end } = result;
    const { config } = route;
    const now = clock.now();
    const seen = attemptOf({ ...result, config, now });
    const attempt = seen.outcome === "sent" ? seen : { ...seen, failure: this.#failureIn(result, seen) };
    const breaker = this.#breakerAfter(result, attempt, now);
    // From this moment on, not only once it is written: the delivery worker goes on meanwhile.
    const cooldown = breaker?.state === "open" ? { written: false } : null;
    if (cooldown !== null) {
      route.cooldown = cooldown;
      route.pool.withdraw();
    }
    // A config that takes over takes this email too, unless that might make two of it.
    const isTakenOver = cooldown !== null && attempt.outcome === "temporary" && hasFallback(config);
    const isUncounted = attempt.outcome === "config" || isTakenOver;
    const settlement = settlementOf({ email, recipients, end, attempt, now, random: random(), isUncounted });
    const versionHealth = versionHealthAfter(config, email, attempt);
    await this.#add({ email, settlement, config, breaker, versionHealth });
    if (cooldown !== null) cooldown.written = true;
    if (versionHealth === "failing") onFailing(config);
    metrics.attempted({ ...attempt, isRetry: email.attemptCount > 0 });
    if (settlement.finishedAt !== null) metrics.finished(settlement.state, now - email.createdAt);
    logResult(log, email, attempt, settlement);
  }

  /** Queues an email again of which nothing was attempted. */
  handBack(email: Email): Promise<void> {
    const settlement = handedBack(email, this.#dependencies.clock.now());
    return this.#add({ email, settlement, config: null, breaker: null, versionHealth: null });
  }

  /** What is to be written, the oldest first: a part of the next transaction. */
  nextBatch(): Batch {
    const { db, configSource, log } = this.#dependencies;
    const isAlone = this.isIsolating;
    const results = this.#pending.splice(0, isAlone ? 1 : maxBatchSize);
    const settled = results.map(({ email, settlement }) => ({ claimed: email, settlement }));
    const breakers = breakersOf(results).map((each) => configSource.breakerStep(db, ...each));
    const healths = versionHealthsOf(results).map((each) => configSource.versionHealthStep(db, ...each));
    return {
      size: results.length,
      handsBack: results.some(({ config }) => config === null),
      steps: [settleEmails(db, settled), ...breakers, ...healths],
      written: (ids) => {
        this.#isolated = Math.max(0, this.#isolated - results.length);
        for (const { email, resolve } of results) {
          if (!ids.has(email.id)) {
            log.warn({ email: email.id }, "the lease of this email was lost: its outcome is not written");
          }
          resolve();
        }
      },
      failed: (error) => {
        const isRefused = !isSendwrightError(error, "store.unavailable");
        if (isRefused && isAlone) {
          this.#isolated = Math.max(0, this.#isolated - 1);
          results[0]?.reject(error as Error);
          return;
        }
        if (isRefused) this.#isolated = Math.max(this.#isolated, results.length);
        this.#pending = [...results, ...this.#pending];
      },
    };
  }

  /** Gives up what could not be written: `settle` and `handBack` throw the reason. */
  failPending(reason: Error): void {
    for (const { reject } of this.#pending.splice(0)) reject(reason);
  }

  #add(result: Omit<PendingResult, "resolve" | "reject">): Promise<void> {
    return new Promise((resolve, reject) => this.#pending.push({ ...result, resolve, reject }));
  }

  /** What the end of an attempt means for its config. */
  #breakerAfter(result: AttemptResult, attempt: Attempt, now: number): Breaker | null {
    const { route, end, startedAt } = result;
    const { breaker } = route.config.health;
    const failures = breaker.failures + 1;
    const open = (needsAdmin: boolean): Breaker => ({
      state: "open",
      until: now + cooldownMs(failures, needsAdmin),
      reason: this.#reasonOf(end, attempt),
      failures,
    });
    if (attempt.outcome === "config") return open(true);
    // What began before the breaker opened knows nothing that the breaker did not know.
    const wasHalfOpen = isHalfOpen(route);
    if (breaker.state === "open" && startedAt < breaker.until) return null;
    if (isRelayFailure(end, attempt.outcome)) return open(false);
    route.consecutiveFailures = countsAsFailure(attempt) ? route.consecutiveFailures + 1 : 0;
    const hasFallback = this.#dependencies.hasFallback(route.config);
    if (shouldTrip(route.consecutiveFailures, { isHalfOpen: wasHalfOpen, hasFallback })) {
      route.consecutiveFailures = 0;
      return open(false);
    }
    return wasHalfOpen && end.kind === "answered" ? closedBreaker : null;
  }

  /** Why a config is paused: what that means, then the words of the relay or of the error. */
  #reasonOf(end: AttemptEnd, attempt: Attempt): string | null {
    const words = end.kind === "failed" ? end.error.message : attempt.reply;
    const title = this.#dependencies.explainTitle(attempt);
    return [title, words].filter((part) => part !== null).join(". ") || null;
  }

  /** Null for an attempt that failed before any relay was asked: there the config itself could not be decrypted. */
  #failureIn({ email, route, end }: AttemptResult, { stage }: Attempt): AttemptFailure | null {
    if (stage === null) return null;
    const { resolve, senderOf } = this.#dependencies;
    try {
      return failureIn(end, { resolved: resolve(route.config), from: senderOf(email, route.config) });
    } catch (error) {
      // The outcome is worth more than its explanation.
      if (isSendwrightError(error)) return null;
      throw error;
    }
  }
}

function logResult(log: Log, email: Email, attempt: Attempt, { state }: Settlement): void {
  const fields = {
    email: email.id,
    state,
    outcome: attempt.outcome,
    config: attempt.configName,
    relay: attempt.relayHost,
    stage: attempt.stage,
    code: attempt.code,
    durationMs: attempt.durationMs,
  };
  if (attempt.outcome === "sent") log.info(fields, "email sent");
  else log.warn({ ...fields, reply: attempt.reply }, "email not sent to everybody");
}
