import { SendwrightError } from "../../src/core/errors.ts";
import { runSteps } from "../../src/store/step.ts";
import type { Store } from "../../src/store/store.ts";

/** What a transaction has to wait for: before the database hears of it, or with the database's answer. */
export interface Fate {
  readonly asked?: Promise<void>;
  readonly answered?: Promise<void>;
}

/** A store whose transactions may be held up, or fail as those of a database that is away. */
export interface UnsteadyStore {
  readonly store: Store;
  /** How many transactions were begun by `transact`. */
  readonly transactions: number;
  /** How many announcements were made. */
  readonly announcements: number;
  /** Holds up the next transaction. @returns the function that lets it through. */
  hold(): () => void;
  /** Holds up the answer of the next transaction, which is done by then. @returns the function that lets it come. */
  holdAnswer(): () => void;
  /** Holds up the next transaction. @returns the function that makes it fail. */
  holdToFail(): () => void;
  /** The next transactions fail before the database hears of them. */
  failNext(count?: number): void;
  /** The answers of the next transactions are lost: they are done, but nobody learns of that. */
  loseNextAnswers(count?: number): void;
}

export const away = () => new SendwrightError("store.unavailable", "The database is away.");

export function unsteadyStore(real: Store, { shared = real.shared } = {}): UnsteadyStore {
  const fates: Fate[] = [];
  let transactions = 0;
  let announcements = 0;

  function held(end: "asked" | "answered"): PromiseWithResolvers<void> {
    const fate = Promise.withResolvers<void>();
    fate.promise.catch(() => {});
    fates.push({ [end]: fate.promise });
    return fate;
  }

  function fail(end: "asked" | "answered", count: number): void {
    for (let one = 0; one < count; one++) held(end).reject(away());
  }

  return {
    store: {
      ...real,
      shared,
      transact: (steps) =>
        runSteps(steps, async (queries) => {
          transactions++;
          const fate = fates.shift();
          await fate?.asked;
          const [results] = await real.transact([{ queries, read: (all) => all }]);
          await fate?.answered;
          return results;
        }),
      announcement() {
        announcements++;
        return real.announcement();
      },
    },
    get transactions() {
      return transactions;
    },
    get announcements() {
      return announcements;
    },
    hold: () => held("asked").resolve,
    holdAnswer: () => held("answered").resolve,
    holdToFail() {
      const { reject } = held("asked");
      return () => reject(away());
    },
    failNext: (count = 1) => fail("asked", count),
    loseNextAnswers: (count = 1) => fail("answered", count),
  };
}
