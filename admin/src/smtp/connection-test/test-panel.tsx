import { Button, TextInput, VisuallyHidden } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import type { Alternative, TestStage } from "../../api/types.ts";
import { formatDuration } from "../../parts/format.ts";
import { Notice, ProblemNotice } from "../../parts/notice.tsx";
import { Card } from "../../parts/page.tsx";
import * as shared from "../../strings.ts";
import type { Editor } from "../editor/use-config-editor.ts";
import panel from "../findings.module.css";
import { Alternatives } from "./alternatives.tsx";
import { StageList } from "./stage-list.tsx";
import { stageRows } from "./stages.ts";
import * as t from "./strings.ts";
import styles from "./test-panel.module.css";
import type { TestRun } from "./use-connection-test.ts";

interface TestPanelProps {
  readonly run: TestRun;
  readonly editor: Editor;
  /** The form has changed since the test began. */
  readonly isStale: boolean;
  readonly onStop: () => void;
  /** Tests the form as it is now. */
  readonly onTest: () => void;
  readonly onSend: (sendTo: string) => void;
}

/** The test beside the form: what will happen, what happens, what it means. */
export function TestPanel({ run, editor, isStale, onStop, onTest, onSend }: TestPanelProps) {
  const stages = stagesOf(run);
  const isRunning = run.kind === "running";
  const rows = stageRows(stages, isRunning ? run.expected : [], isRunning ? run.progress : null);
  const testAgain = isRunning ? null : onTest;
  return (
    <Card
      title={shared.connectionTestTitle}
      aside={
        isRunning && (
          <Button variant="default" size="compact-xs" onClick={onStop}>
            {t.stop}
          </Button>
        )
      }
    >
      <div className={styles.body}>
        {(run.kind === "idle" || run.kind === "refused") && <p className={panel.idle}>{t.idle}</p>}
        {isStale && rows.length > 0 && <p className={`${styles.stale} ${panel.stale}`}>{t.stale}</p>}
        <Result run={run} />
        {hasFailed(run) && editor.draft !== null && (
          <p className={`${panel.idle} ${styles.result}`}>{t.stillSending}</p>
        )}
        {rows.length > 0 && <StageList rows={rows} editor={editor} onTest={testAgain} />}
        <Alternatives
          alternatives={alternativesOf(run)}
          isLooking={isRunning && stages.some(({ status }) => status === "failed")}
          editor={editor}
          onTest={testAgain}
        />
        <Transcript stages={stages} />
      </div>
      <SendForm isRunning={isRunning} onSend={onSend} />
      <VisuallyHidden role="status">{announcement(run)}</VisuallyHidden>
    </Card>
  );
}

function Result({ run }: { run: TestRun }) {
  if (run.kind === "broken") {
    return (
      <div className={styles.result}>
        <ProblemNotice error={run.error} />
      </div>
    );
  }
  if (run.kind === "stopped") return <p className={`${panel.idle} ${styles.result}`}>{t.stopped}</p>;
  if (run.kind !== "done" || !run.report.ok) return null;
  const hasRemark = run.report.stages.some(({ status }) => status === "warning");
  const words = (hasRemark ? t.okWarning : t.ok)(formatDuration(run.report.durationMs));
  return (
    <div className={styles.result}>
      <Notice tone={hasRemark ? "warn" : "good"} title={words}>
        {run.sentTo === null ? t.mayStillRefuse : <SentTo address={run.sentTo} stages={run.report.stages} />}
      </Notice>
    </div>
  );
}

function hasFailed(run: TestRun): boolean {
  return run.kind === "done" && !run.report.ok;
}

/** A saved config's test email is in the log, like every other email. */
function SentTo({ address, stages }: { address: string; stages: readonly TestStage[] }) {
  const id = stages.find(({ stage }) => stage === "message")?.evidence.emailId;
  return (
    <>
      {t.sentTo(address)}
      {typeof id === "string" && (
        <>
          {" "}
          <Link to="/emails/$id" params={{ id }}>
            {t.seeInLog}
          </Link>
        </>
      )}
    </>
  );
}

function Transcript({ stages }: { stages: readonly TestStage[] }) {
  const spoken = stages.filter(({ transcript }) => transcript.length > 0);
  if (spoken.length === 0) return null;
  return (
    <details className={`${styles.transcript} ${panel.quoted}`}>
      <summary>{t.transcript}</summary>
      {spoken.map(({ stage, transcript }) => (
        <pre key={stage}>{transcript.map(({ from, text }) => `${t.speakers[from]} ${text}`).join("\n")}</pre>
      ))}
    </details>
  );
}

function SendForm({ isRunning, onSend }: { isRunning: boolean; onSend: (sendTo: string) => void }) {
  const [address, setAddress] = useState("");
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    onSend(address.trim());
  }
  return (
    <form className={styles.send} onSubmit={submit}>
      <TextInput
        label={t.sendTo}
        placeholder="you@example.com"
        type="email"
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value)}
        autoComplete="email"
        required
        withAsterisk={false}
      />
      <Button type="submit" variant="default" disabled={isRunning}>
        {t.send}
      </Button>
    </form>
  );
}

function stagesOf(run: TestRun): readonly TestStage[] {
  if (run.kind === "done") return run.report.stages;
  return run.kind === "running" || run.kind === "stopped" || run.kind === "broken" ? run.stages : [];
}

function alternativesOf(run: TestRun): readonly Alternative[] {
  if (run.kind === "done") return run.report.corrections;
  return run.kind === "running" ? run.alternatives : [];
}

/** For screen readers: each stage as it passes, then the whole. */
function announcement(run: TestRun): string {
  if (run.kind === "running") {
    const last = run.stages.findLast(({ status }) => status !== "skipped");
    return last === undefined ? t.running : t.announce(shared.stages[last.stage], t.statuses[last.status]);
  }
  if (run.kind !== "done" || run.report.ok) return "";
  const failed = run.report.stages.find(({ status }) => status === "failed");
  if (failed === undefined) return "";
  const { problem } = failed;
  const why = problem === undefined ? [] : [`${problem.title}.`, problem.explanation, problem.remedy];
  return [t.failedAt(shared.stages[failed.stage]), ...why].join(" ");
}
