import type { Rate, Results } from "./measure.ts";

/** All suites' results in one object, for a program. */
export function asJson(results: readonly Results[]): string {
  const { rates, ratios, figures } = merge(results);
  const perSecond = Object.fromEntries(rates.map((rate) => [rate.name, rate.perSecond]));
  return JSON.stringify({ rates: perSecond, ratios, figures }, null, 2);
}

/** The same for people. */
export function asTable(results: readonly Results[]): string {
  const { rates, ratios, figures } = merge(results);
  const width = Math.max(
    ...[...rates.map(({ name }) => name), ...Object.keys({ ...ratios, ...figures })].map(
      (name) => name.length,
    ),
  );
  const line = (name: string, ...columns: string[]) =>
    `${name.padEnd(width)}${columns.map((column) => column.padStart(13)).join("")}`;
  return [
    ...rates.map((rate) => line(rate.name, time(rate), `${short(rate.perSecond)}/s`)),
    ...Object.entries(ratios).map(([name, ratio]) => line(name, `${ratio.toFixed(2)} ×`)),
    ...Object.entries(figures).map(([name, figure]) => line(name, short(figure))),
  ].join("\n");
}

function merge(results: readonly Results[]) {
  return {
    rates: results.flatMap(({ rates }) => rates),
    ratios: Object.assign({}, ...results.map(({ ratios }) => ratios)) as Record<string, number>,
    figures: Object.assign({}, ...results.map(({ figures }) => figures)) as Record<string, number>,
  };
}

function time({ medianMicros }: Rate): string {
  return medianMicros < 10_000 ? `${medianMicros.toFixed(1)} µs` : `${(medianMicros / 1000).toFixed(0)} ms`;
}

function short(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0);
}
