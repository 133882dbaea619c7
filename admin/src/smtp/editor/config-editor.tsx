import { type SubmitEvent, useEffect, useRef, useState } from "react";
import type { SmtpConfig, SmtpConfigDraft } from "../../api/types.ts";
import { Card } from "../../parts/page.tsx";
import { UnsavedGuard } from "../../parts/unsaved-guard.tsx";
import { expectedStages } from "../connection-test/stages.ts";
import { TestPanel } from "../connection-test/test-panel.tsx";
import { useConnectionTest } from "../connection-test/use-connection-test.ts";
import { DomainCard } from "../domain/domain-card.tsx";
import { useDrafts } from "../drafts/use-drafts.ts";
import { AdvancedFields } from "../form/advanced-fields.tsx";
import { ConfigFields } from "../form/config-fields.tsx";
import { formOf, sameForm } from "../form/form.ts";
import { useProvider } from "../providers/provider-chooser.tsx";
import styles from "./editor.module.css";
import { EditorNotices } from "./editor-notices.tsx";
import { SaveActions } from "./save-actions.tsx";
import { TakeOverChoice } from "./take-over-choice.tsx";
import { useConfigEditor } from "./use-config-editor.ts";
import { useTakeOver } from "./use-take-over.ts";

interface ConfigEditorProps {
  /** Null for a new one. */
  readonly config: SmtpConfig | null;
  readonly onCreated?: () => Promise<void>;
}

/** One config: the form, and beside it the test of what is in the form. */
export function ConfigEditor({ config, onCreated }: ConfigEditorProps) {
  const editor = useConfigEditor(config);
  const provider = useProvider(editor);
  const { run, start, stop } = useConnectionTest(editor.refuse);
  const [tested, setTested] = useState(editor.form);
  const form = useRef<HTMLFormElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const drafts = useDrafts(config, editor, (draft) => testDraft(draft, null));
  const takeOver = useTakeOver(editor.form, config === null);
  const isManaged = config !== null && config.managedBy !== null;

  const { refusals } = editor;
  const answered = useRef(0);
  useEffect(() => {
    // Only then: while faults are mended, the focus is where the admin types.
    if (refusals === answered.current || drafts.isTesting) return;
    answered.current = refusals;
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refusals, drafts.isTesting]);

  async function save(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    if (drafts.isTestedFirst) {
      const hasChanges = editor.isDirty || editor.draft !== null;
      return hasChanges ? drafts.testAndSave() : test(null);
    }
    // Only there is its password known.
    if (editor.draft !== null) return drafts.saveUntested();
    const body = editor.body();
    if (body === null) return;
    const takesOver = takeOver?.isChosen === true;
    const saved = await editor
      .save(takesOver ? { ...body, takeOverFromSandbox: true } : body)
      .catch(() => null);
    if (saved !== null && config === null) await onCreated?.();
  }

  async function test(sendTo: string | null) {
    if (editor.draft !== null) {
      // Only where it is kept is its password known.
      const draft = await drafts.store();
      if (draft !== null) await testDraft(draft, sendTo);
      return drafts.reload();
    }
    // What is saved is tested as saved, so that the result is kept with it.
    const isSaved = config !== null && !editor.isDirty;
    const settings = isSaved ? null : editor.body();
    if (settings === null && !isSaved) return;
    setTested(editor.form);
    panel.current?.scrollIntoView({ block: "nearest" });
    const order = { id: config?.id ?? null, settings, sendTo };
    await start(order, expectedStages(editor.form, sendTo !== null));
  }

  async function testDraft(draft: SmtpConfigDraft, sendTo: string | null): Promise<boolean> {
    const stored = formOf({ ...draft, enabled: editor.form.enabled });
    setTested(stored);
    panel.current?.scrollIntoView({ block: "nearest" });
    return start({ draft: draft.id, sendTo }, expectedStages(stored, sendTo !== null));
  }

  /** On from a fix: what is a draft is meant to be saved. */
  const testAgain = () => void (editor.draft === null ? test(null) : drafts.testAndSave());

  return (
    <>
      <EditorNotices config={config} editor={editor} drafts={drafts} />
      <div className={styles.layout}>
        <Card>
          <form ref={form} onSubmit={(event) => void save(event)} noValidate>
            <fieldset className={styles.all} disabled={isManaged || drafts.isTesting}>
              <ConfigFields editor={editor} />
              <AdvancedFields editor={editor} />
            </fieldset>
            {takeOver !== null && <TakeOverChoice takeOver={takeOver} />}
            <SaveActions
              editor={editor}
              drafts={drafts}
              isManaged={isManaged}
              isTesting={run.kind === "running"}
              onTest={() => void test(null)}
            />
          </form>
        </Card>
        <div className={styles.aside} ref={panel}>
          <TestPanel
            run={run}
            editor={editor}
            isStale={!sameForm(tested, editor.form)}
            onStop={stop}
            onTest={testAgain}
            onSend={(sendTo) => void test(sendTo)}
          />
          <DomainCard form={editor.form} run={run} isSandbox={provider?.id === "sandbox"} />
        </div>
      </div>
      <UnsavedGuard isDirty={editor.isDirty} />
    </>
  );
}
