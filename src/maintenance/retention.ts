import type { Clock } from "../core/clock.ts";
import { firstIdAt } from "../core/id.ts";
import type { Log } from "../core/log.ts";
import { Poll, type Service } from "../core/service.ts";
import { keyLivesMs } from "../emails/idempotency.ts";
import type { Store } from "../store/store.ts";
import {
  type BatchDone,
  deleteEmails,
  purgeContents,
  releaseIdempotencyKeys,
} from "../store/tables/retention.ts";
import { readSetting, writeSetting } from "../store/tables/settings.ts";
import { deleteOldUsage } from "../store/tables/smtp-config-usage.ts";
import { readRetention } from "./retention-settings.ts";

const dayMs = 86_400_000;
/** Milliseconds from the start to the first sweep: a start has more urgent work. */
const firstSweepMs = 60_000;
const betweenSweepsMs = 60 * 60_000;

/** Some 10 ms of work: sending waits for one batch at most. */
const limit = 200;
/** Contents of this size are freed in about the same time. */
const maxBytes = 4 * 1024 * 1024;
/** After each batch the database belongs to others, for this long and … */
const minRestMs = 20;
/** … for this many times as long as the batch took: deleting never has more than a fifth of it. */
const restShare = 4;

/** Where the walk over idempotency keys has come to: emails accepted before have none any more. */
const progressKey = "idempotency_keys_released";

export interface RetentionDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/** Deletes content and emails that were stored long enough, in small batches. */
export class Retention implements Service {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #poll: Poll;
  /** The sweep under way, one batch a step; null between sweeps. */
  #sweep: AsyncGenerator<void, void> | null = null;

  constructor({ store, clock, log }: RetentionDependencies) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    const run = () => this.#nextBatch();
    const failure = "deleting old emails failed; retrying";
    this.#poll = new Poll({ clock, log }, { run, firstMs: firstSweepMs, retryMs: firstSweepMs, failure });
  }

  start(): void {
    this.#poll.start();
  }

  /** Begins no further batch, and waits for the one under way. */
  stop(): Promise<void> {
    return this.#poll.stop();
  }

  /** @returns milliseconds until the next batch. */
  async #nextBatch(): Promise<number> {
    const begunAt = this.#clock.monotonic();
    this.#sweep ??= this.#begin();
    try {
      const { done } = await this.#sweep.next();
      if (done !== true) return Math.max(minRestMs, restShare * (this.#clock.monotonic() - begunAt));
    } catch (error) {
      this.#sweep = null;
      throw error;
    }
    this.#sweep = null;
    return betweenSweepsMs;
  }

  /** Content before emails, so deleting an email frees nothing large. */
  async *#begin(): AsyncGenerator<void, void> {
    const { db } = this.#store;
    const now = this.#clock.now();
    await deleteOldUsage(db, now);
    const { contentRetentionDays, emailRetentionDays } = await readRetention(db);
    const contents = yield* walk("", (after) =>
      purgeContents(db, { after, limit, maxBytes, finalBy: now - contentRetentionDays * dayMs }),
    );
    const emails = yield* walk("", (after) =>
      deleteEmails(db, { after, limit, finalBy: now - emailRetentionDays * dayMs }),
    );
    if (contents + emails > 0) this.#log.info({ contents, emails }, "expired emails deleted");

    // An email is accepted once and passed once: an index for this would cost each acceptance.
    const acceptedBefore = now - keyLivesMs;
    const released = await readSetting(db, progressKey);
    yield* walk(typeof released === "string" ? released : "", (after) =>
      releaseIdempotencyKeys(db, { after, limit, acceptedBefore }),
    );
    await writeSetting(db, progressKey, firstIdAt(acceptedBefore));
  }
}

/** Batch after batch, yielding after each. @returns how many rows they were about. */
async function* walk(
  from: string,
  next: (after: string) => Promise<BatchDone>,
): AsyncGenerator<void, number> {
  let count = 0;
  for (let after: string | null = from; after !== null; ) {
    const done = await next(after);
    count += done.count;
    after = done.next;
    yield;
  }
  return count;
}
