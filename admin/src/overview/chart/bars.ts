import type { Overview } from "../../api/types.ts";

export type Counts = Overview["hours"][number];

/** What a bar is made of, from the bottom. */
export const kinds = ["sent", "waiting", "failed"] as const;
export type Kind = (typeof kinds)[number];

export interface Part {
  readonly kind: Kind;
  /** From the top, as `height` in hundredths of the chart's height. */
  readonly y: number;
  readonly height: number;
}

/** One failed email among thousands must still be seen. */
const leastHeight = 3;

/** The parts of each span's bar. The highest bar fills the chart, however the least heights add up. */
export function barsOf(counts: readonly Counts[]): Part[][] {
  const largest = Math.max(1, ...counts.map((count) => count.sent + count.waiting + count.failed));
  return counts.map((count) => {
    const parts = kinds
      .map((kind) => ({
        kind,
        height: count[kind] === 0 ? 0 : Math.max(leastHeight, (count[kind] / largest) * 100),
      }))
      .filter(({ height }) => height > 0);
    const sum = parts.reduce((total, { height }) => total + height, 0);
    const scale = sum > 100 ? 100 / sum : 1;
    let y = 100;
    return parts.map(({ kind, height }) => {
      y -= height * scale;
      return { kind, y, height: height * scale };
    });
  });
}

export function totalsOf(counts: readonly Counts[]): Record<Kind, number> {
  const total = (kind: Kind) => counts.reduce((sum, count) => sum + count[kind], 0);
  return { sent: total("sent"), waiting: total("waiting"), failed: total("failed") };
}
