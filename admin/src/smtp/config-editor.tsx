import { Button } from "@mantine/core";
import { type SubmitEvent, useEffect, useRef, useState } from "react";
import { ApiProblem } from "../api/problem.ts";
import type { SmtpConfig } from "../api/types.ts";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import { Card } from "../parts/page.tsx";
import { Time } from "../parts/time.tsx";
import { UnsavedGuard } from "../parts/unsaved-guard.tsx";
import { strings } from "../strings.ts";
import { AdvancedFields } from "./advanced-fields.tsx";
import { ConfigFields } from "./config-fields.tsx";
import { isPaused, Pause } from "./config-status.tsx";
import styles from "./editor.module.css";
import { sameForm } from "./form.ts";
import { ResumeConfig } from "./resume-config.tsx";
import { expectedStages } from "./stages.ts";
import { TestPanel } from "./test-panel.tsx";
import { type Editor, useConfigEditor } from "./use-config-editor.ts";
import { useConnectionTest } from "./use-connection-test.ts";

const t = strings.smtp;

interface ConfigEditorProps {
  /** Null for a new one. */
  readonly config: SmtpConfig | null;
  readonly onCreated?: () => Promise<void>;
}

/** One config: the form, and beside it the test of what is in the form. */
export function ConfigEditor({ config, onCreated }: ConfigEditorProps) {
  const editor = useConfigEditor(config);
  const { run, start, stop } = useConnectionTest(editor.refuse);
  const [tested, setTested] = useState(editor.form);
  const form = useRef<HTMLFormElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const faultCount = Object.keys(editor.faults.fields).length;

  const { refusals } = editor;
  useEffect(() => {
    // Only then: while faults are mended, the focus is where the admin types.
    if (refusals > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refusals]);

  async function save(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const body = editor.body();
    if (body === null) return;
    const saved = await editor.save(body).catch(() => null);
    if (saved !== null && config === null) await onCreated?.();
  }

  async function test(sendTo: string | null) {
    // What is saved is tested as saved, so that the result is kept with it.
    const isSaved = config !== null && !editor.isDirty;
    const settings = isSaved ? null : editor.body();
    if (settings === null && !isSaved) return;
    setTested(editor.form);
    panel.current?.scrollIntoView({ block: "nearest" });
    const order = { id: config?.id ?? null, settings, sendTo };
    await start(order, expectedStages(editor.form, sendTo !== null));
  }

  return (
    <>
      <Notices config={config} editor={editor} />
      <div className={styles.layout}>
        <Card>
          <form ref={form} onSubmit={(event) => void save(event)} noValidate>
            <ConfigFields editor={editor} />
            <AdvancedFields editor={editor} />
            <div className={styles.actions}>
              {faultCount > 0 && (
                <p className={styles.faults} role="alert">
                  {t.checkFields(faultCount)}
                </p>
              )}
              <Button type="submit" loading={editor.isSaving}>
                {t.save}
              </Button>
              <Button variant="default" loading={run.kind === "running"} onClick={() => void test(null)}>
                {t.test}
              </Button>
              <EditState editor={editor} />
            </div>
          </form>
        </Card>
        <div className={styles.aside} ref={panel}>
          <TestPanel
            run={run}
            editor={editor}
            isStale={!sameForm(tested, editor.form)}
            onStop={stop}
            onTest={() => void test(null)}
            onSend={(sendTo) => void test(sendTo)}
          />
        </div>
      </div>
      <UnsavedGuard isDirty={editor.isDirty} />
    </>
  );
}

function EditState({ editor }: { editor: Editor }) {
  return (
    <span
      className={styles.state}
      role="status"
      data-good={editor.savedAt !== null && !editor.isDirty ? "" : undefined}
    >
      {editor.isDirty && editor.base !== null ? (
        <>
          {t.unsaved}{" "}
          <Button variant="subtle" size="compact-sm" onClick={editor.discard}>
            {t.discard}
          </Button>
        </>
      ) : (
        editor.savedAt !== null && (
          <>
            {t.saved} <Time iso={editor.savedAt} />
          </>
        )
      )}
    </span>
  );
}

interface NoticesProps {
  /** As it is now: what the form is of does not tell of a pause that came or went since. */
  readonly config: SmtpConfig | null;
  readonly editor: Editor;
}

function Notices({ config, editor }: NoticesProps) {
  const { base, faults } = editor;
  const notices = [
    base !== null && base.problem !== null && (
      <Notice key="problem" tone="warn" title={t.state.broken}>
        {base.problem.detail}
      </Notice>
    ),
    config !== null && config.pausedUntil !== null && isPaused(config) && (
      <Notice
        key="paused"
        tone="warn"
        title={<Pause until={config.pausedUntil} />}
        actions={<ResumeConfig config={config} onResumed={focusPage} />}
      >
        {config.pausedReason}
      </Notice>
    ),
    faults.other !== null && (
      <Refusal key="refusal" error={faults.other} onLoad={() => void editor.loadCurrent()} />
    ),
  ].filter((notice) => notice !== false);
  return notices.length === 0 ? null : <div className={styles.notices}>{notices}</div>;
}

/** As after a change of the page: the notice with its button is gone. */
function focusPage() {
  document.querySelector("main")?.focus({ preventScroll: true });
}

function Refusal({ error, onLoad }: { error: Error; onLoad: () => void }) {
  if (error instanceof ApiProblem && error.code === "config.version_conflict") {
    return (
      <Notice
        tone="warn"
        title={t.conflict}
        actions={
          <Button size="xs" onClick={onLoad}>
            {t.loadCurrent}
          </Button>
        }
      >
        {t.conflictRemedy}
      </Notice>
    );
  }
  return <ProblemNotice error={error} />;
}
