import { ByteBudget } from "./byte-budget.ts";
import type { Clock } from "./clock.ts";
import { SendwrightError } from "./errors.ts";

/** Content up to this size has a reserve of its own: it never waits behind large content. */
export const smallBytes = 64 * 1024;
/** Content above this size is processed by itself, one at a time. */
export const longBytes = 1024 * 1024;
/** The reserve for small content, as a share of the budget and besides it. */
const smallShare = 1 / 8;
/** While it is processed, content exists several times: as received, as text, parsed, composed and stored. */
const copiesInProcess = 5;
/** While it is received and waits for its turn it exists once; the rest is what garbage takes until it is collected. */
const copiesAtRest = 3;
const maxWaitMs = 5_000;
const maxWaiting = 100;
/** Content that is thrown away at once. More would keep the event loop from everything else. */
const maxDiscarding = 4;
/** Whoever sends for longer than this is slow, and therefore no burden. */
const discardTurnMs = 1_000;

export interface ContentMemoryDependencies {
  /** Shared with everything else that holds content. */
  readonly budget: ByteBudget;
  readonly clock: Clock;
}

/** Grants memory to content before it is received, so that no number of clients makes the process larger. */
export class ContentMemory {
  readonly #large: ByteBudget;
  readonly #small: ByteBudget;
  readonly #clock: Clock;
  /** One turn for long content: processing it in parallel would be no faster, and would hold up everything else. */
  readonly #turn = new ByteBudget(1);
  readonly #discards = new ByteBudget(maxDiscarding);

  constructor({ budget, clock }: ContentMemoryDependencies) {
    this.#large = budget;
    this.#small = new ByteBudget(Math.max(1, Math.floor(budget.limit * smallShare)));
    this.#clock = clock;
  }

  /** Bytes granted and not released yet. */
  get inUse(): number {
    return this.#large.inUse + this.#small.inUse;
  }

  /** How much content waits for memory. */
  get waiting(): number {
    return this.#large.waiting + this.#small.waiting;
  }

  /**
   * Resolves when there is memory for content of this size; it waits for that for a few seconds.
   * @param signal gives up; its reason is then thrown.
   * @returns a function that releases the memory.
   * @throws SendwrightError `server.busy`
   */
  async hold(bytes: number, signal?: AbortSignal): Promise<() => void> {
    const budget = bytes <= smallBytes ? this.#small : this.#large;
    const cost = costOf(bytes);
    const granted = budget.tryAcquire(cost);
    if (granted !== null) return granted;
    if (budget.waiting >= maxWaiting) throw busy();
    const giveUp = new AbortController();
    const cancelTimer = this.#clock.after(maxWaitMs, () => giveUp.abort(busy()));
    try {
      return await budget.acquire(
        cost,
        signal === undefined ? giveUp.signal : AbortSignal.any([giveUp.signal, signal]),
      );
    } finally {
      cancelTimer();
    }
  }

  /**
   * Holds memory for content that exists already while it is processed.
   * @throws SendwrightError `server.busy`
   */
  async use<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
    const release = await this.hold(bytes);
    try {
      return await this.process(bytes, work);
    } finally {
      release();
    }
  }

  /** Does what makes more of content, such as parsing, composing and storing it: of long content one at a time. */
  async process<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
    if (bytes <= longBytes) return work();
    const release = await this.#turn.acquire(1);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * Resolves when content that is refused may be read on and thrown away.
   * @param signal gives up; its reason is then thrown.
   * @returns a function to call at the end.
   */
  async discard(signal?: AbortSignal): Promise<() => void> {
    const release = await this.#discards.acquire(1, signal);
    const cancelTimer = this.#clock.after(discardTurnMs, release);
    return () => {
      cancelTimer();
      release();
    };
  }
}

/** Only so much of long content counts as in process: the rest of it waits for its turn. */
function costOf(bytes: number): number {
  return copiesAtRest * bytes + (copiesInProcess - copiesAtRest) * Math.min(bytes, longBytes);
}

function busy(): SendwrightError {
  return new SendwrightError(
    "server.busy",
    "Sendwright is processing other large requests and has no memory left for this one. Send it again in a few seconds.",
  );
}
