import type { Clock } from "../core/clock.ts";
import type { Breaker } from "../store/tables/smtp-config-health.ts";
import { type BreakerEvent, type BreakerPermission, CircuitBreaker, trialMs } from "./circuit-breaker.ts";

/** Whose breaker it is: that of the config, which all nodes share, or that of this node, for faults of its own. */
export type BreakerOwner = "config" | "node";

/** From the least that is allowed to the most. */
const permissions: readonly BreakerPermission[] = ["none", "trial", "one", "all"];

/**
 * The two breakers of one version of a config. The shared one is stored after each change, and what is stored by
 * others is taken over; until this node has stored its own change, what it knows itself counts.
 */
export class ConfigBreakers {
  readonly #clock: Clock;
  readonly #breakers: Readonly<Record<BreakerOwner, CircuitBreaker>>;
  /** A state of the shared breaker that is still to be stored. */
  #unstored: Breaker | null = null;
  /** The number of the first reading that knows what was stored last. */
  #adoptsFrom = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#breakers = { config: new CircuitBreaker(clock), node: new CircuitBreaker(clock) };
  }

  /** That of the config, as this node knows it. */
  get shared(): Breaker {
    return this.#breakers.config.breaker;
  }

  /** How often one of them has changed. */
  get changes(): number {
    return this.#breakers.config.changes + this.#breakers.node.changes;
  }

  /** What both allow. */
  get permission(): BreakerPermission {
    const ranks = Object.values(this.#breakers).map((each) => permissions.indexOf(each.permission));
    return permissions[Math.min(...ranks)] ?? "none";
  }

  /** Milliseconds until `permission` may change by time alone; null if it does not. */
  get endsInMs(): number | null {
    const ends = Object.values(this.#breakers).flatMap(({ endsInMs }) => (endsInMs ? [endsInMs] : []));
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** What is wrong with this node, as far as the config shows it; null if nothing is. */
  get nodeFault(): string | null {
    const { breaker } = this.#breakers.node;
    return breaker.state === "closed" ? null : (breaker.reason ?? "The config failed.");
  }

  /** Which ones wait for a trial: with it, one email goes through. */
  trialsDue(): readonly BreakerOwner[] {
    return (["config", "node"] as const).filter((owner) => this.#breakers[owner].permission === "trial");
  }

  /** Until when a trial that begins now is this node's, in milliseconds since the epoch. */
  trialEnd(): number {
    return this.#clock.now() + trialMs;
  }

  /** A trial has begun, and is stored if it is that of the config. */
  trialBegan(owner: BreakerOwner, until: number): void {
    this.#breakers[owner].record({ kind: "trial-began", until });
    if (owner === "config" && this.#unstored !== null) this.#unstored = this.shared;
  }

  /**
   * Takes note of what an attempt showed.
   * @param changes as it was when the attempt began: one that began before the latest change knows nothing that the
   * breakers do not know.
   * @returns the breaker if its state has changed, else null.
   */
  record(owner: BreakerOwner, event: BreakerEvent, changes: number): Breaker | null {
    const changing = this.#breakers[owner];
    if (changes !== this.changes || !changing.record(event)) return null;
    if (owner === "config") this.#unstored = changing.breaker;
    return changing.breaker;
  }

  /** An attempt showed that the config works, on this node too. @param changes as with `record`. */
  succeeded(changes: number): void {
    if (changes !== this.changes) return;
    for (const owner of ["config", "node"] as const) this.record(owner, { kind: "succeeded" }, this.changes);
  }

  get unstored(): Breaker | null {
    return this.#unstored;
  }

  /** @param reading the number of the next reading. */
  stored(breaker: Breaker, reading: number): void {
    if (this.#unstored === breaker) this.#unstored = null;
    this.#adoptsFrom = reading;
  }

  /** @param reading the number of the reading that found it. */
  adopt(stored: Breaker, reading: number): void {
    if (this.#unstored === null && reading >= this.#adoptsFrom) this.#breakers.config.adopt(stored);
  }
}
