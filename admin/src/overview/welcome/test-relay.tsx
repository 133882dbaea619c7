import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ApiProblem } from "../../api/problem.ts";
import type { SmtpConfig, TestStage } from "../../api/types.ts";
import { Icon } from "../../parts/icon.tsx";
import { Notice, ProblemNotice } from "../../parts/notice.tsx";
import { useConnectionTest } from "../../smtp/connection-test/use-connection-test.ts";
import * as shared from "../../strings.ts";
import * as t from "./strings.ts";
import styles from "./welcome.module.css";

/** Test Connection for the saved config, in short. */
export function TestRelay({ config: { id, name, lastTest } }: { config: SmtpConfig }) {
  const [refusal, setRefusal] = useState<ApiProblem | null>(null);
  const { run, start } = useConnectionTest(setRefusal);
  const stages = run.kind === "done" ? run.report.stages : "stages" in run ? run.stages : [];
  const failed = stages.find(({ status }) => status === "failed");
  const error = run.kind === "broken" ? run.error : refusal;
  return (
    <>
      <p className={styles.hint}>{t.testHint(name)}</p>
      <div className={styles.actions}>
        <Button
          loading={run.kind === "running"}
          onClick={() => {
            setRefusal(null);
            void start({ id, settings: null, sendTo: null }, []);
          }}
        >
          {shared.testConnection}
        </Button>
        <Link to="/settings/smtp">{t.testChange}</Link>
      </div>
      <Ticks stages={stages} />
      {error !== null && <ProblemNotice error={error} />}
      {failed?.problem !== undefined ? (
        <Notice tone="bad" title={failed.problem.title}>
          {failed.problem.explanation} {failed.problem.remedy}
        </Notice>
      ) : (
        run.kind === "idle" &&
        lastTest?.ok === false && <Notice tone="warn" title={lastTest.title ?? t.testFailed} />
      )}
    </>
  );
}

function Ticks({ stages }: { stages: readonly TestStage[] }) {
  const come = stages.filter(({ status }) => status !== "skipped");
  if (come.length === 0) return null;
  return (
    <ol className={styles.ticks} aria-label={shared.connectionTestTitle}>
      {come.map(({ stage, status }) => (
        <li key={stage} data-status={status}>
          <Icon name={status === "failed" ? "cross" : "check"} size={13} />
          {shared.stages[stage]}
        </li>
      ))}
    </ol>
  );
}
