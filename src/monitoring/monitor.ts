// Monitors SMTP configs: checks each on a schedule, raises and clears alerts, and says whether mail works now.
// Alerts go out as emails and webhook events, and the pages show them.
// It does not deliver webhook events or emails, and it repairs nothing: see webhooks/ and emails/.
import { SendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Actor } from "../core/model.ts";
import { UserRateLimit } from "../core/rate-limit.ts";
import { Poll, type Service } from "../core/service.ts";
import type { ConfigSource } from "../smtp-configs/repository.ts";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import type { Db } from "../store/schema.ts";
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
import type { AlertEmails } from "./alert-emails.ts";
import type { Alerts } from "./alerts.ts";
import { type CheckDependencies, type CheckResult, checkConfig } from "./check-config.ts";
import type { FailureRate } from "./failure-rate.ts";
import { readMonitoring } from "./monitoring-settings.ts";
import { firstCheckAt, isDue, nextCheckAt } from "./schedule.ts";
import { transitionsOf } from "./transitions.ts";

export interface MonitorDependencies extends CheckDependencies {
  readonly store: Store;
  readonly configSource: ConfigSource;
  readonly configs: SmtpConfigs;
  readonly alerts: Alerts;
  readonly alertEmails: AlertEmails;
  readonly failureRate: FailureRate;
  readonly log: Log;
  /** In [0, 1), for the jitter. */
  readonly random: () => number;
  /** Whether passwords can be read: if not, no config is checked. */
  readonly canRead: () => boolean;
  /** The open breaker of a config that needs an admin. */
  readonly openBreaker: (config: SmtpConfig, reason: string) => Breaker;
  /** Called after events for the webhook were stored. */
  readonly onEvents: () => void;
  /** Called after a breaker was opened or closed. */
  readonly onChanged: () => void;
}

const firstPollMs = 30_000;
const pollMs = 30_000;
/** Milliseconds after a check: another one may be due. */
const betweenChecksMs = 5_000;
/** A check takes a minute at most, so a claim that is older belongs to a node that died. */
const claimMs = 3 * 60_000;
/** Milliseconds for which cleared alerts are kept. */
const clearedAlertsMs = 30 * 86_400_000;

/** A check that this node has claimed. */
interface ClaimedCheck {
  readonly planned: ConfigCheck;
  readonly claimedUntil: number;
  readonly everyHours: number;
}

/** Checks each config that is turned on from time to time, without sending an email. */
export class Monitor implements Service {
  readonly #dependencies: MonitorDependencies;
  readonly #rateLimit: UserRateLimit;
  readonly #poll: Poll;
  /** Cuts checks under way: they are made again. */
  readonly #stopped = new AbortController();
  /** Checks that admins have asked for: the database stays open until they end. */
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(dependencies: MonitorDependencies) {
    this.#dependencies = dependencies;
    const { clock, log } = dependencies;
    this.#rateLimit = new UserRateLimit(clock, { name: "check", perMinute: 20 });
    const run = async () => ((await this.checkDue()) ? betweenChecksMs : pollMs);
    const failure = "monitoring failed; retrying";
    this.#poll = new Poll({ clock, log }, { run, firstMs: firstPollMs, retryMs: pollMs, failure });
  }

  start(): void {
    this.#poll.start();
  }

