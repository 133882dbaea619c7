import type { TestStage } from "../../api/types.ts";
import { formatDuration } from "../../parts/format.ts";
import { Icon, type IconName } from "../../parts/icon.tsx";
import * as shared from "../../strings.ts";
import type { Editor } from "../editor/use-config-editor.ts";
import panel from "../findings.module.css";
import { type ChainLink, chainOf, evidenceWords } from "./evidence.ts";
import { FixOffer } from "./fix.tsx";
import type { StageRow } from "./stages.ts";
import * as t from "./strings.ts";
import styles from "./test-panel.module.css";

const icons: Record<TestStage["status"], IconName> = {
  passed: "check",
  failed: "cross",
  warning: "warning",
  skipped: "dash",
};

const tones: Record<TestStage["status"], "good" | "bad" | "warn" | "neutral"> = {
  passed: "good",
  failed: "bad",
  warning: "warn",
  skipped: "neutral",
};

interface StageListProps {
  readonly rows: readonly StageRow[];
  readonly editor: Editor;
  readonly onTest: (() => void) | null;
}

/** The way of a connection, one stage a line, with what was seen there. */
export function StageList({ rows, ...rest }: StageListProps) {
  return (
    <ol className={styles.stages}>
      {rows.map((row) => (
        <StageItem key={row.stage} row={row} {...rest} />
      ))}
    </ol>
  );
}

function StageItem({ row, editor, onTest }: Omit<StageListProps, "rows"> & { readonly row: StageRow }) {
  const { stage, result, isRunning, found } = row;
  if (result === null) {
    return (
      <li className={`${styles.stage} ${styles.toCome} ${isRunning ? styles.running : ""}`}>
        <span className={`${styles.dot} ${panel.dot}`} />
        <span className={styles.name}>{shared.stages[stage]}</span>
        {found !== null && <p className={styles.evidence}>{found}</p>}
      </li>
    );
  }
  const { status, durationMs, evidence, problem } = result;
  const seen = evidenceWords(result);
  return (
    <li className={`${styles.stage} ${styles[status] ?? ""} ${panel[tones[status]]}`}>
      <span className={`${styles.dot} ${panel.dot}`} role="img" aria-label={t.statuses[status]}>
        <Icon name={icons[status]} size={13} />
      </span>
      <span className={styles.name}>{shared.stages[stage]}</span>
      <span className={styles.duration}>{formatDuration(durationMs)}</span>
      {seen !== null && <p className={styles.evidence}>{seen}</p>}
      {stage === "tls" && <Chain chain={chainOf(evidence)} />}
      {problem !== undefined && (
        <div className={styles.problem}>
          <p className={styles.problemTitle}>{problem.title}</p>
          <p>{problem.explanation}</p>
          <p>
            <span className={panel.remedyLead}>{shared.remedyLead}</span> {problem.remedy}
          </p>
          {problem.fix !== undefined && <FixOffer fix={problem.fix} editor={editor} onTest={onTest} />}
        </div>
      )}
    </li>
  );
}

/** The certificates that the relay sent, its own first. */
function Chain({ chain }: { chain: readonly ChainLink[] }) {
  if (chain.length === 0) return null;
  return (
    <details className={styles.chain}>
      <summary>{t.chainTitle(chain.length)}</summary>
      <ol>
        {chain.map(({ subject, issuer, validTo, fingerprint256 }) => (
          <li key={fingerprint256}>
            <span>{subject}</span>
            <span>{t.chainIssuer(issuer)}</span>
            <span>{t.chainValidTo(validTo.slice(0, 10))}</span>
            <code>{fingerprint256}</code>
          </li>
        ))}
      </ol>
    </details>
  );
}
