/** A text that is in a source exactly once, and what takes its place while the source is loaded. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A fault to put into the sources. */
export interface Mutant {
  readonly name: string;
  /** What goes wrong with it. */
  readonly fault: string;
  /** Several where one part of the engine would make up for another one. */
  readonly edits: readonly [Edit, ...Edit[]];
  /** It is found within so many runs. */
  readonly maxRuns: number;
}
