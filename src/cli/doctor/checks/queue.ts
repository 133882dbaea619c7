import { age } from "../../../core/format.ts";
import type { QueueDepth } from "../../../store/tables/queue-depth.ts";
import { type Check, ok, warning } from "./check.ts";

const subject = { id: "queue.waiting", title: "Waiting" };

/** Whoever waits longer, while a server runs, waits for something to be mended. */
const longWaitMs = 5 * 60_000;

/** @param isServed whether a server is there to send them. */
export function checkQueue(depth: QueueDepth, isServed: boolean, now: number): Check {
  const { due, scheduled, sending, oldestDueAt } = depth;
  const waitedMs = oldestDueAt === null ? 0 : now - oldestDueAt;
  const parts = [
    `${due} due`,
    ...(oldestDueAt === null ? [] : [`the oldest for ${age(waitedMs)}`]),
    `${scheduled} for later`,
    `${sending} being sent`,
  ];
  const found = due + scheduled + sending === 0 ? "nothing waits" : parts.join(", ");
  if (due + sending > 0 && !isServed) {
    return warning(subject, `${found}, and no server runs.`, "`sendwright start` sends them.");
  }
  if (waitedMs > longWaitMs) {
    return warning(
      subject,
      `${found}.`,
      "See the SMTP configs above: `sendwright test` says what keeps emails from being sent.",
    );
  }
  return ok(subject, found);
}
