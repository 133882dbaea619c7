import type { Clock } from "../clock.ts";
import { PosthornError } from "../errors.ts";

const maxPerMinute = 20;
const minuteMs = 60_000;

/** Keeps the form from being a port scanner: one test at a time for each actor, and 20 a minute. */
interface Turns {
  /**
   * @returns a function that ends the turn.
   * @throws PosthornError `test.busy`
   */
  begin(actorId: string): () => void;
}

export function createTurns(clock: Clock): Turns {
  const running = new Set<string>();
  const begun = new Map<string, number[]>();

  function recent(actorId: string): number[] {
    const since = clock.now() - minuteMs;
    return (begun.get(actorId) ?? []).filter((at) => at > since);
  }

  return {
    begin(actorId) {
      if (running.has(actorId)) {
        throw new PosthornError(
          "test.busy",
          "Your last connection test still runs. Wait until it has ended.",
        );
      }
      const times = recent(actorId);
      if (times.length >= maxPerMinute) {
        throw new PosthornError(
          "test.busy",
          `You have started ${maxPerMinute} connection tests within a minute. Wait a little before the next.`,
        );
      }
      // Whoever has not tested lately is forgotten.
      for (const other of begun.keys()) if (recent(other).length === 0) begun.delete(other);
      begun.set(actorId, [...times, clock.now()]);
      running.add(actorId);
      return () => {
        running.delete(actorId);
      };
    },
  };
}
