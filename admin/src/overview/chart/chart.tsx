import { barsOf, type Counts, kinds, totalsOf } from "./bars.ts";
import styles from "./chart.module.css";
import * as t from "./strings.ts";

interface ChartProps {
  readonly title: string;
  readonly counts: readonly Counts[];
  /** How a span is called, by its start. */
  readonly nameOf: (from: number) => string;
}

/** What became of emails, span by span: as bars, in numbers beneath, and as a table for who wants it. */
export function Chart({ title, counts, nameOf }: ChartProps) {
  const totals = totalsOf(counts);
  const isEmpty = kinds.every((kind) => totals[kind] === 0);
  const [first] = counts;
  const middle = counts[Math.floor(counts.length / 2)];
  return (
    <div className={styles.chart}>
      <dl className={styles.totals}>
        {kinds.map((kind) => (
          <div key={kind} className={styles[kind]}>
            <dt>{t.kinds[kind]}</dt>
            <dd>{totals[kind].toLocaleString("en")}</dd>
          </div>
        ))}
      </dl>
      <div className={styles.plot}>
        <Bars title={t.summary(title, totals)} counts={counts} nameOf={nameOf} />
        {isEmpty && <span className={styles.nothing}>{t.nothing}</span>}
      </div>
      <div className={styles.axis} aria-hidden="true">
        <span>{first !== undefined && nameOf(first.from)}</span>
        <span>{middle !== undefined && nameOf(middle.from)}</span>
        <span>{t.now}</span>
      </div>
      {!isEmpty && <Numbers title={title} counts={counts} nameOf={nameOf} />}
    </div>
  );
}

function Bars({ title, counts, nameOf }: ChartProps) {
  const bars = barsOf(counts);
  return (
    <svg
      className={styles.bars}
      role="img"
      aria-label={title}
      viewBox={`0 0 ${counts.length} 100`}
      preserveAspectRatio="none"
    >
      {counts.map((count, index) => (
        <g key={count.from} className={styles.bar}>
          <title>{t.span(nameOf(count.from), count)}</title>
          <rect className={styles.hover} x={index} width={1} y={0} height={100} />
          {bars[index]?.map(({ kind, y, height }) => (
            <rect key={kind} className={styles[kind]} x={index + 0.14} width={0.72} y={y} height={height} />
          ))}
        </g>
      ))}
    </svg>
  );
}

function Numbers({ title, counts, nameOf }: ChartProps) {
  const filled = counts.filter((count) => kinds.some((kind) => count[kind] > 0)).toReversed();
  return (
    <details className={styles.numbers}>
      <summary>{t.numbers}</summary>
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{t.from}</th>
            {kinds.map((kind) => (
              <th key={kind} scope="col">
                {t.kinds[kind]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {filled.map((count) => (
            <tr key={count.from}>
              <th scope="row">{nameOf(count.from)}</th>
              {kinds.map((kind) => (
                <td key={kind}>{count[kind].toLocaleString("en")}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
