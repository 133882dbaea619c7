import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";
import { isSendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { databaseRetryMs } from "../core/until-answered.ts";
import type { Store } from "../store/store.ts";
import { type Settlement, settleEmails, settleMinimally } from "../store/tables/email-settlements.ts";
import type { Email } from "../store/tables/emails.ts";

/** Results that are written in one transaction. */
const maxBatchSize = 64;
/** With so many unwritten results nothing more is claimed: after a crash each of them is sent again. */
const maxUnwritten = 256;
/** A result that the database refuses in every form is tried again after this, then after twice as long, … */
const firstRefusalMs = 1_000;
const longestRefusalMs = 60_000;

/** How the writing of a result ended. `abandoned`: the process ends before it could be stored. */
export type Written = "stored" | "lease-lost" | "abandoned";

interface UnwrittenResult {
  readonly email: Email;
  readonly settlement: Settlement;
  /** The others are told: a node with capacity may have nothing else to look for. */
  readonly isHandedBack: boolean;
  /** `refused`: in every form; it waits by itself. */
  state: "pending" | "refused" | "done";
  /** How often it was refused so. */
  refusals: number;
  readonly resolve: (written: Written) => void;
}

/** What is written before the results, in a transaction of its own. */
export interface News {
  /** Whether there is any. */
  isDue(): boolean;
  /** @throws SendwrightError `store.unavailable`; another error if the database refuses it. */
  store(): Promise<void>;
}

export interface ResultWriterDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly news: News;
  /** Called when `isBlocked` may have ended. */
  readonly onUnblocked: () => void;
}

/**
 * Writes what became of emails, in batches, and gives none of it up while the process lives: what a relay has
 * accepted is not sent again because the database had trouble. A database that is away is tried again and again; one
 * that refuses a batch gets each result alone, then without the words of the relay, then again later.
 */
export class ResultWriter {
  readonly #dependencies: ResultWriterDependencies;
  #pending: UnwrittenResult[] = [];
  /** Of the transaction under way. */
  #inFlight: readonly UnwrittenResult[] = [];
  /** Refused in every form; each is tried again by itself. */
  readonly #refused = new Set<UnwrittenResult>();
  #isRunning = false;
  /** There is something to write that the run under way may not have seen. */
  #isRequested = false;
  #isDatabaseFailing = false;
  /** The database refused the latest news, and is not asked again yet. */
  #areNewsRefused = false;
  #isEnding = false;
  /** The grace is over. */
  #hasEnded = false;
  #wakeUp = () => {};

  constructor(dependencies: ResultWriterDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether no more emails should be claimed: what is sent now could not be noted. */
  get isBlocked(): boolean {
    return this.#isDatabaseFailing || this.#pending.length + this.#refused.size >= maxUnwritten;
  }

  /** Resolves when it is stored, or when nobody will store it any more. */
  write(email: Email, settlement: Settlement, isHandedBack: boolean): Promise<Written> {
    if (this.#hasEnded) return Promise.resolve("abandoned");
    return new Promise((resolve) => {
      this.#pending.push({ email, settlement, isHandedBack, state: "pending", refusals: 0, resolve });
      this.request();
    });
  }

  /** There may be news. */
  request(): void {
    this.#isRequested = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /**
   * Writes what is there, and gives up what the database does not take now, or within the grace.
   * @param graceMs in milliseconds.
   */
  end(graceMs: number): void {
    this.#isEnding = true;
    this.#abandon([...this.#refused]);
    this.#wakeUp();
    this.#dependencies.clock.after(graceMs, () => {
      this.#hasEnded = true;
      this.#abandon([...this.#inFlight, ...this.#pending.splice(0)]);
    });
  }

  async #run(): Promise<void> {
    const { news } = this.#dependencies;
    while (this.#isRequested) {
      await this.#coalesce();
      this.#isRequested = false;
      const batch = this.#pending.splice(0, maxBatchSize);
      this.#inFlight = batch;
      try {
        if (news.isDue() && !this.#areNewsRefused) await this.#storeNews();
        await this.#writeBatch(batch);
        this.#setFailing(false);
      } catch (error) {
        await this.#retryLater(batch, error);
      }
      this.#inFlight = [];
      if (this.#pending.length > 0) this.#isRequested = true;
    }
    // In the same turn as the last look at the request: a call from here on begins anew.
    this.#isRunning = false;
  }

  /** What follows quickly belongs together: each transaction costs the disk a sync and the same pages again. */
  async #coalesce(): Promise<void> {
    for (let had = -1; this.#pending.length > had && this.#pending.length < maxBatchSize; ) {
      had = this.#pending.length;
      await nextTurn();
    }
  }

  async #storeNews(): Promise<void> {
    const { news, clock, log } = this.#dependencies;
    try {
      await news.store();
    } catch (error) {
      if (isSendwrightError(error, "store.unavailable")) throw error;
      // Breakers are in force on this node all the same, and results do not wait for them.
      log.error({ err: error }, "breaker state rejected by database; retrying");
      this.#areNewsRefused = true;
      clock.after(longestRefusalMs, () => {
        this.#areNewsRefused = false;
        this.request();
      });
    }
  }

