import type { Clock } from "../core/clock.ts";
import { firstIdAt } from "../core/id.ts";
import type { Log } from "../core/log.ts";
import { keyLivesMs } from "../emails/acceptance.ts";
import type { Store } from "../store/store.ts";
import {
  type BatchDone,
  deleteEmails,
  purgeContents,
  releaseIdempotencyKeys,
} from "../store/tables/retention.ts";
import { readSetting, writeSetting } from "../store/tables/settings.ts";
import { readRetention } from "./retention-settings.ts";

const dayMs = 86_400_000;
/** A start has better things to do than to tidy up. */
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

/** The worker that deletes what was kept long enough. */
export interface Retention {
  start(): void;
  /** Begins no further batch, and waits for the one under way. */
  stop(): Promise<void>;
}

export interface RetentionParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export function createRetention({ store, clock, log }: RetentionParts): Retention {
  const { db } = store;
  let batches: AsyncGenerator<void, void> | null = null;
  let batch: Promise<void> = Promise.resolve();
  let cancelTimer = () => {};
  let stopped = false;

  /** Contents before emails, so that deleting an email frees nothing large. */
  async function* sweep(): AsyncGenerator<void, void> {
    const now = clock.now();
    const { contentRetentionDays, emailRetentionDays } = await readRetention(db);
    const contents = yield* walk("", (after) =>
      purgeContents(db, { after, limit, maxBytes, finalBy: now - contentRetentionDays * dayMs }),
    );
    const emails = yield* walk("", (after) =>
      deleteEmails(db, { after, limit, finalBy: now - emailRetentionDays * dayMs }),
    );
    if (contents + emails > 0) log.info({ contents, emails }, "what was kept long enough is deleted");

    // An email is accepted once and passed once: an index for this would cost each acceptance.
    const acceptedBefore = now - keyLivesMs;
    const released = await readSetting(db, progressKey);
    yield* walk(typeof released === "string" ? released : "", (after) =>
      releaseIdempotencyKeys(db, { after, limit, acceptedBefore }),
    );
    await writeSetting(db, progressKey, firstIdAt(acceptedBefore));
  }

  async function step(): Promise<void> {
    const begunAt = clock.now();
    try {
      batches ??= sweep();
      const { done } = await batches.next();
      if (done === true) {
        batches = null;
        schedule(betweenSweepsMs);
      } else {
        schedule(Math.max(minRestMs, restShare * (clock.now() - begunAt)));
      }
    } catch (error) {
      log.error({ err: error }, "what was kept long enough could not be deleted: trying again later");
      batches = null;
      schedule(firstSweepMs);
    }
  }

  function schedule(delayMs: number): void {
    if (stopped) return;
    cancelTimer = clock.after(delayMs, () => {
      batch = step();
    });
  }

  return {
    start: () => schedule(firstSweepMs),
    async stop() {
      stopped = true;
      cancelTimer();
      await batch;
    },
  };
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
