/**
 * The circuit breaker of an SMTP config (Nygard, "Release It!"): a pure reducer, and the breaker that a node keeps.
 * It knows nothing of emails, sessions and the database.
 *
 *              failed, or so many refusals in a row
 *     closed ───────────────────────────────────────▶ open ◀──┐
 *        ▲                                              │      │ failed:
 *        │                        the cooldown is over, │      │ a longer cooldown
 *        │                      and a node begins a trial      │
 *        │                                              ▼      │
 *        └──────────────── succeeded ─────────────── half-open ┘
 *        ▲                                              │
 *        └── from any state, by what an admin has stored (`adopt`): saved, tested, resumed
 */
import type { Clock } from "../core/clock.ts";
import { type Breaker, closedBreaker, type OpenBreaker } from "../store/tables/smtp-config-health.ts";

/**
 * Why the breaker is told of a failure.
 * - `unreachable`: no session; the name, the network, the greeting or the authentication failed for now.
 * - `busy`: 421, by which a relay asks for fewer connections or emails.
 * - `refused`: the relay answers, and accepts nothing, for now.
 * - `quota`: the account has sent what it may send in a day.
 * - `config`: the config is turned away for good: its password, its certificate, its sender.
 */
export type FailureCause = "unreachable" | "busy" | "refused" | "quota" | "config";

export type BreakerEvent =
  | { readonly kind: "succeeded" }
  | {
      readonly kind: "failed";
      readonly cause: FailureCause;
      /** For the pages and the log; null if nothing is known. */
      readonly reason: string | null;
      /** Whether an email was accepted through these settings before. */
      readonly isKnownGood: boolean;
    }
  /** A node tries the config with one email, until a time in milliseconds since the epoch. */
  | { readonly kind: "trial-began"; readonly until: number };

const secondMs = 1_000;
const minuteMs = 60 * secondMs;

/** What passes without an admin: a restart, a line, a relay that is asked too much. */
const passingMs = [10, 30, 60, 120, 300].map((seconds) => seconds * secondMs);
/** A config that has worked is turned away: a directory that is down for a minute, or a changed password. */
const turnedAwayMs = [1, 5, 15, 60].map((minutes) => minutes * minuteMs);
/** Quotas end with the hour or the day. */
const quotaMs = [15, 30, 60].map((minutes) => minutes * minuteMs);
/** A config that needs an admin is tried this often all the same: some of what was wrong ends without one. */
const needsAdminMs = [60 * minuteMs];

/** No cooldown is longer, in milliseconds. */
export const maxCooldownMs = 60 * minuteMs;

/** A node has this long for its trial before another one may begin one, in milliseconds. */
export const trialMs = 2 * minuteMs;

/**
 * So many emails in a row of which a relay that answers accepts nothing open the breaker. Few, since with little to
 * send the second one is a minute late already.
 */
const maxRefusals = 2;

/** The state after an event. @param now in milliseconds since the epoch */
export function nextBreaker(breaker: Breaker, event: BreakerEvent, now: number): Breaker {
  switch (event.kind) {
    case "succeeded":
      return closedBreaker;
    case "trial-began":
      return breaker.state === "closed" ? breaker : { ...breaker, state: "half-open", until: event.until };
    case "failed": {
      const isFirst = breaker.state === "closed";
      if (isFirst && event.cause === "refused" && breaker.failures + 1 < maxRefusals) {
        return { state: "closed", failures: breaker.failures + 1 };
      }
      return opened(event, isFirst ? 1 : breaker.failures + 1, now);
    }
    default:
      return event satisfies never;
  }
}

function opened(
  { cause, reason, isKnownGood }: Extract<BreakerEvent, { kind: "failed" }>,
  failures: number,
  now: number,
): OpenBreaker {
  // One that goes on being turned away after all those cooldowns has no directory that is down for a minute.
  const needsAdmin = cause === "config" && (!isKnownGood || failures > turnedAwayMs.length);
  const cooldowns = needsAdmin ? needsAdminMs : cooldownsFor(cause);
  const cooldownMs = cooldowns[Math.min(failures, cooldowns.length) - 1] ?? maxCooldownMs;
  return { state: "open", until: now + cooldownMs, reason, failures, needsAdmin };
}

function cooldownsFor(cause: FailureCause): readonly number[] {
  switch (cause) {
    case "config":
      return turnedAwayMs;
    case "quota":
      return quotaMs;
    default:
      return passingMs;
  }
}

/** What a route may do with its config. */
export type BreakerPermission =
  /** Send. */
  | "all"
  /** Send one email at a time: this node's trial is under way. */
  | "one"
  /** Begin a trial: the cooldown, or the trial of another node, is over. */
  | "trial"
  | "none";

/**
 * The breaker as a node knows it: what its own emails showed, and what other nodes and admins have stored. Its
 * times go by the monotonic clock, so that a pause ends whatever the time of day is set to.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  #breaker: Breaker = closedBreaker;
  #changes = 0;
  /** When a cooldown or a trial is over, by the monotonic clock. */
  #endsAt = Number.NEGATIVE_INFINITY;
  /** The trial is this node's. */
  #isTrying = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get breaker(): Breaker {
    return this.#breaker;
  }

  /** How often its state has changed. */
  get changes(): number {
    return this.#changes;
  }

  get permission(): BreakerPermission {
    if (this.#breaker.state === "closed") return "all";
    const isOver = this.#clock.monotonic() >= this.#endsAt;
    if (this.#isTrying && !isOver) return "one";
    return isOver ? "trial" : "none";
  }

  /** Milliseconds until `permission` changes by time alone; null if it does not. */
  get endsInMs(): number | null {
    if (this.#breaker.state === "closed") return null;
    return Math.max(0, this.#endsAt - this.#clock.monotonic());
  }

  /** Takes note of an event. @returns whether the state that others see has changed. */
  record(event: BreakerEvent): boolean {
    const before = this.#breaker;
    const after = nextBreaker(before, event, this.#clock.now());
    if (before.state === "closed" && after.state === "closed") {
      // How many refusals in a row there were is this node's to know.
      this.#breaker = after;
      return false;
    }
    this.#become(after, event.kind === "trial-began");
    return true;
  }

  /** Takes over what is stored, by an admin or another node. */
  adopt(stored: Breaker): void {
    if (this.#isSame(stored)) return;
    this.#become(stored, false);
  }

  #become(breaker: Breaker, isTrying: boolean): void {
    this.#breaker = breaker;
    this.#isTrying = isTrying;
    this.#changes++;
    if (breaker.state === "closed") return;
    const now = this.#clock.monotonic();
    // A time of day that was set since would make it longer than any cooldown is.
    this.#endsAt = now + Math.min(maxCooldownMs, Math.max(0, breaker.until - this.#clock.now()));
  }

  #isSame(stored: Breaker): boolean {
    const own = this.#breaker;
    if (own.state === "closed" || stored.state === "closed") return own.state === stored.state;
    return own.state === stored.state && own.until === stored.until && own.reason === stored.reason;
  }
}
