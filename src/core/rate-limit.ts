import type { Clock } from "./clock.ts";
import { SendwrightError } from "./errors.ts";

const minuteMs = 60_000;

export interface UserRateLimitOptions {
  /** What is limited, such as `connection test`; it stands in the error. */
  readonly name: string;
  readonly perMinute: number;
}

/** Keeps a form from being a port scanner: each user runs one at a time, and so many a minute. */
export class UserRateLimit {
  readonly #clock: Clock;
  readonly #options: UserRateLimitOptions;
  readonly #running = new Set<string>();
  /** When each user began lately, by the monotonic clock. */
  readonly #begun = new Map<string, readonly number[]>();

  constructor(clock: Clock, options: UserRateLimitOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * @returns a function that releases the slot.
   * @throws SendwrightError `test.busy`
   */
  acquire(userId: string): () => void {
    const { name, perMinute } = this.#options;
    if (this.#running.has(userId)) {
      throw new SendwrightError("test.busy", `Your last ${name} is still running. Wait for it to finish.`);
    }
    const recent = this.#recent(userId);
    if (recent.length >= perMinute) {
      throw new SendwrightError(
        "test.busy",
        `You started ${perMinute} ${name}s within a minute. Wait a minute, then try again.`,
      );
    }
    this.#forgetIdle();
    this.#begun.set(userId, [...recent, this.#clock.monotonic()]);
    this.#running.add(userId);
    return () => this.#running.delete(userId);
  }

  #recent(userId: string): readonly number[] {
    const since = this.#clock.monotonic() - minuteMs;
    return (this.#begun.get(userId) ?? []).filter((at) => at > since);
  }

  #forgetIdle(): void {
    for (const userId of this.#begun.keys()) {
      if (this.#recent(userId).length === 0) this.#begun.delete(userId);
    }
  }
}
