import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import type { DnsFinding } from "../../api/types.ts";
import { CodeBlock } from "../../parts/code-block.tsx";
import { Icon, type IconName } from "../../parts/icon.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card } from "../../parts/page.tsx";
import * as shared from "../../strings.ts";
import { checkDomain } from "../api.ts";
import type { TestRun } from "../connection-test/use-connection-test.ts";
import panel from "../findings.module.css";
import type { SmtpForm } from "../form/form.ts";
import styles from "./domain-card.module.css";
import * as t from "./strings.ts";

const icons: Record<DnsFinding["status"], IconName> = {
  ok: "check",
  warning: "warning",
  failed: "cross",
  unknown: "question",
};

const tones: Record<DnsFinding["status"], "good" | "bad" | "warn" | "neutral"> = {
  ok: "good",
  warning: "warn",
  failed: "bad",
  unknown: "neutral",
};

interface DomainCardProps {
  readonly form: SmtpForm;
  readonly run: TestRun;
  /** Nothing leaves this machine, so that no receiver asks. */
  readonly isSandbox: boolean;
}

/** What receivers will find in the DNS about the sender: checked on demand, and when a test has passed. */
export function DomainCard({ form, run, isSandbox }: DomainCardProps) {
  const checking = useMutation({ mutationFn: checkDomain });
  const { data, variables, error, isPending, mutate } = checking;
  const fromEmail = form.fromEmail.trim();
  const smtpServer = form.smtpServer.trim();
  const isComplete = fromEmail !== "" && smtpServer !== "";
  const isStale =
    variables !== undefined && (variables.fromEmail !== fromEmail || variables.smtpServer !== smtpServer);

  const hasPassed = run.kind === "done" && run.report.ok;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each test that passes, with what is in the form then
  useEffect(() => {
    if (hasPassed && isComplete && !isSandbox) mutate({ fromEmail, smtpServer });
  }, [run]);

  return (
    <Card
      title={t.title}
      aside={
        <Button
          variant="default"
          size="compact-xs"
          loading={isPending}
          disabled={!isComplete}
          onClick={() => mutate({ fromEmail, smtpServer })}
        >
          {data === undefined ? t.check : t.again}
        </Button>
      }
    >
      <div className={styles.body}>
        {data === undefined && error === null && (
          <p className={panel.idle}>{isSandbox ? t.idleSandbox : t.idle}</p>
        )}
        {error !== null && <ProblemNotice error={error} />}
        {data !== undefined && error === null && (
          <>
            {isStale && <p className={`${styles.stale} ${panel.stale}`}>{t.stale}</p>}
            <p className={panel.idle}>{t.of(data.domain)}</p>
            <ul className={styles.findings}>
              {data.findings.map((finding) => (
                <Finding key={finding.check} finding={finding} />
              ))}
            </ul>
          </>
        )}
        <p role="status" className={styles.status}>
          {isPending ? t.checking : data === undefined ? "" : summary(data.findings)}
        </p>
      </div>
    </Card>
  );
}

function Finding({ finding }: { finding: DnsFinding }) {
  const { check, status, title, explanation, remedy, seen, record } = finding;
  return (
    <li className={`${styles.finding} ${styles[status] ?? ""} ${panel[tones[status]]}`}>
      <span className={panel.dot} role="img" aria-label={t.statuses[status]}>
        <Icon name={icons[status]} size={13} />
      </span>
      <div className={styles.words}>
        <p className={styles.title}>
          <span className={styles.check}>{t.checks[check]}</span> {title}
        </p>
        <p className={styles.explanation}>{explanation}</p>
        {remedy !== "" && (
          <p>
            <span className={panel.remedyLead}>{shared.remedyLead}</span> {remedy}
          </p>
        )}
        {record !== undefined && (
          <div className={styles.record}>
            <p className={styles.recordName}>{t.publish(record.type, record.name)}</p>
            <CodeBlock code={record.value} label={t.recordLabel(t.checks[check])} />
          </div>
        )}
        {seen.length > 0 && (
          <details className={panel.quoted}>
            <summary>{t.seen}</summary>
            <pre>{seen.join("\n")}</pre>
          </details>
        )}
      </div>
    </li>
  );
}

/** For screen readers: the whole in a sentence. */
function summary(findings: readonly DnsFinding[]): string {
  return findings.map(({ check, status }) => `${t.checks[check]}: ${t.statuses[status]}.`).join(" ");
}
