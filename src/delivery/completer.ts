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
import { type Breaker, closedBreaker, type VersionHealth } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import { isStruckOut, restMs } from "./circuit-breaker.ts";
import { failureIn } from "./failure.ts";
import {
  attemptOf,
  blamesConfig,
  type Ending,
  handedBack,
  isConfigsFault,
  isStrike,
  settlementOf,
} from "./outcome.ts";
import { isOnTrial, type Lane } from "./routes.ts";

/** One try of an email, at its end. */
export interface Tried {
  readonly email: Email;
  /** As they were before. */
  readonly recipients: readonly Recipient[];
  readonly lane: Lane;
  /** The one that carried it; null where there was none. */
  readonly connection: Connection | null;
  readonly ending: Ending;
  readonly startedAt: number;
}

/** What became of emails, and of the configs that they went through, until it is written. */
export interface Ledger {
  /** Resolves when the outcome is written. */
  settle(tried: Tried): Promise<void>;
  /** Queues an email again of which nothing was tried. */
  handBack(email: Email): Promise<void>;
  /** How many outcomes are to be written. */
  readonly size: number;
  /** What is to be written, the oldest first: a part of the next transaction. */
  nextPage(): Page;
  /** Whether the database refused something: the next pages are written one by one, and nothing with them. */
  hasRefused(): boolean;
  /** Gives up what could not be written: those who wait for it are told so. */
  abandon(reason: Error): void;
}

/** Entries that are written in one transaction. */
export interface Page {
  readonly size: number;
  readonly steps: readonly [Step<ReadonlySet<string>>, ...Step<void>[]];
  /** Whether emails are among them of which nothing was tried: they may be claimed at once. */
  readonly handsBack: boolean;
  /** To be called with the ids of the emails whose outcomes were written. */
  written(ids: ReadonlySet<string>): void;
  /**
   * To be called where the transaction failed: its entries come again, one by one if it may be one of them
   * that the database refuses. One that is refused alone is given up.
   */
  failed(error: unknown): void;
}

export interface LedgerParts {
  readonly db: Db;
  readonly configSource: ConfigSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** In [0, 1), for the jitter of the schedule. */
  readonly random: () => number;
  /** Whether another config than this one can be used. */
  readonly hasOther: (config: SmtpConfig) => boolean;
  /** A version of a config has failed by its own fault, before any email was taken through it. */
  readonly onFaulty: (config: SmtpConfig) => void;
  /** How a config reaches its relay. @throws SendwrightError where it cannot be opened */
  readonly open: (config: SmtpConfig) => ResolvedConfig;
  /** The address that an email through this config comes from. */
  readonly senderOf: (email: Email, config: SmtpConfig) => string;
  /** What a failed attempt means, in a few words; null where nobody knows. Delivery itself explains nothing. */
  readonly titleOf: (attempt: Attempt) => string | null;
}

