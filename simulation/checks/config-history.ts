import type { FaultyDatabase } from "../database/server.ts";
import type { RelayPlan } from "../plans/plan.ts";
import type { KnownConfig, KnownLimit } from "./rule.ts";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly from_email: string;
  readonly senders_json: string | null;
  readonly version: number;
  readonly paused_until: number | null;
  readonly max_per_minute: number | null;
  readonly max_per_hour: number | null;
  readonly max_recipients_per_day: number | null;
}

interface Period {
  readonly from: number;
  readonly configs: readonly KnownConfig[];
  readonly key: string;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;

/** The configs that were on, at each time: an email goes by what its node knew. */
export class ConfigHistory {
  readonly #periods: Period[] = [];
  /** When the config of a relay was last paused, by index. */
  readonly pausedAt = new Map<number, number>();
  /** When the limits of a config were last changed, by its id. */
  readonly limitsSetAt = new Map<string, number>();
  readonly #limits = new Map<string, string>();

  /** To be called after each change, and now and then: a pause lasts. */
  look(database: FaultyDatabase, relays: readonly RelayPlan[], now: number): void {
    const rows = database.look<Row>(
      `select id, name, from_email, senders_json, version, paused_until, max_per_minute, max_per_hour,
        max_recipients_per_day from smtp_config where enabled = 1 order by position, id`,
    );
    const configs = rows.map((row) => knownConfig(row, relays));
    for (const [index, { relay, id, limits }] of configs.entries()) {
      if (rows[index]?.paused_until !== null) this.pausedAt.set(relay, now);
      const text = JSON.stringify(limits);
      if (this.#limits.get(id) === text) continue;
      this.#limits.set(id, text);
      this.limitsSetAt.set(id, now);
    }
    const key = JSON.stringify(configs);
    if (this.#periods.at(-1)?.key !== key) this.#periods.push({ from: now, configs, key });
  }

  get latest(): readonly KnownConfig[] {
    return this.#periods.at(-1)?.configs ?? [];
  }

  /** When they were changed last. */
  get changedAt(): number {
    return this.#periods.at(-1)?.from ?? Number.NEGATIVE_INFINITY;
  }

  /** Each as it was for a part of the time from then on. */
  since(at: number): readonly (readonly KnownConfig[])[] {
    const first = this.#periods.findLastIndex(({ from }) => from <= at);
    return this.#periods.slice(Math.max(0, first)).map(({ configs }) => configs);
  }
}

function knownConfig(row: Row, relays: readonly RelayPlan[]): KnownConfig {
  const relay = Number(row.name.slice("relay".length));
  return {
    id: row.id,
    relay,
    fromEmail: row.from_email,
    senders: row.senders_json === null ? [] : JSON.parse(row.senders_json),
    isSandbox: relays[relay]?.isSandbox === true,
    version: row.version,
    limits: [
      ...limit(minuteMs, secondMs, "emails", row.max_per_minute),
      ...limit(60 * minuteMs, minuteMs, "emails", row.max_per_hour),
      ...limit(24 * 60 * minuteMs, 15 * minuteMs, "recipients", row.max_recipients_per_day),
    ],
  };
}

function limit(
  windowMs: number,
  bucketMs: number,
  counts: KnownLimit["counts"],
  max: number | null,
): readonly KnownLimit[] {
  return max === null ? [] : [{ windowMs, bucketMs, counts, max }];
}
