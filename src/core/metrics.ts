import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { type AttemptOutcome, attemptOutcomes, type EmailState } from "./model.ts";

/** What is asked for when `/metrics` is read. */
export interface QueueFigures {
  readonly queued: number;
  readonly sending: number;
  /** How long the email that waits longest has waited; 0 where none does. */
  readonly oldestAgeMs: number;
}

export interface MetricSources {
  readonly queue: () => Promise<QueueFigures>;
  /** Connections to SMTP servers, open or being opened. */
  readonly sessions: () => number;
  /** How many faults this node has of its own. */
  readonly nodeFaults: () => number;
  /** By how many milliseconds this node's time of day is ahead of the database's. */
  readonly skewMs: () => number;
  /** Open alerts. */
  readonly alerts: () => Promise<number>;
  /** Bytes. */
  readonly contentMemory: () => number;
  /** Bytes; null if nothing is written to a disk of this machine. */
  readonly freeDisk: () => Promise<number | null>;
  /** The used part of each limit of an SMTP config; 1 if it is reached. */
  readonly configLimits: () => Promise<readonly ConfigLimitFigure[]>;
}

export interface ConfigLimitFigure {
  /** The name of the config. */
  readonly config: string;
  readonly id: string;
  /** The setting that is the limit, such as `maxPerDay`. */
  readonly setting: string;
  readonly ratio: number;
}

/** From a fast relay on the same machine to one that greylists for an hour. */
const deliverySeconds = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 1_800, 3_600, 14_400, 86_400];
const requestSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];

/** What `/metrics` tells, in the Prometheus text format. */
export class Metrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #accepting = new Histogram({
    name: "sendwright_accept_seconds",
    help: "Time from the request for an email until it is stored",
    buckets: requestSeconds,
    registers: this.#registers,
  });
  readonly #accepted = new Counter({
    name: "sendwright_emails_accepted_total",
    help: "Emails accepted for delivery",
    registers: this.#registers,
  });
  readonly #attempts = new Counter({
    name: "sendwright_attempts_total",
    help: "Delivery attempts, by outcome",
    labelNames: ["outcome"],
    registers: this.#registers,
  });
  readonly #retries = new Counter({
    name: "sendwright_retries_total",
    help: "Delivery attempts that were retries",
    registers: this.#registers,
  });
  readonly #attempting = new Histogram({
    name: "sendwright_attempt_seconds",
    help: "Duration of a delivery attempt",
    buckets: requestSeconds,
    registers: this.#registers,
  });
  readonly #finished = new Counter({
    name: "sendwright_emails_finished_total",
    help: "Emails that became final, by state",
    labelNames: ["state"],
    registers: this.#registers,
  });
  readonly #delivering = new Histogram({
    name: "sendwright_delivery_seconds",
    help: "Time from when an email was accepted or scheduled until it was sent",
    buckets: deliverySeconds,
    registers: this.#registers,
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    // A counter that is not there yet cannot be told from one that never will be.
    for (const outcome of attemptOutcomes) this.#attempts.inc({ outcome }, 0);
    for (const state of ["sent", "partial", "failed", "expired", "unknown"]) {
      this.#finished.inc({ state }, 0);
    }
  }

  accepted(durationMs: number): void {
    this.#accepted.inc();
    this.#accepting.observe(durationMs / 1000);
  }

  /** Counts an attempt of an email; `isRetry` if it was not the first. */
  attempted(attempt: { outcome: AttemptOutcome; durationMs: number; isRetry: boolean }): void {
    const { outcome, durationMs, isRetry } = attempt;
    this.#attempts.inc({ outcome });
    if (isRetry) this.#retries.inc();
    this.#attempting.observe(durationMs / 1000);
  }

  /** Counts an email that became final, `ageMs` after it was to be sent. */
  finished(state: EmailState, ageMs: number): void {
    this.#finished.inc({ state });
    if (state === "sent") this.#delivering.observe(ageMs / 1000);
  }

  /** Says where the figures come from that are looked up when `/metrics` is read. */
  lookUp(sources: MetricSources): void {
    const { queue, sessions, alerts, nodeFaults, skewMs, contentMemory, freeDisk, configLimits } = sources;
    const registers = this.#registers;
    const oldest = new Gauge({
      name: "sendwright_queue_oldest_seconds",
      help: "Age of the oldest email that is due",
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
      help: "Open alerts",
      registers,
      async collect() {
        this.set(await alerts());
      },
    });
    new Gauge({
      name: "sendwright_node_faults",
      help: "Faults of this node alone: its secret, network, name servers, certificate authorities or clock",
      registers,
      collect() {
        this.set(nodeFaults());
      },
    });
    new Gauge({
      name: "sendwright_clock_skew_seconds",
      help: "Seconds by which this node's clock is ahead of the database's",
      registers,
      collect() {
        this.set(skewMs() / 1000);
      },
    });
    new Gauge({
      name: "sendwright_content_memory_bytes",
      help: "Memory in use for email content",
      registers,
      collect() {
        this.set(contentMemory());
      },
    });
    new Gauge({
      name: "sendwright_disk_free_bytes",
      help: "Free disk space for the database file; NaN without one",
      registers,
      async collect() {
        this.set((await freeDisk()) ?? Number.NaN);
      },
    });
    new Gauge({
      name: "sendwright_smtp_config_limit_used_ratio",
      help: "Used part of each limit of an SMTP config; 1 means the limit is reached",
      labelNames: ["config", "id", "limit"],
      registers,
      async collect() {
        // A limit that is gone would stay otherwise.
        this.reset();
        for (const { config, id, setting, ratio } of await configLimits()) {
          this.set({ config, id, limit: setting }, ratio);
        }
      },
    });
    new Gauge({
      name: "sendwright_smtp_sessions",
      help: "Connections of this node to SMTP servers, open or being opened",
      registers,
      collect() {
        this.set(sessions());
      },
    });
  }
}