  /** @throws SendwrightError `store.unavailable` */
  async #writeBatch(batch: readonly UnwrittenResult[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      await this.#writeTogether(batch);
    } catch (error) {
      if (isSendwrightError(error, "store.unavailable")) throw error;
      // It may be one of them that the database refuses.
      for (const result of batch) await this.#writeAlone(result, error);
    }
  }

  async #writeTogether(batch: readonly UnwrittenResult[]): Promise<void> {
    const { store } = this.#dependencies;
    const settled = batch.map(({ email, settlement }) => ({ claimed: email, settlement }));
    const announcements = batch.some(({ isHandedBack }) => isHandedBack) ? [store.announcement()] : [];
    const [written] = await store.transact([settleEmails(store.db, settled), ...announcements]);
    for (const result of batch) this.#done(result, written);
  }

  async #writeAlone(result: UnwrittenResult, refusal: unknown): Promise<void> {
    const { store, log } = this.#dependencies;
    const settled = { claimed: result.email, settlement: result.settlement };
    const announcements = result.isHandedBack ? [store.announcement()] : [];
    for (const settle of [
      () => settleEmails(store.db, [settled]),
      () => settleMinimally(store.db, settled),
    ]) {
      try {
        const [written] = await store.transact([settle(), ...announcements]);
        this.#done(result, written);
        return;
      } catch (error) {
        if (isSendwrightError(error, "store.unavailable")) throw error;
      }
    }
    log.error({ err: refusal, email: result.email.id }, "outcome rejected by database; retrying");
    this.#refuse(result);
  }

  #refuse(result: UnwrittenResult): void {
    if (this.#isEnding) {
      this.#abandon([result]);
      return;
    }
    const delayMs = Math.min(longestRefusalMs, firstRefusalMs * 2 ** result.refusals);
    result.refusals++;
    result.state = "refused";
    this.#refused.add(result);
    this.#dependencies.clock.after(delayMs, () => {
      if (!this.#refused.delete(result)) return;
      result.state = "pending";
      this.#pending.push(result);
      this.request();
    });
  }

  /** What of the batch is not done yet comes again, before what has come since. */
  async #retryLater(batch: readonly UnwrittenResult[], error: unknown): Promise<void> {
    const { clock, log } = this.#dependencies;
    this.#pending = [...batch.filter(({ state }) => state === "pending"), ...this.#pending];
    if (this.#isEnding) {
      this.#abandon(this.#pending.splice(0));
      return;
    }
    this.#setFailing(true);
    // It is asked until it answers, also if there was nothing but news: nobody else may ask.
    this.#isRequested = true;
    log.error({ err: error }, "outcomes not stored; retrying");
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
      clock.after(databaseRetryMs, resolve);
    });
  }

  #done(result: UnwrittenResult, written: ReadonlySet<string>): void {
    result.state = "done";
    result.resolve(written.has(result.email.id) ? "stored" : "lease-lost");
  }

  #abandon(results: readonly UnwrittenResult[]): void {
    for (const result of results) {
      if (result.state === "done") continue;
      this.#refused.delete(result);
      result.state = "done";
      result.resolve("abandoned");
    }
  }

  #setFailing(isFailing: boolean): void {
    const wasFailing = this.#isDatabaseFailing;
    this.#isDatabaseFailing = isFailing;
    if (wasFailing && !isFailing) this.#dependencies.onUnblocked();
  }
}
