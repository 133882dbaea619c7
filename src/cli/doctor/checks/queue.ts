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
    ...(oldestDueAt === null ? [] : [`oldest: ${age(waitedMs)}`]),
    `${scheduled} scheduled`,
    `${sending} being sent`,
  ];
  const found = due + scheduled + sending === 0 ? "empty" : parts.join(", ");
  if (due + sending > 0 && !isServed) {
    return warning(subject, `${found}, but no server is running.`, "`sendwright start` sends them.");
  }
  if (waitedMs > longWaitMs) {
    return warning(
      subject,
      `${found}.`,
      "Check the SMTP configs above. `sendwright test` shows why emails aren't sent.",
    );
  }
  return ok(subject, found);
}
