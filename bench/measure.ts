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
  return candidates.map(({ name }) => {
    const medianMicros = median(samples.get(name) ?? []);
    return { name, medianMicros, perSecond: 1e6 / medianMicros };
  });
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

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
