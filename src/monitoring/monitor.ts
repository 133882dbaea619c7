import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Actor } from "../core/model.ts";
import { UserRateLimit } from "../core/rate-limit.ts";
import type { OpenDns } from "../net/dns.ts";
import type { Egress } from "../net/egress.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { ConfigResolver } from "../smtp-configs/resolver.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import type { Store } from "../store/store.ts";
import { type Alert, deleteClearedAlerts, listOpenAlerts } from "../store/tables/alerts.ts";
import { writeAudit } from "../store/tables/audit-log.ts";
import {
  type ConfigCheck,
  claimConfigCheck,
  deleteConfigCheck,
  findConfigCheck,
  finishConfigCheck,
  listConfigChecks,
  planConfigCheck,
  releaseConfigCheck,
} from "../store/tables/config-checks.ts";
import type { Breaker } from "../store/tables/smtp-config-health.ts";
import type { SmtpConfig } from "../store/tables/smtp-configs.ts";
import type { LoadedTemplates } from "../templates/engine/templates.ts";
import type { Alerts } from "./alerts.ts";
import { checkConfig } from "./check-config.ts";
import { readWatch } from "./monitoring-settings.ts";
import { firstCheckAt, isDue, nextCheckAt } from "./schedule.ts";
import { transitionsOf } from "./transitions.ts";

/** Checks each config that is on, now and then, without sending an email. */
export interface Watch {
  start(): void;
  /** Cuts the check under way: it is made again. */
  stop(): Promise<void>;
  /** One look: what must be told, and the check that is due, one at a time. @returns whether there was one. */
  look(): Promise<boolean>;
  /**
   * Checks a config now, whether or not it is on or due.
   * @throws SendwrightError `config.not_found`; `test.busy` while it is being checked, or after too many
   */
  checkNow(id: string, actor: Actor): Promise<void>;
}

export interface WatchParts {
  readonly store: Store;
  readonly configSource: ConfigSource;
  readonly configs: SmtpConfigs;
  readonly resolver: ConfigResolver;
  readonly templates: LoadedTemplates;
  readonly alerts: Alerts;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
  /** In [0, 1), for the jitter. */
  readonly random: () => number;
  readonly openDns: OpenDns;
  /** Whether passwords can be read: without that, nothing is checked. */
  readonly canRead: () => boolean;
  /** The breaker of a config that needs an admin, as where sending finds it. */
  readonly openBreaker: (config: SmtpConfig, reason: string) => Breaker;
  /** Sends the emails that are due. */
  readonly tell: () => Promise<void>;
  /** Events for the webhook are stored. */
  readonly onEvents: () => void;
  /** A pause has begun or ended. */
  readonly onChanged: () => void;
}

const firstLookMs = 30_000;
const betweenLooksMs = 30_000;
/** Where more is due, it follows so soon. */
const betweenChecksMs = 5_000;
/** A check takes a minute at most; a node that dies with one has given it up by then. */
const claimMs = 3 * 60_000;
/** What is over is remembered so long. */
const keptMs = 30 * 86_400_000;

