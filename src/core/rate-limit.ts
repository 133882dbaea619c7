import type { Clock } from "./clock.ts";
import { SendwrightError } from "./errors.ts";

const minuteMs = 60_000;

/** Keeps a form from being a port scanner: one at a time for each actor, and so many a minute. */
interface Turns {
  /**
   * @returns a function that ends the turn.
   * @throws SendwrightError `test.busy`
   */
  begin(actorId: string): () => void;
}

interface TurnsOptions {
  /** What is done in a turn, such as `connection test`; it stands in the refusals. */
  readonly name: string;
  readonly perMinute: number;
}

export function createTurns(clock: Clock, { name, perMinute }: TurnsOptions): Turns {
  const running = new Set<string>();
  const begun = new Map<string, number[]>();

  function recent(actorId: string): number[] {
    const since = clock.now() - minuteMs;
    return (begun.get(actorId) ?? []).filter((at) => at > since);
  }

  return {
    begin(actorId) {
      if (running.has(actorId)) {
        throw new SendwrightError("test.busy", `Your last ${name} still runs. Wait until it has ended.`);
      }
      const times = recent(actorId);
      if (times.length >= perMinute) {
        throw new SendwrightError(
          "test.busy",
          `You have started ${perMinute} ${name}s within a minute. Wait a little before the next.`,
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
