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
import type { Nodes } from "./cluster.ts";
import type { Ledger } from "./completer.ts";
import type { Leases } from "./leases.ts";
import { isOnTrial, type Lane, type Lanes } from "./routes.ts";

/** Results for which a round is worth its while. */
const enough = 64;
/** There is a round at least this often. */
const roundMs = 60_000;
/** Looking for emails whose time is over is not the business of every round. */
const expireEveryMs = 1_000;
/** Emails that are ended in one transaction because their time is over. */
const maxExpired = 200;
/** Leases and the list of nodes are kept up this often: three times while a lease lasts. */
const upkeepEveryMs = 10_000;
/** While a config rests, it is looked for this often whether somebody has ended that: a command, another hand. */
const restingMs = 5_000;
/** So often at the most where others announce something. */
const announcedUpkeepMs = 1_000;

/** The delivery worker's dealings with the database, one round after the other for as long as there is a reason. */
export interface Rounds {
  /** Begins, with the first round under way. */
  start(): Promise<void>;
  /** Another round is due: there is work or room, or something to write. */
  want(): void;
  /** The same, and what is known of the configs has changed. */
  configsChanged(): void;
  /** The configs that are on, in the order in which they are tried, as of the latest round. */
  readonly enabled: readonly SmtpConfig[];
  /** Claims no more from now on, but still writes. Resolves when no claim is under way. */
  stopClaiming(): Promise<void>;
  /** To be called when there is nothing left to write. */
  end(): void;
}

export interface RoundsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodes: Nodes;
  readonly lanes: Lanes;
  readonly leases: Leases;
  readonly ledger: Ledger;
  /** Takes a claimed email from here. */
  readonly begin: (claimed: ClaimedEmail, lane: Lane) => void;
}

