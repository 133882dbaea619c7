import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Actor } from "../core/model.ts";
import { UserRateLimit } from "../core/rate-limit.ts";
import type { Egress } from "../net/egress.ts";
import { type Posted, post } from "../net/post.ts";
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

/** What became of a test event. */
export interface WebhookTest {
  readonly ok: boolean;
  /** Null where there was no answer. */
  readonly status: number | null;
  /** In words. */
  readonly detail: string;
  readonly durationMs: number;
}

/** Brings events to the webhook: what is stored for it, until it has taken it or every try is used up. */
export interface WebhookSender {
  start(): void;
  /** Cuts what is under way: it is tried again. */
  stop(): Promise<void>;
  /** Something was stored. */
  wake(): void;
  /** Tries what is due. */
  round(): Promise<void>;
  /**
   * Sends a test event at once, and once.
   * @throws SendwrightError `webhook.none` where there is no webhook; `token.invalid`, `secret.mismatch`;
   * `test.busy` where this actor's last one is under way, or there were 20 in a minute
   */
  test(actor: Actor): Promise<WebhookTest>;
}

export interface WebhookSenderParts {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
/** After the first, second, … try in vain. After the last one, the event is given up. */
const waitsMs: readonly number[] = [5 * secondMs, minuteMs, 10 * minuteMs, hourMs, 6 * hourMs];
/** A node that dies in the middle of a try has given it up by then; a try takes 10 seconds. */
const claimMs = 30 * secondMs;
/** Another node may have stored something. */
const lookEveryMs = minuteMs;
const atOnce = 10;
/** The receiver wants no more (Standard Webhooks 1.0.0): what is under way for it is given up. */
const gone = 410;

export function createWebhookSender(parts: WebhookSenderParts): WebhookSender {
  const { store, secrets, egress, clock, log } = parts;
  const { db } = store;
  const rateLimit = new UserRateLimit(clock, { name: "test event", perMinute: 20 });
  const cut = new AbortController();
  let underWay: Promise<void> | null = null;
  let again = false;
  let cancelTimer = () => {};

  function send({ url, secret }: Webhook, event: Pick<WebhookDelivery, "id" | "body">): Promise<Posted> {
    const headers = { ...signedHeaders(secret, event, clock.now()) };
    return post(url, event.body, headers, { egress, clock, signal: cut.signal });
  }

  async function attempt(webhook: Webhook, read: WebhookDelivery): Promise<void> {
    // The claim is the next try at the same time, should this node die with it.
    const claimedUntil = clock.now() + claimMs;
    if (!(await claimWebhookDelivery(db, read, claimedUntil))) return;
    const claimed = { ...read, tries: read.tries + 1, nextTryAt: claimedUntil };
    const posted = await send(webhook, read);
    if (isTaken(posted)) return deleteWebhookDelivery(db, read.id);
    // A try that was cut off says nothing of the receiver.
    if (cut.signal.aborted)
      return postponeWebhookDelivery(db, claimed, { tries: read.tries, at: clock.now() });
    const wait = waitsMs[read.tries];
    const fields = { event: read.id, tries: claimed.tries, why: inWords(posted) };
    if (wait === undefined || (posted.kind === "answered" && posted.status === gone)) {
      log.error(fields, "the webhook did not take an event, which is given up");
      return deleteWebhookDelivery(db, read.id);
    }
    log.warn(fields, "the webhook did not take an event: it is tried again");
    await postponeWebhookDelivery(db, claimed, { tries: claimed.tries, at: clock.now() + wait });
  }

  async function work(): Promise<void> {
    const due = await listDueWebhookDeliveries(db, clock.now(), atOnce);
    if (due.length === 0) return;
    const webhook = await readWebhook(db, secrets);
    if (webhook === null) return;
    await Promise.all(due.map((delivery) => attempt(webhook, delivery)));
    if (due.length === atOnce && !cut.signal.aborted) await work();
  }

  async function rounds(): Promise<void> {
    do {
      again = false;
      try {
        await work();
      } catch (error) {
        log.error({ err: error }, "events could not be brought to the webhook: trying again later");
      }
      if (!cut.signal.aborted) await setAlarm();
    } while (again && !cut.signal.aborted);
    // In the same turn as the last look: a call from here on begins anew.
    underWay = null;
  }

  async function setAlarm(): Promise<void> {
    const next = await nextWebhookTryAt(db).catch(() => null);
    const delay = next === null ? lookEveryMs : Math.min(lookEveryMs, Math.max(secondMs, next - clock.now()));
    cancelTimer();
    cancelTimer = clock.after(delay, wake);
  }

  async function test(): Promise<WebhookTest> {
    const webhook = await readWebhook(db, secrets);
    if (webhook === null) {
      throw new SendwrightError("webhook.none", "There is no webhook. Enter its address and save.");
    }
    const startedAt = clock.now();
    const timestamp = new Date(startedAt).toISOString();
    const event = { type: "webhook.test", timestamp, data: { message: "Sendwright reaches this webhook." } };
    const posted = await send(webhook, { id: newEventId(startedAt), body: JSON.stringify(event) });
    return {
      ok: isTaken(posted),
      status: posted.kind === "answered" ? posted.status : null,
      detail: inWords(posted),
      durationMs: clock.now() - startedAt,
    };
  }

  function wake(): void {
    void round();
  }

  function round(): Promise<void> {
    again = true;
    if (cut.signal.aborted) return Promise.resolve();
    underWay ??= rounds();
    return underWay;
  }

  return {
    start: wake,
    async stop() {
      cancelTimer();
      cut.abort();
      await underWay;
      cancelTimer();
    },
    wake,
    round,

    async test(actor) {
      const release = rateLimit.acquire(actor.id);
      try {
        return await test();
      } finally {
        release();
      }
    },
  };
}

function isTaken(posted: Posted): boolean {
  return posted.kind === "answered" && posted.status >= 200 && posted.status < 300;
}

function inWords(posted: Posted): string {
  if (posted.kind === "failed") return posted.reason;
  const { status } = posted;
  return status >= 300 && status < 400
    ? `it answered ${status}: redirects are not followed`
    : `it answered ${status}`;
}
