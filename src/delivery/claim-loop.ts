import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";
import { isSendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { databaseRetryMs } from "../core/until-answered.ts";
import type { Store } from "../store/store.ts";
import { type ClaimedEmail, claimEmails, nextDueAt } from "../store/tables/email-claims.ts";
import { expireEmails } from "../store/tables/email-queue.ts";
import { openBreakerAt } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import type { Cluster } from "./cluster.ts";
import type { Completer } from "./completer.ts";
import { type Leases, leaseMs } from "./leases.ts";
import { isHalfOpen, type Route, type Routes } from "./routes.ts";

/** Results for which a tick is worth its cost. */
const batchSize = 64;
/** There is a tick at least this often. */
const tickMs = 60_000;
/** Emails whose time is over are ended this often at the most, not in every tick. */
const expireEveryMs = 1_000;
/** Emails that are ended in one transaction because their time is over. */
const maxExpired = 5_000;
/** Leases and the membership are kept up this often: three times while a lease lasts. */
const upkeepEveryMs = 10_000;
/** While a breaker is open, the configs are read this often: a command or another node may have closed it. */
const openBreakerPollMs = 5_000;
/** Upkeep happens this often at the most when other nodes announce something. */
const announcedUpkeepMs = 1_000;

export interface ClaimLoopDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly cluster: Pick<Cluster, "heartbeat">;
  readonly routes: Routes;
  readonly leases: Leases;
  readonly completer: Completer;
  /** Delivers a claimed email from here. */
  readonly onClaimed: (claimed: ClaimedEmail, route: Route) => void;
}

/** The delivery worker's transactions with the database, one tick after the other for as long as there is a reason. */
export class ClaimLoop {
  readonly #dependencies: ClaimLoopDependencies;
  /** SQLite writes one transaction at a time; of PostgreSQL's, one may wait for the disk while another is filled. */
  readonly #maxAtOnce: number;
  #isClaiming = true;
  readonly #underWay = new Set<Promise<void>>();
  /** Those of them that look at `#isTickRequested` once more before they end. */
  #running = 0;
  /** Slots that ticks under way may claim for. */
  #reservedSlots = 0;
  /** A tick had less capacity than there was, since some was reserved, and used all of it: there may be more to claim. */
  #isCutShort = false;
  #isTickRequested = false;
  /** A tick waits for more to write: what is requested now, it will see. */
  #isCoalescing = false;
  #cancelTimer = () => {};
  #timerAt = Number.POSITIVE_INFINITY;
  #expiredAt = Number.NEGATIVE_INFINITY;
  #upkeepAt = Number.NEGATIVE_INFINITY;
  #upkeepDueAt = Number.NEGATIVE_INFINITY;
  #upkeep: Promise<void> | null = null;
  #areConfigsStale = true;
  #enabled: readonly SmtpConfig[] = [];

  constructor(dependencies: ClaimLoopDependencies) {
    this.#dependencies = dependencies;
    this.#maxAtOnce = dependencies.store.shared ? 2 : 1;
  }

  /** The configs that are on, in the order in which they are tried, as of the latest tick. */
  get enabled(): readonly SmtpConfig[] {
    return this.#enabled;
  }

  /** Begins, with the first tick under way. */
  async start(): Promise<void> {
    const { store, clock } = this.#dependencies;
    store.onAnnounced(() => {
      // A node may have come or gone: limits are shared with it.
      this.#upkeepDueAt = Math.min(this.#upkeepDueAt, this.#upkeepAt + announcedUpkeepMs);
      this.configsChanged();
    });
    await this.#upkeepDone(clock.now());
    if (store.shared) await store.transact([store.announcement()]);
    this.requestTick();
  }

