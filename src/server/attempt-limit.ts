import type { Clock } from "../clock.ts";
import { PosthornError } from "../errors.ts";

/** Counts failures by where they come from, so that passwords cannot be guessed at speed. */
export interface AttemptLimit {
  /** @throws PosthornError `auth.too_many_attempts` */
  check(from: string): void;
  failed(from: string): void;
}

interface Failures {
  count: number;
  readonly until: number;
}

/** More places than that at once are an attack; the oldest are forgotten first. */
const maxPlaces = 10_000;

/** At most `max` failures within `windowMs` of the first. */
export function createAttemptLimit(clock: Clock, max: number, windowMs: number): AttemptLimit {
  const places = new Map<string, Failures>();

  function current(from: string): Failures | undefined {
    const failures = places.get(from);
    if (failures !== undefined && failures.until > clock.now()) return failures;
    places.delete(from);
    return undefined;
  }

  return {
    check(from) {
      const failures = current(from);
      if (failures === undefined || failures.count < max) return;
      const minutes = Math.ceil((failures.until - clock.now()) / 60_000);
      throw new PosthornError(
        "auth.too_many_attempts",
        `Too many sign-ins have failed. Try again in ${minutes} ${minutes === 1 ? "minute" : "minutes"}.`,
      );
    },
    failed(from) {
      const failures = current(from);
      if (failures !== undefined) {
        failures.count += 1;
        return;
      }
      const [oldest] = places.keys();
      if (places.size >= maxPlaces && oldest !== undefined) places.delete(oldest);
      places.set(from, { count: 1, until: clock.now() + windowMs });
    },
  };
}
