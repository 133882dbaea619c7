import { Button } from "@mantine/core";
import type { TestStage } from "../api/types.ts";
import { formatDuration } from "../parts/format.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { strings } from "../strings.ts";
import { evidenceWords } from "./evidence.ts";
import { formFields, type SmtpForm } from "./form.ts";
import type { StageRow } from "./stages.ts";
import styles from "./test-panel.module.css";

const t = strings.test;

const icons: Record<TestStage["status"], IconName> = {
  passed: "check",
  failed: "cross",
  warning: "warning",
  skipped: "dash",
};

type Fix = Readonly<Record<string, unknown>>;

interface StageListProps {
  readonly rows: readonly StageRow[];
  /** Puts a fix into the form. */
  readonly onApply: (fix: Fix) => void;
  readonly form: SmtpForm;
}

/** The way of a connection, one stage a line, with what was seen there. */
export function StageList({ rows, onApply, form }: StageListProps) {
  return (
    <ol className={styles.stages}>
      {rows.map((row) => (
        <StageItem key={row.stage} row={row} onApply={onApply} form={form} />
      ))}
    </ol>
  );
}

function StageItem({ row, onApply, form }: Omit<StageListProps, "rows"> & { readonly row: StageRow }) {
  const { stage, result, isRunning } = row;
  if (result === null) {
    return (
      <li className={`${styles.stage} ${styles.toCome} ${isRunning ? styles.running : ""}`}>
        <span className={styles.dot} />
        <span className={styles.name}>{t.stages[stage]}</span>
      </li>
    );
  }
  const { status, durationMs, problem } = result;
  const seen = evidenceWords(result);
  return (
    <li className={`${styles.stage} ${styles[status]}`}>
      <span className={styles.dot} role="img" aria-label={t.statuses[status]}>
        <Icon name={icons[status]} size={13} />
      </span>
      <span className={styles.name}>{t.stages[stage]}</span>
      <span className={styles.duration}>{formatDuration(durationMs)}</span>
      {seen !== null && <p className={styles.evidence}>{seen}</p>}
      {problem !== undefined && (
        <div className={styles.problem}>
          <p className={styles.problemTitle}>{problem.title}</p>
          <p>{problem.explanation}</p>
          <p>
            <span className={styles.remedyLead}>{strings.remedyLead}</span> {problem.remedy}
          </p>
          {problem.fix !== undefined && <FixButton fix={problem.fix} form={form} onApply={onApply} />}
        </div>
      )}
    </li>
  );
}

function FixButton({ fix, form, onApply }: { fix: Fix; form: SmtpForm; onApply: (fix: Fix) => void }) {
  const fields: Fix = { ...form };
  const shown = Object.entries(fix).filter(([field]) => formFields.some((known) => known === field));
  const isApplied = shown.every(([field, value]) => String(fields[field]) === String(value ?? ""));
  return (
    <div className={styles.fix}>
      <Button size="xs" disabled={isApplied} onClick={() => onApply(fix)}>
        {isApplied ? t.applied : t.apply}
      </Button>
      {!isApplied && (
        <span className={styles.changes}>
          {shown.map(([field, value]) => `${labelOf(field)}: ${wordFor(field, value)}`).join(" · ")}
        </span>
      )}
    </div>
  );
}

function labelOf(field: string): string {
  return Object.entries(strings.smtp.fields).find(([name]) => name === field)?.[1] ?? field;
}

function wordFor(field: string, value: unknown): string {
  if (typeof value === "boolean") return value ? strings.on : strings.off;
  const choices = { ...strings.smtp.tlsModes, ...strings.smtp.authMethods };
  const word = Object.entries(choices).find(([name]) => name === value)?.[1];
  return field === "tlsMode" || field === "authMethod" ? (word ?? String(value)) : String(value ?? "");
}