  /** Another tick is due: there is work or capacity, or something to write. */
  requestTick(): void {
    this.#isTickRequested = true;
    if (this.#isCoalescing || this.#running >= this.#maxAtOnce) return;
    this.#running++;
    const ticks = this.#runTicks().finally(() => this.#underWay.delete(ticks));
    this.#underWay.add(ticks);
  }

  /** Another tick is due, and what is known of the configs has changed. */
  configsChanged(): void {
    this.#areConfigsStale = true;
    this.requestTick();
  }

  /** Claims no more from now on, but still writes. Resolves when no claim is under way. */
  async stopClaiming(): Promise<void> {
    this.#isClaiming = false;
    // The delivery of what was claimed just now has begun when the tick is over.
    await Promise.all(this.#underWay);
  }

  /** To be called when there is nothing left to write. */
  end(): void {
    this.#clearTimer();
  }

  async #runTicks(): Promise<void> {
    const { clock, log, completer } = this.#dependencies;
    while (this.#isTickRequested && !this.#isCoalescing) {
      await this.#coalesce();
      this.#isTickRequested = false;
      try {
        await this.#tick();
      } catch (error) {
        // A result that the database refuses is dealt with at once; a database that is away is left alone.
        if (!isSendwrightError(error, "store.unavailable") && completer.isIsolating) {
          this.#isTickRequested = true;
        }
        log.error({ err: error }, "the delivery worker's claim loop failed; retrying");
        this.#setTimer(clock.now() + databaseRetryMs);
      }
    }
    // In the same turn as the last look at the request: a call from here on begins anew.
    this.#running--;
  }

  /**
   * What follows quickly belongs together: each tick costs the disk a sync and the same pages again. So a
   * tick begins when a turn of the event loop has brought nothing more, or a batch is full.
   */
  async #coalesce(): Promise<void> {
    const { completer } = this.#dependencies;
    this.#isCoalescing = true;
    for (let had = -1; completer.size > had && completer.size < batchSize; ) {
      had = completer.size;
      await nextTurn();
    }
    this.#isCoalescing = false;
  }

