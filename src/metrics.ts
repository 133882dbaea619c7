import { Counter, collectDefaultMetrics, Registry } from "prom-client";

/** What `/metrics` tells, in the Prometheus text format. */
export interface Metrics {
  readonly registry: Registry;
  readonly accepted: Counter;
  readonly attempts: Counter<"outcome">;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    accepted: new Counter({
      name: "posthorn_emails_accepted_total",
      help: "Emails stored for delivery",
      registers: [registry],
    }),
    attempts: new Counter({
      name: "posthorn_attempts_total",
      help: "Tries to hand an email to a relay, by outcome",
      labelNames: ["outcome"],
      registers: [registry],
    }),
  };
}
