import type { Overview } from "../api/types.ts";
import { formatAge } from "../parts/format.ts";
import * as t from "./strings.ts";

/** The state of the queue in one line, such as `12 queued, oldest 3 min, 2 scheduled`. */
export function queueWords({ due, scheduled, sending, oldestDueAt }: Overview["queue"], now: number): string {
  const ageMs = oldestDueAt === null ? 0 : now - Date.parse(oldestDueAt);
  const words = [
    due > 0 && t.queueDue(due),
    // Younger than that it is not waiting, but just coming.
    ageMs >= 60_000 && t.queueOldest(formatAge(ageMs)),
    sending > 0 && t.queueSending(sending),
    scheduled > 0 && t.queueScheduled(scheduled),
  ].filter((part) => part !== false);
  return words.length === 0 ? t.queueNothing : words.join(", ");
}