  /**
   * Writes what became of emails, claims what is due and there is capacity for, both in one transaction, and
   * sets the timer for what is due later.
   */
  async #tick(): Promise<void> {
    const { clock, completer, routes, onClaimed } = this.#dependencies;
    this.#clearTimer();
    const now = clock.now();
    await this.#upkeepDone(now);
    if (now >= this.#expiredAt + expireEveryMs) await this.#expire(now);
    if (this.#areConfigsStale || this.#usableRoute() === null) await this.#readConfigs();
    const route = this.#isClaiming && !completer.isIsolating ? this.#usableRoute() : null;
    const free = route === null ? 0 : routes.capacity(route);
    const capacity = Math.max(0, free - this.#reservedSlots);
    this.#reservedSlots += capacity;
    let claimed: readonly ClaimedEmail[] = [];
    try {
      claimed = await this.#writeAndClaim(capacity);
      if (route !== null) for (const one of claimed) onClaimed(one, route);
    } finally {
      this.#reservedSlots -= capacity;
    }
    if (capacity < free && claimed.length === capacity) this.#isCutShort = true;
    if (this.#isCutShort && this.#reservedSlots === 0) {
      this.#isCutShort = false;
      this.#isTickRequested = true;
    }
    if (route !== null && isHalfOpen(route) && claimed.length > 0) this.#isTickRequested = true;
    const isAllClaimed = claimed.length < capacity;
    const capacityInMs = route?.pool.capacityInMs() ?? null;
    const capacityAt = capacityInMs === null ? null : now + capacityInMs;
    const dueAt = route === null ? null : isAllClaimed ? await this.#nextDueAt(now) : capacityAt;
    this.#scheduleTick(now, dueAt);
  }

  /**
   * The first one that can be used. While an email tries whether a config has recovered, the others do not
   * wait for it: they take the next one.
   */
  #usableRoute(): Route | null {
    const { routes } = this.#dependencies;
    const usable = this.#enabled
      .filter((config) => routes.isUsable(config))
      .map((config) => routes.of(config));
    return usable.find((route) => !isHalfOpen(route) || routes.capacity(route) > 0) ?? usable[0] ?? null;
  }

  /** Resolves when the upkeep that was due is done: only then does a node know which share of a limit is its own. */
  async #upkeepDone(now: number): Promise<void> {
    if (this.#upkeep === null && now >= this.#upkeepDueAt) {
      this.#upkeep = this.#keepUp(now).finally(() => {
        this.#upkeep = null;
      });
    }
    await this.#upkeep;
  }

  /** Keeps the leases and the membership of this node alive. */
  async #keepUp(now: number): Promise<void> {
    const { leases, cluster } = this.#dependencies;
    // Noted before: what is announced meanwhile may come too late for this one, and asks for another.
    this.#upkeepAt = now;
    this.#upkeepDueAt = now + upkeepEveryMs;
    try {
      await leases.upkeep(now);
      if (await cluster.heartbeat(now)) this.#areConfigsStale = true;
    } catch (error) {
      this.#upkeepDueAt = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  async #expire(now: number): Promise<void> {
    await this.#dependencies.store.transaction((db) => expireEmails(db, now, maxExpired));
    this.#expiredAt = now;
  }

  async #readConfigs(): Promise<void> {
    const { store, routes } = this.#dependencies;
    this.#areConfigsStale = false;
    try {
      [this.#enabled] = await store.transact([routes.reading()]);
    } catch (error) {
      this.#areConfigsStale = true;
      throw error;
    }
  }

  /** With the claim, the configs are read again: if one was changed meanwhile, what is claimed goes by that. */
  async #writeAndClaim(limit: number): Promise<readonly ClaimedEmail[]> {
    const { store, clock, completer, leases, routes } = this.#dependencies;
    const batch = completer.nextBatch();
    if (batch.size === 0 && limit === 0) return [];
    const now = clock.now();
    const leaseUntil = leases.until(now);
    try {
      const claim = claimEmails(store.db, { now, leaseMs, limit });
      // A node with capacity may have nothing else to look for: it is notified of what this one gives up.
      const announcements = batch.handsBack ? [store.announcement()] : [];
      const [claimed, configs, written] = await store.transact([
        claim,
        routes.reading(),
        ...batch.steps,
        ...announcements,
      ]);
      this.#enabled = configs;
      batch.written(written);
      for (const { email } of claimed) leases.hold(email, leaseUntil);
      return claimed;
    } catch (error) {
      batch.failed(error);
      throw error;
    }
  }

  /** What is due and was not claimed is over, or another node's: it is asked for again soon, not at once. */
  async #nextDueAt(now: number): Promise<number | null> {
    const dueAt = await nextDueAt(this.#dependencies.store.db);
    return dueAt === null || dueAt > now ? dueAt : now + expireEveryMs;
  }

  #scheduleTick(now: number, dueAt: number | null): void {
    const { store, leases } = this.#dependencies;
    // Alone on its database and with nothing under way, a node has nothing to keep up.
    const upkeeps = store.shared || leases.size > 0 ? [this.#upkeepDueAt] : [];
    const cooldowns = this.#enabled.flatMap(({ health }) => openBreakerAt(health, now)?.until ?? []);
    const latest = now + (cooldowns.length > 0 ? openBreakerPollMs : tickMs);
    this.#setTimer(Math.min(latest, dueAt ?? Number.POSITIVE_INFINITY, ...upkeeps, ...cooldowns));
  }

  /** Of two ticks at once, one may know of something earlier than the other. */
  #setTimer(at: number): void {
    const { clock } = this.#dependencies;
    if (at >= this.#timerAt) return;
    this.#clearTimer();
    this.#timerAt = at;
    this.#cancelTimer = clock.after(Math.max(0, at - clock.now()), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.requestTick();
    });
  }

  #clearTimer(): void {
    this.#cancelTimer();
    this.#timerAt = Number.POSITIVE_INFINITY;
  }
}
