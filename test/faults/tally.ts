/** Where nothing more happens, as while leases of the dead run out, nobody waits for longer. */
const quietMs = 1_000;

/** Counts what happens, so that something can be done at the moment when it has happened so often. */
export interface Tally {
  add(): void;
  /** Resolves after so many more, or after a time in which there were fewer. */
  more(many: number): Promise<void>;
}

export function createTally(): Tally {
  let count = 0;
  let alarm: { readonly at: number; readonly ring: () => void } | null = null;
  return {
    add() {
      count++;
      if (alarm !== null && count >= alarm.at) alarm.ring();
    },
    async more(many) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, quietMs);
        const ring = () => {
          clearTimeout(timer);
          resolve();
        };
        alarm = { at: count + many, ring };
      });
      alarm = null;
    },
  };
}
