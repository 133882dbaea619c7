import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Connection } from "../smtp/connection.ts";
import { type Settlement, settleEmails } from "../store/email-settlements.ts";
import type { Attempt, Email, Recipient } from "../store/emails.ts";
import { type Pause, pauseSmtpConfig, type SmtpConfig } from "../store/smtp-configs.ts";
import type { Store } from "../store/store.ts";
import { isStruckOut, restMs } from "./breaker.ts";
import { createGroup } from "./group.ts";
import type { Lane } from "./lanes.ts";
import { attemptOf, blamesConfig, type Ending, handedBack, isStrike, settlementOf } from "./outcome.ts";
import type { Persist } from "./persist.ts";

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

/** Writes what became of emails, and of the configs that they went through. */
export interface Ledger {
  /** Returns when it is written. */
  settle(tried: Tried): Promise<void>;
  /** Queues an email again of which nothing was tried. */
  handBack(email: Email): Promise<void>;
}

export interface LedgerParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly persist: Persist;
  /** In [0, 1), for the jitter of the schedule. */
  readonly random: () => number;
  /** Whether another config than this one can be used. */
  readonly hasOther: (config: SmtpConfig) => boolean;
}

interface Entry {
  readonly email: Email;
  readonly settlement: Settlement;
  readonly config: SmtpConfig | null;
  /** A pause to begin, null to end one, undefined for neither. */
  readonly pause: Pause | null | undefined;
}

/** Results that share a transaction. */
const maxResults = 64;

export function createLedger(parts: LedgerParts): Ledger {
  const { store, clock, log, metrics, persist, random, hasOther } = parts;

  const write = createGroup(
    async (entries: readonly Entry[]) => {
      const written = await settleEmails(
        store,
        entries.map(({ email, settlement }) => ({ claimed: email, settlement })),
        [...pausesOf(entries)].map(([config, pause]) => pauseSmtpConfig(store.db, config, pause)),
      );
      return entries.map(({ email }) => written.has(email.id));
    },
    { maxItems: maxResults },
  );

  async function settleEntry(entry: Entry): Promise<void> {
    if (await persist(() => write(entry))) return;
    log.warn({ email: entry.email.id }, "the lease of this email was lost: its outcome is not written");
  }

  /** What the end of a try means for its config. */
  function pauseAfter(tried: Tried, attempt: Attempt, now: number): Pause | null | undefined {
    const { lane, ending } = tried;
    const { config } = lane;
    const failures = config.failures + 1;
    const reason = ending.kind === "failed" ? ending.error.message : attempt.reply;
    if (blamesConfig(ending, attempt.outcome)) {
      return { until: now + restMs(failures, attempt.outcome === "config"), reason, failures };
    }
    lane.strikes = isStrike(attempt) ? lane.strikes + 1 : 0;
    if (isStruckOut(lane.strikes, hasOther(config))) {
      lane.strikes = 0;
      return { until: now + restMs(failures, false), reason, failures };
    }
    return config.pausedUntil !== null && ending.kind === "answered" ? null : undefined;
  }

  return {
    async settle(tried) {
      const { email, recipients, lane, ending } = tried;
      const { config } = lane;
      const now = clock.now();
      const attempt = attemptOf({ ...tried, config, now });
      const pause = pauseAfter(tried, attempt, now);
      // From this moment on, not only once it is written: the courier goes on meanwhile.
      const rest = pause == null ? null : { written: false };
      if (rest !== null) lane.rest = rest;
      const goesOn =
        attempt.outcome === "config" || (blamesConfig(ending, attempt.outcome) && hasOther(config));
      const settlement = settlementOf({ email, recipients, ending, attempt, now, random: random(), goesOn });
      await settleEntry({ email, settlement, config, pause });
      if (rest !== null) rest.written = true;
      metrics.attempts.inc({ outcome: attempt.outcome });
      tell(log, email, attempt, settlement);
    },

    handBack: (email) =>
      settleEntry({
        email,
        settlement: handedBack(email, clock.now()),
        config: null,
        pause: undefined,
      }),
  };
}

/** One pause for each config; where results contradict each other, the failure counts. */
function pausesOf(entries: readonly Entry[]): ReadonlyMap<SmtpConfig, Pause | null> {
  const pauses = new Map<SmtpConfig, Pause | null>();
  for (const { config, pause } of entries) {
    if (config === null || pause === undefined) continue;
    if (pause !== null || !pauses.has(config)) pauses.set(config, pause);
  }
  return pauses;
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