  /** Cuts the checks under way: they are made again by the next start or another node. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#poll.stop();
    await Promise.allSettled(this.#underWay);
  }

  /**
   * Makes the check that is due, if any, looks how many emails fail, and sends the alert emails that are due.
   * @returns whether it made a check: then another one may be due.
   */
  async checkDue(): Promise<boolean> {
    const { store, configSource, clock, canRead, alertEmails, failureRate, onEvents } = this.#dependencies;
    const { db } = store;
    const configs = await configSource.list(db);
    const checks = await listConfigChecks(db);
    const open = await listOpenAlerts(db);
    await this.#tidy(configs, checks, open);
    const { checkEveryHours: everyHours } = await readMonitoring(db);
    let hasChecked = false;
    const now = clock.now();
    for (const config of configs.filter(({ settings }) => settings.enabled)) {
      const planned = checks.find(({ configId }) => configId === config.id);
      const hasAlerts = open.some(({ configId }) => configId === config.id);
      if (planned === undefined || !canRead() || this.#stopped.signal.aborted) continue;
      if (!isDue(config, planned, { everyHours, hasAlerts, now })) continue;
      hasChecked = await this.#check(config, planned, everyHours);
      if (hasChecked) break;
    }
    if (await failureRate.check()) onEvents();
    await alertEmails.sendDue();
    return hasChecked;
  }

  /**
   * Checks a config now, also if it is turned off or not due.
   * @throws SendwrightError `config.not_found`; `test.busy` while the config is being checked, or after 20 checks in a
   *   minute
   */
  checkNow(id: string, actor: Actor): Promise<void> {
    const ended = this.#checkNow(id, actor).finally(() => this.#underWay.delete(ended));
    this.#underWay.add(ended);
    return ended;
  }

  async #checkNow(id: string, actor: Actor): Promise<void> {
    const { store, configSource, configs, clock, alertEmails } = this.#dependencies;
    const { db } = store;
    const config = await configSource.find(db, id);
    // It throws: there is no such config.
    if (config === undefined) return void (await configs.get(id));
    const release = this.#rateLimit.acquire(actor.id);
    try {
      await planConfigCheck(db, id, clock.now());
      const planned = await findConfigCheck(db, id);
      const { checkEveryHours } = await readMonitoring(db);
      if (planned === undefined || !(await this.#check(config, planned, checkEveryHours))) {
        throw new SendwrightError(
          "test.busy",
          "A check of this SMTP config is already running. Wait for it to finish.",
        );
      }
      const detail = { name: config.settings.name };
      await writeAudit(db, { at: clock.now(), actor, action: "smtp_config.checked", target: id, detail });
      await alertEmails.sendDue();
    } finally {
      release();
    }
  }

  /** Claims a check, makes it and stores its result. @returns false if another node has claimed it. */
  async #check(config: SmtpConfig, planned: ConfigCheck, everyHours: number): Promise<boolean> {
    const { store, configs, clock } = this.#dependencies;
    const { db } = store;
    const { signal } = this.#stopped;
    const claimedUntil = clock.now() + claimMs;
    if (!(await claimConfigCheck(db, planned, { now: clock.now(), until: claimedUntil }))) return false;
    try {
      const summary = (await configs.list()).find(({ id }) => id === config.id);
      const oauth = summary?.oauth ?? null;
      const before = planned.outcome?.proven ?? null;
      const result = await checkConfig(config, { before, oauth, signal }, this.#dependencies);
      await this.#storeResult(config, result, { planned, claimedUntil, everyHours });
    } catch (error) {
      await releaseConfigCheck(db, config.id, claimedUntil, clock.now() + pollMs).catch(() => {});
      if (signal.aborted) return true;
      throw error;
    }
    return true;
  }

  async #storeResult(config: SmtpConfig, result: CheckResult, claimed: ClaimedCheck): Promise<void> {
    const { store, configSource, openBreaker, log, onEvents, onChanged } = this.#dependencies;
    const stored = await store.transaction((db) => this.#storeResultIn(db, config, result, claimed));
    if (stored === null) return;
    const { current, hasNews, hasResumed } = stored;
    if (result.needsAdmin !== null && current.settings.enabled) {
      const breaker = openBreaker(current, result.needsAdmin);
      await store.transact([configSource.breakerStep(store.db, current, breaker)]);
      onChanged();
    }
    if (hasResumed) onChanged();
    if (hasNews) onEvents();
    const { ok, stage, title } = result.outcome;
    const fields = { configId: config.id, ok, stage, title };
    if (ok) log.info(fields, "config checked");
    else log.warn(fields, "config check failed");
  }

  /** @returns null if the result is of no use: the settings have changed since, or the claim was given up. */
  async #storeResultIn(db: Db, config: SmtpConfig, result: CheckResult, claimed: ClaimedCheck) {
    const { configSource, alerts, clock, random } = this.#dependencies;
    const { planned, claimedUntil, everyHours } = claimed;
    const { id } = config;
    const now = clock.now();
    const current = await configSource.find(db, id);
    if (current?.revision.version !== config.revision.version) {
      await releaseConfigCheck(db, id, claimedUntil, now);
      return null;
    }
    const open = (await listOpenAlerts(db)).filter(({ configId }) => configId === id);
    const transitions = transitionsOf(open, result.findings, planned.outcome?.suspects ?? []);
    const { suspects } = transitions;
    const dueAt = nextCheckAt(now, { everyHours, isSuspect: suspects.length > 0, random: random() });
    const { version } = config.revision;
    const outcome = { ...result.outcome, suspects };
    const next = { configId: id, dueAt, checkedAt: now, version, outcome };
    if (!(await finishConfigCheck(db, next, claimedUntil))) return null;
    const { name, enabled } = current.settings;
    const hasNews = enabled && (await alerts.apply(db, { id, name }, transitions));
    // A check that passes shows that the failure behind a pause is resolved.
    const hasResumed = outcome.ok && (await configSource.resume(db, id));
    return { current, hasNews, hasResumed };
  }

  /** Plans the first check of new configs, and clears what belongs to configs that are turned off or deleted. */
  async #tidy(configs: readonly SmtpConfig[], checks: readonly ConfigCheck[], open: readonly Alert[]) {
    const { store, alerts, clock, random, onEvents } = this.#dependencies;
    const { db } = store;
    const now = clock.now();
    const enabled = configs.filter(({ settings }) => settings.enabled);
    const orphaned = open.filter(
      ({ configId }) => configId !== null && enabled.every(({ id }) => id !== configId),
    );
    if (orphaned.length > 0) {
      await store.transaction((transaction) => alerts.drop(transaction, orphaned));
      onEvents();
    }
    const gone = checks.filter(({ configId }) => configs.every(({ id }) => id !== configId));
    for (const { configId } of gone) await deleteConfigCheck(db, configId);
    for (const { id } of enabled) {
      const isPlanned = checks.some(({ configId }) => configId === id);
      if (!isPlanned) await planConfigCheck(db, id, firstCheckAt(now, random()));
    }
    await deleteClearedAlerts(db, now - clearedAlertsMs);
  }
}
