/** A thing to measure: the names of those it is compared with stand beside it in the same suite. */
export interface Candidate {
  readonly name: string;
  /** One unit of work. */
  run(): unknown;
}

export interface Rate {
  readonly name: string;
  readonly perSecond: number;
  /** Of one unit, over all rounds. */
  readonly medianMicros: number;
}

/** What a suite found. */
export interface Results {
  readonly rates: readonly Rate[];
  /** Where a rate is divided by another: above 1, the first one named is faster. */
  readonly ratios?: Readonly<Record<string, number>>;
  /** What is neither; the unit stands in the name. */
  readonly figures?: Readonly<Record<string, number>>;
}

/**
 * Measures candidates side by side: in short turns, one after the other, many rounds, so that whatever
 * else the machine does falls on all of them alike.
 */
export async function compare(candidates: readonly Candidate[], roundMs = 60, rounds = 15): Promise<Rate[]> {
  const samples = new Map<string, number[]>(candidates.map(({ name }) => [name, []]));
  for (let round = -2; round < rounds; round++) {
    for (const { name, run } of candidates) {
      const micros = await turn(run, roundMs);
      // The first rounds warm the compiler up.
      if (round >= 0) samples.get(name)?.push(micros);
    }
  }
  return [...samples].map(([name, micros]) => rateOf(name, micros));
}

/** Mean time of one unit in a turn, in microseconds. */
async function turn(run: () => unknown, ms: number): Promise<number> {
  const start = performance.now();
  let units = 0;
  while (performance.now() - start < ms) {
    const result = run();
    if (result instanceof Promise) await result;
    units += 1;
  }
  return ((performance.now() - start) * 1000) / units;
}

/** @param micros of one unit, in each round. */
export function rateOf(name: string, micros: readonly number[]): Rate {
  const medianMicros = median(micros);
  return { name, medianMicros, perSecond: 1e6 / medianMicros };
}

/** One rate by another, for each pair that was measured. */
export function ratiosOf(
  rates: readonly Rate[],
  pairs: readonly (readonly [ours: string, theirs: string])[],
): Record<string, number> {
  const perSecond = new Map(rates.map((rate) => [rate.name, rate.perSecond]));
  return Object.fromEntries(
    pairs.flatMap(([ours, theirs]) => {
      const [our, their] = [perSecond.get(ours), perSecond.get(theirs)];
      return our === undefined || their === undefined ? [] : [[`${ours}/${theirs}`, our / their]];
    }),
  );
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that this share of all stays at or below. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