export function createRounds({
  store,
  clock,
  log,
  nodes,
  lanes,
  leases,
  ledger,
  begin,
}: RoundsParts): Rounds {
  let claiming = true;
  const underWay = new Set<Promise<void>>();
  /** Those of them that look at `wanted` once more before they end. */
  let running = 0;
  /** SQLite writes one transaction at a time; of PostgreSQL's, one may wait for the disk while another is filled. */
  const maxAtOnce = store.shared ? 2 : 1;
  /** Places that rounds under way may take. */
  let promised = 0;
  /** A round had less room than there was, since some was promised, and took all of it: there may be more to claim. */
  let cutShort = false;
  let wanted = false;
  /** A round waits for company: what is wanted now, it will see. */
  let gathering = false;
  let cancelTimer = () => {};
  let timerAt = Number.POSITIVE_INFINITY;
  let expiredAt = Number.NEGATIVE_INFINITY;
  let keptUpAt = Number.NEGATIVE_INFINITY;
  let upkeepDueAt = Number.NEGATIVE_INFINITY;
  let upkeep: Promise<void> | null = null;
  let changed = true;
  let enabled: readonly SmtpConfig[] = [];

  /**
   * Writes what became of emails, claims what is due and there is room for, both in one transaction, and
   * sets the alarm for what is due later.
   */
  async function runRound(): Promise<void> {
    endTimer();
    const now = clock.now();
    await keptUp(now);
    if (now >= expiredAt + expireEveryMs) await expire(now);
    if (changed || laneToUse() === null) await readConfigs();
    const lane = claiming && !ledger.hasRefused() ? laneToUse() : null;
    const free = lane === null ? 0 : lanes.room(lane);
    const room = Math.max(0, free - promised);
    promised += room;
    let claimed: readonly ClaimedEmail[] = [];
    try {
      claimed = await writeAndClaim(room);
      if (lane !== null) for (const one of claimed) begin(one, lane);
    } finally {
      promised -= room;
    }
    if (room < free && claimed.length === room) cutShort = true;
    if (cutShort && promised === 0) {
      cutShort = false;
      wanted = true;
    }
    if (lane !== null && isOnTrial(lane) && claimed.length > 0) wanted = true;
    const look = lane === null ? null : claimed.length < room ? await nextLook(now) : lane.pool.capacityAt();
    setAlarm(now, look);
  }

  /**
   * The first one that can be used. While an email tries whether a config is well again, the others do not
   * wait for it: they take the next one.
   */
  function laneToUse(): Lane | null {
    const usable = enabled.filter(lanes.isUsable).map(lanes.of);
    return usable.find((lane) => !isOnTrial(lane) || lanes.room(lane) > 0) ?? usable[0] ?? null;
  }

  /** Until what was due of the upkeep is done: before that, a node does not know which share of a limit is its own. */
  async function keptUp(now: number): Promise<void> {
    if (upkeep === null && now >= upkeepDueAt) {
      upkeep = keepUp(now).finally(() => {
        upkeep = null;
      });
    }
    await upkeep;
  }

  /** What must be done now and then, if one is to be believed alive. */
  async function keepUp(now: number): Promise<void> {
    // Noted before: what is announced meanwhile may come too late for this one, and asks for another.
    keptUpAt = now;
    upkeepDueAt = now + upkeepEveryMs;
    try {
      await leases.upkeep(now);
      if (await nodes.meet(now)) changed = true;
    } catch (error) {
      upkeepDueAt = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  async function expire(now: number): Promise<void> {
    await store.transaction((db) => expireEmails(db, now, maxExpired));
    expiredAt = now;
  }

  async function readConfigs(): Promise<void> {
    changed = false;
    try {
      [enabled] = await store.transact([lanes.reading()]);
    } catch (error) {
      changed = true;
      throw error;
    }
  }

  /** With the claim, the configs are read again: whoever changed one meanwhile, what is claimed goes by that. */
  async function writeAndClaim(limit: number): Promise<readonly ClaimedEmail[]> {
    const page = ledger.nextPage();
    if (page.size === 0 && limit === 0) return [];
    const now = clock.now();
    const leaseUntil = leases.until(now);
    try {
      const claim = claimEmails(store.db, { now, leaseUntil, limit });
      // A node with room may have nothing else to look for: it is told of what this one gives up.
      const told = page.handsBack ? [store.announcement()] : [];
      const [claimed, configs, written] = await store.transact([
        claim,
        lanes.reading(),
        ...page.steps,
        ...told,
      ]);
      enabled = configs;
      page.written(written);
      for (const { email } of claimed) leases.hold(email, leaseUntil);
      return claimed;
    } catch (error) {
      page.failed(error);
      throw error;
    }
  }

  /** What is due and was not claimed is over, or another node's: it is looked at again soon, not at once. */
  async function nextLook(now: number): Promise<number | null> {
    const dueAt = await nextDueAt(store.db);
    return dueAt === null || dueAt > now ? dueAt : now + expireEveryMs;
  }

  function setAlarm(now: number, look: number | null): void {
    // Alone on its database and with nothing under way, a node has nothing to keep up.
    const keepUpAt = store.shared || leases.size > 0 ? [upkeepDueAt] : [];
    const pauses = enabled.flatMap(({ health }) => openBreakerAt(health, now)?.until ?? []);
    const latest = now + (pauses.length > 0 ? restingMs : roundMs);
    const at = Math.min(latest, look ?? Number.POSITIVE_INFINITY, ...keepUpAt, ...pauses);
    setTimer(at);
  }

  /** Of two rounds at once, one may know of something earlier than the other. */
  function setTimer(at: number): void {
    if (at >= timerAt) return;
    endTimer();
    timerAt = at;
    cancelTimer = clock.after(Math.max(0, at - clock.now()), () => {
      timerAt = Number.POSITIVE_INFINITY;
      want();
    });
  }

  function endTimer(): void {
    cancelTimer();
    timerAt = Number.POSITIVE_INFINITY;
  }

  function want(): void {
    wanted = true;
    if (gathering || running >= maxAtOnce) return;
    running++;
    const rounds = runRounds().finally(() => underWay.delete(rounds));
    underWay.add(rounds);
  }

  /**
   * What follows quickly belongs together: each round costs the disk a sync and the same pages again. So a
   * round begins when a turn of the event loop has brought nothing more, or enough has come.
   */
  async function gather(): Promise<void> {
    gathering = true;
    for (let had = -1; ledger.size > had && ledger.size < enough; ) {
      had = ledger.size;
      await nextTurn();
    }
    gathering = false;
  }

  async function runRounds(): Promise<void> {
    while (wanted && !gathering) {
      await gather();
      wanted = false;
      try {
        await runRound();
      } catch (error) {
        // A result that the database refuses is dealt with at once; a database that is away is left alone.
        if (!isSendwrightError(error, "store.unavailable") && ledger.hasRefused()) wanted = true;
        log.error({ err: error }, "the delivery worker's round failed");
        setTimer(clock.now() + databaseRetryMs);
      }
    }
    // In the same turn as the last look: whatever is wanted from here on begins another one.
    running--;
  }

  return {
    async start() {
      store.onAnnounced(() => {
        // It may be a node that has come or gone: limits are shared with it.
        upkeepDueAt = Math.min(upkeepDueAt, keptUpAt + announcedUpkeepMs);
        changed = true;
        want();
      });
      await keptUp(clock.now());
      if (store.shared) await store.transact([store.announcement()]);
      want();
    },
    want,
    configsChanged() {
      changed = true;
      want();
    },
    get enabled() {
      return enabled;
    },
    async stopClaiming() {
      claiming = false;
      // What was claimed just now has begun when the round is over.
      await Promise.all(underWay);
    },
    end: endTimer,
  };
}