interface Entry {
  readonly email: Email;
  readonly settlement: Settlement;
  /** Null where nothing was tried. */
  readonly config: SmtpConfig | null;
  /** The breaker of the config from now on; null if it stays as it is. */
  readonly breaker: Breaker | null;
  /** What this version of the config has shown for the first time, if anything. */
  readonly verdict: VersionHealth | null;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const maxEntries = 64;

export function createLedger(parts: LedgerParts): Ledger {
  const { db, configSource, clock, log, metrics, random, hasOther, open, senderOf, titleOf, onFaulty } =
    parts;
  let entries: Entry[] = [];
  /** So many of the next entries go one by one. */
  let suspects = 0;

  function enter(entry: Omit<Entry, "resolve" | "reject">): Promise<void> {
    return new Promise((resolve, reject) => entries.push({ ...entry, resolve, reject }));
  }

  /** Why a config rests: what that means, then the words of whoever noticed. */
  function reasonOf(ending: Ending, attempt: Attempt): string | null {
    const words = ending.kind === "failed" ? ending.error.message : attempt.reply;
    return [titleOf(attempt), words].filter((part) => part !== null).join(". ") || null;
  }

  /** What the end of a try means for its config. */
  function breakerAfter(tried: Tried, attempt: Attempt, now: number): Breaker | null {
    const { lane, ending, startedAt } = tried;
    const { config } = lane;
    const { breaker } = config.health;
    const failures = breaker.failures + 1;
    const rest = (mustBeMended: boolean): Breaker => ({
      state: "open",
      until: now + restMs(failures, mustBeMended),
      reason: reasonOf(ending, attempt),
      failures,
    });
    if (attempt.outcome === "config") return rest(true);
    // What began before the pause knows nothing that the pause did not know.
    const isTrial = isOnTrial(lane);
    if (breaker.state === "open" && startedAt < breaker.until) return null;
    if (blamesConfig(ending, attempt.outcome)) return rest(false);
    lane.strikes = isStrike(attempt) ? lane.strikes + 1 : 0;
    if (isStruckOut(lane.strikes, { isTrial, hasOther: hasOther(config) })) {
      lane.strikes = 0;
      return rest(false);
    }
    return isTrial && ending.kind === "answered" ? closedBreaker : null;
  }

  /** Null for a try that failed before any relay was asked: there the config itself could not be opened. */
  function failureOfTry({ email, lane, ending }: Tried, { stage }: Attempt): AttemptFailure | null {
    if (stage === null) return null;
    try {
      return failureIn(ending, { opened: open(lane.config), from: senderOf(email, lane.config) });
    } catch (error) {
      // The outcome is worth more than its explanation.
      if (isSendwrightError(error)) return null;
      throw error;
    }
  }

  return {
    async settle(tried) {
      const { email, recipients, lane, ending } = tried;
      const { config } = lane;
      const now = clock.now();
      const seen = attemptOf({ ...tried, config, now });
      const attempt = seen.outcome === "sent" ? seen : { ...seen, failure: failureOfTry(tried, seen) };
      const breaker = breakerAfter(tried, attempt, now);
      // From this moment on, not only once it is written: the delivery worker goes on meanwhile.
      const rest = breaker?.state === "open" ? { written: false } : null;
      if (rest !== null) {
        lane.rest = rest;
        lane.pool.withdraw();
      }
      // Where another config takes over, it takes this email too; not where that might make two of it.
      const takenOver = rest !== null && attempt.outcome === "temporary" && hasOther(config);
      const goesOn = attempt.outcome === "config" || takenOver;
      const settlement = settlementOf({ email, recipients, ending, attempt, now, random: random(), goesOn });
      const verdict = verdictOf(config, email, attempt);
      await enter({ email, settlement, config, breaker, verdict });
      if (rest !== null) rest.written = true;
      if (verdict === "failing") onFaulty(config);
      metrics.attempted({ ...attempt, isRetry: email.attemptCount > 0 });
      if (settlement.finishedAt !== null) metrics.finished(settlement.state, now - email.createdAt);
      tell(log, email, attempt, settlement);
    },

    handBack: (email) =>
      enter({
        email,
        settlement: handedBack(email, clock.now()),
        config: null,
        breaker: null,
        verdict: null,
      }),

    nextPage() {
      const alone = suspects > 0;
      const page = entries.splice(0, alone ? 1 : maxEntries);
      const settled = page.map(({ email, settlement }) => ({ claimed: email, settlement }));
      const breakers = breakersOf(page).map((each) => configSource.breakerStep(db, ...each));
      const verdicts = verdictsOf(page).map((each) => configSource.versionHealthStep(db, ...each));
      return {
        size: page.length,
        handsBack: page.some(({ config }) => config === null),
        steps: [settleEmails(db, settled), ...breakers, ...verdicts],
        written(ids) {
          suspects = Math.max(0, suspects - page.length);
          for (const { email, resolve } of page) {
            if (!ids.has(email.id)) {
              log.warn({ email: email.id }, "the lease of this email was lost: its outcome is not written");
            }
            resolve();
          }
        },
        failed(error) {
          const refused = !isSendwrightError(error, "store.unavailable");
          if (refused && alone) {
            suspects = Math.max(0, suspects - 1);
            page[0]?.reject(error as Error);
            return;
          }
          if (refused) suspects = Math.max(suspects, page.length);
          entries = [...page, ...entries];
        },
      };
    },

    get size() {
      return entries.length;
    },

    hasRefused: () => suspects > 0,

    abandon(reason) {
      for (const { reject } of entries.splice(0)) reject(reason);
    },
  };
}

/** One breaker for each config; where results contradict each other, the failure counts. */
function breakersOf(entries: readonly Entry[]): readonly (readonly [SmtpConfig, Breaker])[] {
  const breakers = new Map<string, [SmtpConfig, Breaker]>();
  for (const { config, breaker } of entries) {
    if (config === null || breaker === null) continue;
    if (breaker.state === "open" || !breakers.has(config.id)) breakers.set(config.id, [config, breaker]);
  }
  return [...breakers.values()];
}

/** What a try says of the version of the config that nothing was known of yet. */
function verdictOf(config: SmtpConfig, email: Email, attempt: Attempt): VersionHealth | null {
  const { version } = config.revision;
  const { knownGoodVersion, failingVersion } = config.health;
  if (knownGoodVersion === version) return null;
  if (attempt.outcome === "sent" || attempt.outcome === "partial") return "known-good";
  return failingVersion !== version && isConfigsFault(attempt, email) ? "failing" : null;
}

/** One for each config: a version that takes an email is well. */
function verdictsOf(entries: readonly Entry[]): readonly (readonly [SmtpConfig, VersionHealth])[] {
  const verdicts = new Map<string, [SmtpConfig, VersionHealth]>();
  for (const { config, verdict } of entries) {
    if (config === null || verdict === null) continue;
    if (verdict === "known-good" || !verdicts.has(config.id)) verdicts.set(config.id, [config, verdict]);
  }
  return [...verdicts.values()];
}

function tell(log: Log, email: Email, attempt: Attempt, { state }: Settlement): void {
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
