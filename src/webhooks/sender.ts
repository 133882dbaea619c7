// Delivers events to the webhook: signs them, posts them and retries until the receiver accepts them.
// Standard Webhooks 1.0.0, for the headers and the signature.
// It does not decide what is an event: monitoring/ stores them in the transaction of what they are about.
import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Actor } from "../core/model.ts";
import { UserRateLimit } from "../core/rate-limit.ts";
import { Poll, type Service } from "../core/service.ts";
import type { Egress } from "../net/egress.ts";
import { type PostResult, post } from "../net/post.ts";
import type { Secrets } from "../secret/secrets.ts";
import type { Store } from "../store/store.ts";
import {
  claimWebhookDelivery,
  deleteWebhookDelivery,
  listDueWebhookDeliveries,
  newEventId,
  nextWebhookTryAt,
  postponeWebhookDelivery,
  type WebhookDelivery,
} from "../store/tables/webhook-deliveries.ts";
import { readWebhook, type Webhook } from "./endpoint.ts";
import { signedHeaders } from "./signature.ts";

/** The result of a test event. */
export interface WebhookTest {
  readonly ok: boolean;
  /** The HTTP status of the reply; null if there was none. */
  readonly status: number | null;
  /** The result in words, for people. */
  readonly detail: string;
  readonly durationMs: number;
}

export interface WebhookSenderDependencies {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
/** Milliseconds after the first, second, … failed attempt. After the last one, the event is given up. */
const delaysMs: readonly number[] = [5 * secondMs, minuteMs, 10 * minuteMs, hourMs, 6 * hourMs];
/** A node that dies during an attempt has given it up by then; an attempt takes 10 seconds at most. */
const leaseMs = 30 * secondMs;
/** Milliseconds between polls: another node may have stored an event. */
const pollMs = minuteMs;
const batchSize = 10;
/** The receiver wants no more events (Standard Webhooks 1.0.0), so they are given up. */
const gone = 410;

/** Delivers stored events to the webhook until it has accepted them or every retry is used up. */
export class WebhookSender implements Service {
  readonly #dependencies: WebhookSenderDependencies;
  readonly #rateLimit: UserRateLimit;
  readonly #poll: Poll;
  /** Cuts requests under way: they are made again. */
  readonly #stopped = new AbortController();

  constructor(dependencies: WebhookSenderDependencies) {
    this.#dependencies = dependencies;
    const { clock, log } = dependencies;
    this.#rateLimit = new UserRateLimit(clock, { name: "test event", perMinute: 20 });
    const run = () => this.#deliverDue();
    const failure = "webhook events unreadable; retrying";
    this.#poll = new Poll({ clock, log }, { run, firstMs: 0, retryMs: pollMs, failure });
  }

  start(): void {
    void this.#poll.wake();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#poll.stop();
  }

  /** Delivers what is due: an event was stored. Resolves when none is due any more. */
  wake(): Promise<void> {
    return this.#poll.wake();
  }

  /**
   * Sends a test event at once, and once.
   * @throws SendwrightError `webhook.none` if there is no webhook; `token.invalid`, `secret.mismatch`; `test.busy`
   *   while this actor's last one is under way, or after 20 in a minute
   */
  async test(actor: Actor): Promise<WebhookTest> {
    const release = this.#rateLimit.acquire(actor.id);
    try {
      return await this.#sendTest();
    } finally {
      release();
    }
  }

  /** @returns milliseconds until the next event is due. */
  async #deliverDue(): Promise<number> {
    const { store, secrets, clock } = this.#dependencies;
    const { db } = store;
    for (let isMore = true; isMore && !this.#stopped.signal.aborted; ) {
      const due = await listDueWebhookDeliveries(db, clock.now(), batchSize);
      const webhook = due.length === 0 ? null : await readWebhook(db, secrets);
      if (webhook !== null) await Promise.all(due.map((delivery) => this.#deliver(webhook, delivery)));
      isMore = webhook !== null && due.length === batchSize;
    }
    const next = await nextWebhookTryAt(db);
    return next === null ? pollMs : Math.min(pollMs, Math.max(secondMs, next - clock.now()));
  }

  async #deliver(webhook: Webhook, read: WebhookDelivery): Promise<void> {
    const { store, clock, log } = this.#dependencies;
    const { db } = store;
    // The lease is the next attempt at the same time, should this node die with it.
    const leasedUntil = clock.now() + leaseMs;
    if (!(await claimWebhookDelivery(db, read, leasedUntil))) return;
    const claimed = { ...read, tries: read.tries + 1, nextTryAt: leasedUntil };
    const posted = await this.#post(webhook, read);
    if (isAccepted(posted)) return deleteWebhookDelivery(db, read.id);
    // An attempt that was cut says nothing about the receiver.
    if (this.#stopped.signal.aborted) {
      return postponeWebhookDelivery(db, claimed, { tries: read.tries, at: clock.now() });
    }
    const delayMs = delaysMs[read.tries];
    const fields = { event: read.id, tries: claimed.tries, why: resultInWords(posted) };
    if (delayMs === undefined || (posted.kind === "answered" && posted.status === gone)) {
      log.error(fields, "webhook delivery failed; giving up");
      return deleteWebhookDelivery(db, read.id);
    }
    log.warn(fields, "webhook delivery failed; retrying");
    await postponeWebhookDelivery(db, claimed, { tries: claimed.tries, at: clock.now() + delayMs });
  }

  async #sendTest(): Promise<WebhookTest> {
    const { store, secrets, clock } = this.#dependencies;
    const webhook = await readWebhook(store.db, secrets);
    if (webhook === null) {
      throw new SendwrightError("webhook.none", "No webhook is saved. Enter its URL and save.");
    }
    const startedAt = clock.monotonic();
    const timestamp = new Date(startedAt).toISOString();
    const event = {
      type: "webhook.test",
      timestamp,
      data: { message: "Sendwright can reach this webhook." },
    };
    const posted = await this.#post(webhook, { id: newEventId(startedAt), body: JSON.stringify(event) });
    return {
      ok: isAccepted(posted),
      status: posted.kind === "answered" ? posted.status : null,
      detail: resultInWords(posted),
      durationMs: clock.monotonic() - startedAt,
    };
  }

  #post({ url, secret }: Webhook, event: Pick<WebhookDelivery, "id" | "body">): Promise<PostResult> {
    const { egress, clock } = this.#dependencies;
    const headers = { ...signedHeaders(secret, event, clock.now()) };
    return post(url, event.body, headers, { egress, clock, signal: this.#stopped.signal });
  }
}

function isAccepted(posted: PostResult): boolean {
  return posted.kind === "answered" && posted.status >= 200 && posted.status < 300;
}

function resultInWords(posted: PostResult): string {
  if (posted.kind === "failed") return posted.reason;
  const { status } = posted;
  return status >= 300 && status < 400
    ? `it responded with ${status}; redirects aren't followed`
    : `it responded with ${status}`;
}
