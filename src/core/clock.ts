/** Time as a value that tests can hold. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. It may be set while the process runs: for points in time, not for intervals. */
  now(): number;
  /** Milliseconds since some moment. It never goes back and is never set: for intervals. */
  monotonic(): number;
  /** Calls back once after `delayMs`; the function returned cancels it. Never keeps the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
