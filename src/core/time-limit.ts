import type { Clock } from "./clock.ts";

/**
 * Waits for work, but no longer than a time. Work that takes longer goes on; what it comes to is dropped.
 * @param ms in milliseconds.
 * @returns whether the work was done in time.
 */
export async function inTime(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  let cancel = () => {};
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  return Promise.race([work.then(() => true), late]).finally(cancel);
}
