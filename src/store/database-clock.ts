import { sql } from "kysely";
import type { Clock } from "../core/clock.ts";
import type { Db } from "./schema.ts";

/** An answer that took longer says too little about the time at which it was given. Milliseconds. */
const maxRoundTripMs = 1_000;

/**
 * The time of day of a database that several nodes share: they agree on what is due and what has expired, whatever
 * their own clocks show. Between two looks at it the monotonic clock counts on.
 */
export class DatabaseClock implements Clock {
  readonly #local: Clock;
  /** The time of day of the database at the zero of the monotonic clock. */
  #offset: number;

  /** @param local of this node: its time of day is used until the first look. */
  constructor(local: Clock) {
    this.#local = local;
    this.#offset = local.now() - local.monotonic();
  }

  now(): number {
    return Math.round(this.#local.monotonic() + this.#offset);
  }

  monotonic(): number {
    return this.#local.monotonic();
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#local.after(delayMs, callback);
  }

  /** By how many milliseconds the time of day of this node is ahead of the database's. */
  get skewMs(): number {
    return this.#local.now() - this.now();
  }

  /**
   * Looks at the database's clock.
   * @throws SendwrightError `store.unavailable`
   */
  async look(db: Db): Promise<void> {
    const askedAt = this.monotonic();
    const { rows } = await sql<{ now: number }>`
      select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as now
    `.execute(db);
    const answeredAt = this.monotonic();
    const [row] = rows;
    if (row === undefined || answeredAt - askedAt > maxRoundTripMs) return;
    this.#offset = row.now - (askedAt + answeredAt) / 2;
  }
}
