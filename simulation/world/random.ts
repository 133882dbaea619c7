/** Seeded random numbers: sfc32, which passes PractRand, with a seed of any text. */
export class Random {
  readonly #state: Uint32Array;

  /** @param seed the same text gives the same numbers; parts of a world have a text each, so they do not disturb each other. */
  constructor(seed: string) {
    let hash = 0x811c9dc5;
    this.#state = Uint32Array.from([0, 1, 2, 3], (salt) => {
      for (let index = 0; index < seed.length; index++) {
        hash = Math.imul(hash ^ (seed.charCodeAt(index) + salt * 0x9e37), 0x01000193);
      }
      return hash;
    });
    for (let round = 0; round < 12; round++) this.next();
  }

  /** In [0, 1). */
  next(): number {
    const state = this.#state;
    const [a = 0, b = 0, c = 0, d = 0] = state;
    const sum = (a + b + d) >>> 0;
    state[3] = d + 1;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + sum;
    return sum / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.next() * values.length)];
    if (value === undefined) throw new TypeError("There is nothing to pick from.");
    return value;
  }

  fill(bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; index++) bytes[index] = this.int(0, 255);
  }
}
