/**
 * The loop that claims emails: one tick after the other for as long as there is a reason. A tick reads the configs,
 * claims what is due and there is capacity for, and sets the timer for what is due later. It writes no results.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { databaseRetryMs } from "../core/until-answered.ts";
import type { Store } from "../store/store.ts";
import {
  type ClaimedEmail,
  claimEmails,
  forgetRefusals,
  isAnythingDue,
  nextDueAt,
  queueAgainAfterStep,
} from "../store/tables/email-claims.ts";
import { expireEmails } from "../store/tables/email-queue.ts";
import { usageLimits } from "../store/tables/smtp-config-usage.ts";
import { maxBackoffMs } from "./backoff.ts";
import type { ClockSteps } from "./clock-steps.ts";
import type { Cluster } from "./cluster.ts";
import { type Leases, leaseMs } from "./leases.ts";
import { limitedUntil } from "./limits.ts";
import { PriorityShares } from "./priority-shares.ts";
import { capacityOf, type Route, type Routes } from "./routes.ts";

/** There is a tick at least this often. */
const tickMs = 60_000;
/** Emails whose time is over are ended this often at the most, not in every tick. */
const expireEveryMs = 1_000;
/** Emails that are ended in one transaction because their time is over. */
const maxExpired = 5_000;
/** Capacity for which a claim is worth its cost. */
const enoughCapacity = 64;
/** Leases and the membership are kept up this often: three times while a lease lasts. */
const upkeepEveryMs = 10_000;
/** Upkeep happens this often at the most when other nodes announce something. */
const announcedUpkeepMs = 1_000;
/** While a config cannot be used, the configs are read this often: a command or another node may change that. */
const blockedPollMs = 5_000;
/**
 * A claim that finds nothing reads all that is due for other configs. One that took so long is repeated only after many
 * times as long, so that looking for what is not there never keeps the database busy.
 */
const slowClaimMs = 5;
const restAfterSlowClaim = 10;

export interface ClaimLoopDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly steps: ClockSteps;
  readonly cluster: Pick<Cluster, "heartbeat">;
  readonly routes: Routes;
  readonly leases: Leases;
  /** Whether this node must not claim now, because it could not store results. */
  readonly isBlocked: () => boolean;
  /** Delivers a claimed email from here. */
  readonly onClaimed: (claimed: ClaimedEmail, route: Route) => void;
}

/** Times below are those of the monotonic clock, unless they say otherwise. */
export class ClaimLoop {
  readonly #dependencies: ClaimLoopDependencies;
  readonly #shares = new PriorityShares();
  #isClaiming = true;
  #isTickRequested = false;
  #running: Promise<void> | null = null;
  #cancelTimer = () => {};
  /** The time of day before it was set back, until the database knows of it. */
  #beforeStep: number | null = null;
  #areConfigsStale = true;
  #expireDueAt = Number.NEGATIVE_INFINITY;
  #upkeepBegunAt = Number.NEGATIVE_INFINITY;
  #upkeepDueAt = Number.NEGATIVE_INFINITY;
  /** Routes whose slow claim has found nothing, and until when they are not asked. */
  readonly #resting = new WeakMap<Route, number>();
  /** Claims, counted in a circle. */
  #claims = 0;
  /** Until then there may be leases that nobody knows of. */
  #orphansUntil = Number.NEGATIVE_INFINITY;

  constructor(dependencies: ClaimLoopDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws SendwrightError `store.unavailable` */
  async start(): Promise<void> {
    const { store, clock } = this.#dependencies;
    await this.#keepUp(clock.monotonic());
    await queueAgainAfterStep(store.db, { now: clock.now(), before: null, longestMs: maxBackoffMs });
    if (store.shared) await store.transact([store.announcement()]);
    store.onAnnounced(() => {
      // A node may have come or gone: limits are shared with it.
      this.#upkeepDueAt = Math.min(this.#upkeepDueAt, this.#upkeepBegunAt + announcedUpkeepMs);
      this.configsChanged();
    });
    this.requestTick();
  }

  /** Another tick is due: there is work, or capacity for it. */
  requestTick(): void {
    this.#isTickRequested = true;
    this.#running ??= this.#run();
  }

  /** Another tick is due, and what is known of the configs has changed. */
  configsChanged(): void {
    this.#areConfigsStale = true;
    this.requestTick();
  }

  /** Claims no more, but keeps up the leases. Resolves when no claim is under way. */
  async stopClaiming(): Promise<void> {
    this.#isClaiming = false;
    await this.#running;
  }

  /** To be called when nothing is under way any more. */
  end(): void {
    this.#cancelTimer();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#dependencies;
    while (this.#isTickRequested) {
      await this.#coalesce();
      this.#isTickRequested = false;
      try {
        await this.#tick();
      } catch (error) {
        log.error({ err: error }, "claim failed; retrying");
        // If the database has claimed emails and its answer was lost, their leases end so soon.
        this.#orphansUntil = clock.monotonic() + leaseMs + upkeepEveryMs;
        this.#setTimer(databaseRetryMs);
      }
    }
    // In the same turn as the last look at the request: a call from here on begins anew.
    this.#running = null;
  }

  /**
   * A tick begins when a turn of the event loop has brought no more capacity, or there is enough: each claim costs the
   * disk a sync.
   */
  async #coalesce(): Promise<void> {
    const { routes } = this.#dependencies;
    const capacity = () => routes.inOrder.reduce((sum, route) => sum + capacityOf(route), 0);
    for (let had = -1, has = 0; has > had && has < enoughCapacity; had = has, has = capacity())
      await nextTurn();
  }

