import { setImmediate as turn } from "node:timers/promises";

/** Until nothing happens any more in memory, but for what is held up or waits for its time. */
export async function idle(): Promise<void> {
  for (let turns = 0; turns < 30; turns++) await turn();
}
