import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { type AttemptOutcome, attemptOutcomes, type EmailState } from "./model.ts";

/** What is asked for when `/metrics` is read. */
export interface QueueFigures {
  readonly queued: number;
  readonly sending: number;
  /** How long the email that waits longest has waited; 0 where none does. */
  readonly oldestAgeMs: number;
}

/** What `/metrics` tells, in the Prometheus text format. */
export interface Metrics {
  readonly registry: Registry;
  accepted(durationMs: number): void;
  /** One try of an email; `isRetry` where it was not the first. */
  attempted(attempt: { outcome: AttemptOutcome; durationMs: number; isRetry: boolean }): void;
  /** An email has become final; `ageMs` since it was to be sent. */
  finished(state: EmailState, ageMs: number): void;
  /** Where the figures come from that are not counted but looked up. */
  watch(sources: { queue(): Promise<QueueFigures>; sessions(): number; alerts(): Promise<number> }): void;
}

/** From a fast relay on the same machine to one that greylists for an hour. */
const deliverySeconds = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 1_800, 3_600, 14_400, 86_400];
const requestSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const accepting = new Histogram({
    name: "sendwright_accept_seconds",
    help: "From the request for an email until it is stored",
    buckets: requestSeconds,
    registers,
  });
  const accepted = new Counter({
    name: "sendwright_emails_accepted_total",
    help: "Emails stored for delivery",
    registers,
  });
  const attempts = new Counter({
    name: "sendwright_attempts_total",
    help: "Tries to hand an email to a relay, by outcome",
    labelNames: ["outcome"],
    registers,
  });
  const retries = new Counter({
    name: "sendwright_retries_total",
    help: "Tries of emails that had been tried before",
    registers,
  });
  const attempting = new Histogram({
    name: "sendwright_attempt_seconds",
    help: "From when an email was taken in hand until the relay's last word on it",
    buckets: requestSeconds,
    registers,
  });
  const finished = new Counter({
    name: "sendwright_emails_finished_total",
    help: "Emails that became final, by state",
    labelNames: ["state"],
    registers,
  });
  const delivering = new Histogram({
    name: "sendwright_delivery_seconds",
    help: "From when an email was accepted, or was to be sent, until it was sent",
    buckets: deliverySeconds,
    registers,
  });
  // A counter that is not there yet cannot be told from one that never will be.
  for (const outcome of attemptOutcomes) attempts.inc({ outcome }, 0);
  for (const state of ["sent", "partial", "failed", "expired", "unknown"]) finished.inc({ state }, 0);

  return {
    registry,
    accepted(durationMs) {
      accepted.inc();
      accepting.observe(durationMs / 1000);
    },
    attempted({ outcome, durationMs, isRetry }) {
      attempts.inc({ outcome });
      if (isRetry) retries.inc();
      attempting.observe(durationMs / 1000);
    },
    finished(state, ageMs) {
      finished.inc({ state });
      if (state === "sent") delivering.observe(ageMs / 1000);
    },
    watch({ queue, sessions, alerts }) {
      const oldest = new Gauge({
        name: "sendwright_queue_oldest_seconds",
        help: "How long the email that waits longest has waited",
        registers,
      });
      new Gauge({
        name: "sendwright_queue_emails",
        help: "Emails that are not final, by state",
        labelNames: ["state"],
        registers,
        async collect() {
          const { queued, sending, oldestAgeMs } = await queue();
          this.set({ state: "queued" }, queued);
          this.set({ state: "sending" }, sending);
          oldest.set(oldestAgeMs / 1000);
        },
      });
      new Gauge({
        name: "sendwright_alerts",
        help: "What the checks of SMTP configs have found and is not over",
        registers,
        async collect() {
          this.set(await alerts());
        },
      });
      new Gauge({
        name: "sendwright_smtp_sessions",
        help: "Connections to relays of this node, open or being opened",
        registers,
        collect() {
          this.set(sessions());
        },
      });
    },
  };
}