  async #tick(): Promise<void> {
    const { clock } = this.#dependencies;
    this.#cancelTimer();
    const now = clock.monotonic();
    await this.#followSteps();
    if (now >= this.#upkeepDueAt) await this.#keepUp(now);
    if (now >= this.#expireDueAt) await this.#expire(now);
    if (this.#areConfigsStale || this.#isAnyBlocked()) await this.#readConfigs();
    const dueInMs = this.#mayClaim ? await this.#claim() : Number.POSITIVE_INFINITY;
    this.#setTimer(Math.min(tickMs, dueInMs, ...this.#endsInMs()));
  }

  get #mayClaim(): boolean {
    return this.#isClaiming && !this.#dependencies.isBlocked();
  }

  /**
   * Claims for each config what the router gives to it.
   * @returns the milliseconds until there is more to claim; infinite if that is not for time alone to say.
   */
  async #claim(): Promise<number> {
    const { routes, store, clock } = this.#dependencies;
    if (routes.hasEnded) {
      await forgetRefusals(store.db, routes.refusals);
      routes.endSeen();
    }
    const claimedAt = clock.now();
    for (const route of routes.inOrder) await this.#beginTrials(route);
    // A config that is tried comes first: to the others it counts as one that cannot be used.
    const isOpen = ({ breakers }: Route) => breakers.permission === "all";
    const inTurn = [...routes.inOrder].sort((a, b) => Number(isOpen(a)) - Number(isOpen(b)));
    for (const route of inTurn) if (hasCapacity(route)) await this.#claimFor(route);

    const states = routes.inOrder.map((route) => ({ route, ...routes.availabilityOf(route.config) }));
    const limitedForMs = states.flatMap((each) =>
      each.state === "unavailable" && each.because === "limit" && each.until !== null
        ? // What was claimed may be given back before.
          [Math.min(blockedPollMs, each.until - clock.now())]
        : [],
    );
    const open = states.filter(({ state }) => state === "available").map(({ route }) => route);
    if (open.length === 0) return Math.min(Number.POSITIVE_INFINITY, ...limitedForMs);
    const [busy, free] = [open.filter((route) => capacityOf(route) === 0), open.filter(hasCapacity)];
    const capacityInMs = busy.map(({ pool }) => pool.capacityInMs() ?? Number.POSITIVE_INFINITY);
    const restsForMs = free.map((route) => (this.#resting.get(route) ?? 0) - clock.monotonic());
    const dueInMs = free.length === 0 ? Number.POSITIVE_INFINITY : await this.#dueInMs(claimedAt);
    return Math.min(dueInMs, ...capacityInMs, ...limitedForMs, ...restsForMs.filter((ms) => ms > 0));
  }

  async #dueInMs(claimedAt: number): Promise<number> {
    const { store, clock } = this.#dependencies;
    const dueAt = await nextDueAt(store.db);
    if (dueAt === null) return Number.POSITIVE_INFINITY;
    // What is due and was not claimed is over, another node's, or waits for its config: soon is early enough.
    return dueAt > claimedAt ? dueAt - clock.now() : expireEveryMs;
  }

  /** Begins the trials that are due, if there is an email for them. */
  async #beginTrials(route: Route): Promise<void> {
    const { routes, store, clock, steps } = this.#dependencies;
    const { breakers } = route;
    // A node without a share of the config could not send the email, and would keep the others from trying.
    if (breakers.permission !== "trial" || route.pool.capacity() === 0) return;
    if (this.#isLimited(route)) return;
    const rule = routes.ruleFor(route);
    const times = { now: clock.now(), expiryNow: steps.expiryNow() };
    if (rule === null || !(await isAnythingDue(store.db, { ...times, rule }))) return;
    await routes.beginTrials(route);
    // Another node tries it: what that comes to is read with the next tick.
    if (breakers.permission === "trial") this.#areConfigsStale = true;
  }

  async #claimFor(route: Route): Promise<void> {
    const { store, clock, steps, routes, leases, onClaimed } = this.#dependencies;
    const rule = routes.ruleFor(route);
    const startedAt = clock.monotonic();
    if (rule === null || this.#isLimited(route) || (this.#resting.get(route) ?? 0) > startedAt) return;
    const limit = capacityOf(route);
    const shares = this.#shares.next(limit);
    const times = { now: clock.now(), expiryNow: steps.expiryNow() };
    const lease = leases.begin();
    const limits = usageLimits(route.config.settings);
    // The configs are read again: if one was changed meanwhile, what is claimed goes by that.
    const [claimed] = await store.transact([
      claimEmails(store.db, { ...times, leaseMs: this.#leaseMs(), limit, shares, rule, limits }),
      routes.reading(),
    ]);
    for (const one of claimed) {
      leases.hold(one.email, lease);
      onClaimed(one, route);
    }
    // There may be more, for this config, or for the next one while an email tries whether this one works.
    if (claimed.length === limit) this.#isTickRequested = true;
    const tookMs = clock.monotonic() - startedAt;
    // The first one gets whatever nobody else does, and has next to nothing to read past.
    if (claimed.length === 0 && rule.taker > 0 && tookMs > slowClaimMs) {
      this.#resting.set(route, clock.monotonic() + restAfterSlowClaim * tookMs);
    }
  }

  /** Whether reading the configs again may show what a claim, which reads them too, does not come to. */
  #isAnyBlocked(): boolean {
    const { inOrder } = this.#dependencies.routes;
    return !inOrder.some(isUsable) || inOrder.some((route) => this.#isLimited(route));
  }

  #isLimited({ config, usage }: Route): boolean {
    const limits = usageLimits(config.settings);
    return limitedUntil(limits, usage, this.#dependencies.clock.now()) !== null;
  }

  /** Leases of one moment end at different ones, by which SQLite tells what each claim has taken. */
  #leaseMs(): number {
    this.#claims = (this.#claims + 1) % 1_000;
    return leaseMs + this.#claims;
  }

  /** If the time of day was set back, what was due is due now, and not once more when the clock has come there. */
  async #followSteps(): Promise<void> {
    const { store, clock, steps, log } = this.#dependencies;
    const stepMs = steps.look();
    const now = clock.now();
    if (stepMs !== 0) log.warn({ stepMs }, "system clock changed");
    if (stepMs < 0) this.#beforeStep = Math.max(this.#beforeStep ?? 0, now - stepMs);
    if (this.#beforeStep === null) return;
    await queueAgainAfterStep(store.db, { now, before: this.#beforeStep, longestMs: maxBackoffMs });
    this.#beforeStep = null;
  }

  /** Keeps the leases and the membership of this node alive. */
  async #keepUp(now: number): Promise<void> {
    const { clock, leases, cluster } = this.#dependencies;
    // Noted before: what is announced meanwhile may come too late for this one, and asks for another.
    this.#upkeepBegunAt = now;
    this.#upkeepDueAt = now + upkeepEveryMs;
    try {
      await leases.upkeep();
      if (await cluster.heartbeat(clock.now())) this.#areConfigsStale = true;
    } catch (error) {
      this.#upkeepDueAt = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  async #expire(now: number): Promise<void> {
    const { store, clock, steps } = this.#dependencies;
    const at = { now: clock.now(), expiryNow: steps.expiryNow() };
    const expired = await store.transaction((db) => expireEmails(db, at, maxExpired));
    if (expired.length < maxExpired) this.#expireDueAt = now + expireEveryMs;
    else this.#isTickRequested = true;
  }

  async #readConfigs(): Promise<void> {
    const { store, routes } = this.#dependencies;
    this.#areConfigsStale = false;
    try {
      await store.transact([routes.reading()]);
    } catch (error) {
      this.#areConfigsStale = true;
      throw error;
    }
  }

  /** Milliseconds until upkeep is due, and until breakers let something through. */
  #endsInMs(): readonly number[] {
    const { store, clock, leases, routes } = this.#dependencies;
    // Alone on its database and with nothing under way, a node has nothing to keep up.
    const now = clock.monotonic();
    const hasUpkeep = store.shared || leases.size > 0 || now < this.#orphansUntil;
    const upkeep = hasUpkeep ? [this.#upkeepDueAt - now] : [];
    const breakers = routes.inOrder.flatMap(({ breakers }) =>
      breakers.permission === "all" ? [] : [Math.min(blockedPollMs, breakers.endsInMs ?? blockedPollMs)],
    );
    return [...upkeep, ...breakers];
  }

  #setTimer(delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#dependencies.clock.after(Math.max(0, delayMs), () => this.requestTick());
  }
}

function hasCapacity(route: Route): boolean {
  return capacityOf(route) > 0;
}

function isUsable(route: Route): boolean {
  return route.breakers.permission === "all" || capacityOf(route) > 0;
}
