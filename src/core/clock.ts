/** Time as a value that tests can hold. Milliseconds since the epoch, UTC. */
export interface Clock {
  now(): number;
  /** Calls back once after `delayMs`; the function returned cancels it. Never keeps the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
