/** Whose an event is: those of a killed node never happen. */
export interface Owner {
  readonly alive: boolean;
}

interface Event {
  readonly at: number;
  /** Equals happen in the order in which they were set. */
  readonly order: number;
  readonly owner: Owner | null;
  run: (() => void) | null;
}

/** Events at one instant of virtual time from which on this is a loop that never ends. */
const maxEventsAtOnce = 20_000;

/**
 * Virtual time. An event happens once everything that the one before it set in motion has come to rest: all
 * microtasks, then what waits for a turn of the event loop. So one order of events is the only one.
 */
export class Scheduler {
  #now = 0;
  #order = 0;
  #atOnce = 0;
  /** A binary heap, the next event first. */
  readonly #events: Event[] = [];
  readonly #turns: (() => void)[] = [];

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now;
  }

  /** @returns a function that cancels it. */
  after(delayMs: number, run: () => void, owner: Owner | null = null): () => void {
    const event: Event = {
      at: this.#now + Math.max(0, Math.ceil(delayMs)),
      order: this.#order++,
      owner,
      run,
    };
    this.#push(event);
    return () => {
      event.run = null;
    };
  }

  wait(delayMs: number, owner: Owner | null = null): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve, owner));
  }

  /** What `setImmediate` is in this world. */
  nextTurn(run: () => void): void {
    this.#turns.push(run);
  }

  /** Lets time pass until `isDone`, which is asked between events, or until nothing is left to happen. */
  run(isDone: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          if (!this.#step(isDone)) return resolve();
        } catch (error) {
          return reject(error);
        }
        // A tick that is set by a microtask runs when no microtask is left.
        queueMicrotask(() => process.nextTick(step));
      };
      queueMicrotask(() => process.nextTick(step));
    });
  }

  /** @returns false if it is over. */
  #step(isDone: () => boolean): boolean {
    const turn = this.#turns.shift();
    if (turn !== undefined) {
      this.#count();
      turn();
      return true;
    }
    if (isDone()) return false;
    const event = this.#pop();
    if (event === undefined) return false;
    if (event.run === null || event.owner?.alive === false) return true;
    if (event.at > this.#now) this.#atOnce = 0;
    this.#now = event.at;
    this.#count();
    event.run();
    return true;
  }

  #count(): void {
    if (++this.#atOnce > maxEventsAtOnce) throw new EndlessLoop(`A loop at ${this.#now} ms never ends.`);
  }

  #push(event: Event): void {
    const events = this.#events;
    let index = events.length;
    events.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = events[parent];
      if (above === undefined || isBefore(above, event)) break;
      events[index] = above;
      index = parent;
    }
    events[index] = event;
  }

  #pop(): Event | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (last === undefined || last === first) return first;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      let below = events[child];
      if (below === undefined) break;
      const right = events[child + 1];
      if (right !== undefined && isBefore(right, below)) {
        below = right;
        child++;
      }
      if (isBefore(last, below)) break;
      events[index] = below;
      index = child;
    }
    events[index] = last;
    return first;
  }
}

export class EndlessLoop extends Error {}

function isBefore(one: Event, two: Event): boolean {
  return one.at < two.at || (one.at === two.at && one.order < two.order);
}
