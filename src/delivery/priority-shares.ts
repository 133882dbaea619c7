/**
 * Of all that is sent while more urgent emails are queued, these parts are for the others: what is urgent goes
 * first, but nothing stands still.
 */
const weights = { normal: 3 / 16, low: 1 / 16 } as const;

/** What is claimed for each priority before the most urgent take the rest. */
export interface Shares {
  readonly normal: number;
  readonly low: number;
}

/** Shares of claims for the priorities that are not the most urgent: weights, and no walls between them. */
export class PriorityShares {
  #normal = 0;
  #low = 0;

  /** The shares of the next claim. What a priority doesn't use is for the others, and no debt grows from it. */
  next(limit: number): Shares {
    this.#normal += limit * weights.normal;
    this.#low += limit * weights.low;
    const low = Math.floor(this.#low);
    const normal = Math.min(Math.floor(this.#normal), limit - low);
    this.#low -= low;
    this.#normal = Math.min(1, this.#normal - normal);
    return { normal, low };
  }
}