export function createWatch(parts: WatchParts): Watch {
  const { store, configSource, configs, resolver, templates, alerts, egress, clock, log, random, openDns } =
    parts;
  const { canRead, openBreaker, tell, onEvents, onChanged } = parts;
  const { db } = store;
  const rateLimit = new UserRateLimit(clock, { name: "check", perMinute: 20 });
  const cut = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  let cancelTimer = () => {};

  /** Takes the check on, makes it and writes what it found. @returns false if another node has it. */
  async function check(config: SmtpConfig, planned: ConfigCheck, everyHours: number): Promise<boolean> {
    const claimedUntil = clock.now() + claimMs;
    if (!(await claimConfigCheck(db, planned, { now: clock.now(), until: claimedUntil }))) return false;
    try {
      const summary = (await configs.list()).find(({ id }) => id === config.id);
      const found = await checkConfig(config, planned.outcome?.proven ?? null, {
        ...{ resolver, templates, egress, clock, openDns, signal: cut.signal },
        oauth: summary?.oauth ?? null,
      });
      await keep(config, planned, { found, claimedUntil, everyHours });
    } catch (error) {
      const later = clock.now() + betweenLooksMs;
      await releaseConfigCheck(db, config.id, claimedUntil, later).catch(() => {});
      if (cut.signal.aborted) return true;
      throw error;
    }
    return true;
  }

  async function keep(
    config: SmtpConfig,
    planned: ConfigCheck,
    made: { found: Awaited<ReturnType<typeof checkConfig>>; claimedUntil: number; everyHours: number },
  ): Promise<void> {
    const { found, claimedUntil, everyHours } = made;
    const { id } = config;
    const result = await store.transaction(async (db) => {
      const now = clock.now();
      // Of settings that somebody has changed meanwhile nothing is known.
      const current = await configSource.find(db, id);
      if (current?.revision.version !== config.revision.version) {
        await releaseConfigCheck(db, id, claimedUntil, now);
        return null;
      }
      const open = (await listOpenAlerts(db)).filter(({ configId }) => configId === id);
      const transitions = transitionsOf(open, found.judgements, planned.outcome?.suspects ?? []);
      const { suspects } = transitions;
      const dueAt = nextCheckAt(now, { everyHours, isSuspect: suspects.length > 0, random: random() });
      const { version } = config.revision;
      const outcome = { ...found.outcome, suspects };
      const next = { configId: id, dueAt, checkedAt: now, version, outcome };
      if (!(await finishConfigCheck(db, next, claimedUntil))) return null;
      const { name, enabled } = current.settings;
      const isTold = enabled && (await alerts.apply(db, { id, name }, transitions));
      // A check that passes is what a pause waits for.
      const resumed = outcome.ok && (await configSource.resume(db, id));
      return { isTold, resumed, current };
    });
    if (result === null) return;
    const { isTold, resumed, current } = result;
    if (found.mustBeMended !== null && current.settings.enabled) {
      const breaker = openBreaker(current, found.mustBeMended);
      await store.transact([configSource.breakerStep(db, current, breaker)]);
      onChanged();
    }
    if (resumed) onChanged();
    if (isTold) onEvents();
    const { ok, stage, title } = found.outcome;
    const fields = { configId: id, ok, stage, title };
    if (ok) log.info(fields, "config checked");
    else log.warn(fields, "a check of a config failed");
  }

  /** Configs that are new get their first check; what belongs to those that are off or gone is ended. */
  async function tidy(saved: readonly SmtpConfig[], checks: readonly ConfigCheck[], open: readonly Alert[]) {
    const now = clock.now();
    const isWatched = (id: string) => saved.some((config) => config.id === id && config.settings.enabled);
    const ended = open.filter(({ configId }) => !isWatched(configId));
    if (ended.length > 0) {
      await store.transaction((db) => alerts.drop(db, ended));
      onEvents();
    }
    const gone = checks.filter(({ configId }) => saved.every(({ id }) => id !== configId));
    for (const { configId } of gone) await deleteConfigCheck(db, configId);
    for (const { id } of saved.filter(({ settings }) => settings.enabled)) {
      const isPlanned = checks.some(({ configId }) => configId === id);
      if (!isPlanned) await planConfigCheck(db, id, firstCheckAt(now, random()));
    }
    await deleteClearedAlerts(db, now - keptMs);
  }

  async function look(): Promise<boolean> {
    const [saved, checks, open] = [
      await configSource.list(db),
      await listConfigChecks(db),
      await listOpenAlerts(db),
    ];
    await tidy(saved, checks, open);
    const { checkEveryHours: everyHours } = await readWatch(db);
    let hasChecked = false;
    const now = clock.now();
    for (const config of saved.filter(({ settings }) => settings.enabled)) {
      const planned = checks.find(({ configId }) => configId === config.id);
      const hasAlerts = open.some(({ configId }) => configId === config.id);
      if (planned === undefined || !canRead() || cut.signal.aborted) continue;
      if (!isDue(config, planned, { everyHours, hasAlerts, now })) continue;
      hasChecked = await check(config, planned, everyHours);
      if (hasChecked) break;
    }
    await tell();
    return hasChecked;
  }

  async function checkNow(id: string, actor: Actor): Promise<void> {
    const config = await configSource.find(db, id);
    // It says that there is none.
    if (config === undefined) return void (await configs.get(id));
    const release = rateLimit.acquire(actor.id);
    try {
      await planConfigCheck(db, id, clock.now());
      const planned = await findConfigCheck(db, id);
      const { checkEveryHours } = await readWatch(db);
      if (planned === undefined || !(await check(config, planned, checkEveryHours))) {
        throw new SendwrightError("test.busy", "This config is being checked. Wait a moment.");
      }
      const detail = { name: config.settings.name };
      await writeAudit(db, { at: clock.now(), actor, action: "smtp_config.checked", target: id, detail });
      await tell();
    } finally {
      release();
    }
  }

  /** The database stays open for it. */
  function during<T>(work: Promise<T>): Promise<T> {
    const ended = work.finally(() => underWay.delete(ended));
    underWay.add(ended);
    return ended;
  }

  function schedule(delayMs: number): void {
    if (cut.signal.aborted) return;
    cancelTimer();
    cancelTimer = clock.after(delayMs, () => {
      void during(look()).then(
        (hasChecked) => schedule(hasChecked ? betweenChecksMs : betweenLooksMs),
        (error: unknown) => {
          log.error({ err: error }, "the configs could not be checked: trying again later");
          schedule(betweenLooksMs);
        },
      );
    });
  }

  return {
    start: () => schedule(firstLookMs),

    async stop() {
      cancelTimer();
      cut.abort();
      await Promise.allSettled(underWay);
    },

    look,
    checkNow: (id, actor) => during(checkNow(id, actor)),
  };
}
