import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";

interface Attempts {
  count: number;
  readonly until: number;
}

/** More keys than that at once are an attack; the oldest are forgotten first. */
const maxKeys = 10_000;

export interface AttemptLimitOptions {
  /** Most attempts that are not forgiven, within `windowMs` of the first. */
  readonly max: number;
  readonly windowMs: number;
  /** The sentence that says so. */
  readonly tooMany: string;
}

/** Counts attempts by where they come from or whom they are about, so nothing can be tried at speed. */
export class AttemptLimit {
  readonly #clock: Clock;
  readonly #options: AttemptLimitOptions;
  /** By address or account. */
  readonly #attempts = new Map<string, Attempts>();

  constructor(clock: Clock, options: AttemptLimitOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * Counts an attempt before its outcome is known: many at once are many.
   * @throws SendwrightError `auth.too_many_attempts`
   */
  begin(key: string): void {
    const attempts = this.#attemptsOf(key);
    if (attempts.count >= this.#options.max) {
      const minutes = Math.ceil((attempts.until - this.#clock.now()) / 60_000);
      throw new SendwrightError(
        "auth.too_many_attempts",
        `${this.#options.tooMany} Try again in ${minutes} ${minutes === 1 ? "minute" : "minutes"}.`,
      );
    }
    attempts.count += 1;
  }

  /** Takes the last attempt back: it was no guess. */
  forgive(key: string): void {
    const attempts = this.#attemptsOf(key);
    attempts.count = Math.max(0, attempts.count - 1);
  }

  #attemptsOf(key: string): Attempts {
    const now = this.#clock.now();
    const known = this.#attempts.get(key);
    if (known !== undefined && known.until > now) return known;
    const attempts = { count: 0, until: now + this.#options.windowMs };
    this.#attempts.delete(key);
    this.#attempts.set(key, attempts);
    const [oldest] = this.#attempts.keys();
    if (this.#attempts.size > maxKeys && oldest !== undefined) this.#attempts.delete(oldest);
    return attempts;
  }
}
