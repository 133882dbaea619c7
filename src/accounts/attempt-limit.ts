import type { Clock } from "../core/clock.ts";
import { SendwrightError } from "../core/errors.ts";

/** Counts attempts by where they come from or whom they are about, so that nothing can be tried at speed. */
export interface AttemptLimit {
  /**
   * Counts an attempt before its outcome is known: many at once are many.
   * @throws SendwrightError `auth.too_many_attempts`
   */
  begin(from: string): void;
  /** The attempt that began was no guess. */
  forgive(from: string): void;
}

interface Attempts {
  count: number;
  readonly until: number;
}

/** More places than that at once are an attack; the oldest are forgotten first. */
const maxPlaces = 10_000;

export interface AttemptLimitOptions {
  /** Most attempts that are not forgiven, within `windowMs` of the first. */
  readonly max: number;
  readonly windowMs: number;
  /** The sentence that says so. */
  readonly tooMany: string;
}

export function createAttemptLimit(
  clock: Clock,
  { max, windowMs, tooMany }: AttemptLimitOptions,
): AttemptLimit {
  const places = new Map<string, Attempts>();

  function attemptsFrom(from: string): Attempts {
    const known = places.get(from);
    if (known !== undefined && known.until > clock.now()) return known;
    const attempts = { count: 0, until: clock.now() + windowMs };
    places.delete(from);
    places.set(from, attempts);
    const [oldest] = places.keys();
    if (places.size > maxPlaces && oldest !== undefined) places.delete(oldest);
    return attempts;
  }

  return {
    begin(from) {
      const attempts = attemptsFrom(from);
      if (attempts.count >= max) {
        const minutes = Math.ceil((attempts.until - clock.now()) / 60_000);
        throw new SendwrightError(
          "auth.too_many_attempts",
          `${tooMany} Try again in ${minutes} ${minutes === 1 ? "minute" : "minutes"}.`,
        );
      }
      attempts.count += 1;
    },
    forgive(from) {
      const attempts = attemptsFrom(from);
      attempts.count = Math.max(0, attempts.count - 1);
    },
  };
}
