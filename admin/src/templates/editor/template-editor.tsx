import { useState } from "react";
import { ApiProblem, type FieldProblem } from "../../api/problem.ts";
import type { TemplateDetail } from "../../api/types.ts";
import type { Leap } from "../../code/code-editor.tsx";
import { FieldList } from "../../parts/field-list.tsx";
import { fieldsOf } from "../../parts/json-schema.ts";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card } from "../../parts/page.tsx";
import { readData } from "../../parts/read-data.ts";
import { SendExample } from "../../parts/send-example.tsx";
import { UnsavedGuard } from "../../parts/unsaved-guard.tsx";
import { differences, draftOf } from "../draft.ts";
import { previewBody } from "../preview/preview-body.ts";
import { PreviewCard } from "../preview/preview-card.tsx";
import { useLivePreview } from "../preview/use-live-preview.ts";
import { TemplateVersions } from "../versions/template-versions.tsx";
import { ConflictNotice } from "./conflict-notice.tsx";
import styles from "./editor.module.css";
import { EditorBar } from "./editor-bar.tsx";
import { SourceCard, type Target } from "./source-card.tsx";
import { type SourceFault, sourceFaults, type TextField } from "./source-faults.ts";
import * as t from "./strings.ts";
import { TestNotice, useTestEmail } from "./test-email.tsx";
import { useSaveKey } from "./use-save-key.ts";
import { type TemplateEditor as Editor, useTemplateEditor } from "./use-template-editor.ts";
import { type View, ViewSwitch } from "./view-switch.tsx";

/** A template as it is being written: its texts, and beside them the email that they make. */
export function TemplateEditor({ saved }: { saved: TemplateDetail }) {
  const editor = useTemplateEditor(saved);
  const { draft, base } = editor;
  const locales = Object.keys(draft.sources);
  const [chosen, setLocale] = useState(() => (locales.includes("en") ? "en" : (locales[0] ?? "en")));
  const locale = locales.includes(chosen) ? chosen : (locales[0] ?? "en");
  const [view, setView] = useState<View>("write");
  const [target, setTarget] = useState<Target | null>(null);

  const body = previewBody(draft, locale, base);
  const preview = useLivePreview(base.name, body);
  const test = useTestEmail(base.name, body);

  const savingError = editor.saving.error;
  const faults = distinct([
    ...sourceFaults(errorsOf(savingError), draft, locale),
    ...sourceFaults(errorsOf(preview.error), draft, preview.locale),
  ]);

  useSaveKey(() => editor.isDirty && editor.save());

  function goTo(field: TextField, leap: Leap, where: string | null) {
    if (where !== null && locales.includes(where)) setLocale(where);
    setView("write");
    setTarget({ field, leap: { ...leap } });
  }

  const isUnplaced =
    savingError !== null &&
    !(savingError instanceof ApiProblem && savingError.errors.length > 0) &&
    editor.theirs === null;

  return (
    <div className={styles.page}>
      <EditorBar editor={editor} locale={locale} onLocale={setLocale} canTest={body !== null} test={test} />
      {editor.theirs !== null && <Conflict editor={editor} theirs={editor.theirs} />}
      {isUnplaced && <ProblemNotice error={savingError} />}
      <TestNotice test={test} />
      <ViewSwitch view={view} onChange={setView} />
      <div className={styles.halves} data-view={view}>
        <SourceCard
          editor={editor}
          locale={locale}
          faults={faults}
          target={target}
          onGoTo={(fault: SourceFault) => fault.field !== null && goTo(fault.field, fault, fault.locale)}
          onArrived={() => setTarget(null)}
        />
        <PreviewCard
          preview={preview}
          onGoTo={(warning) => goTo(warning.code === "subject_long" ? "subject" : "mjml", warning, locale)}
        />
      </div>
      <TemplateVersions editor={editor} />
      <div className={styles.pair}>
        <Card title={t.fieldsTitle}>
          <div className={styles.fields}>
            <FieldList fields={fieldsOf({}, readData(draft.schema) ?? base.schema)} />
          </div>
        </Card>
        <Card title={t.send}>
          <div className={styles.inset}>
            <SendExample
              email={{
                to: "jo@example.com",
                template: base.name,
                data: readData(draft.example) ?? base.example,
              }}
            />
          </div>
        </Card>
      </div>
      <UnsavedGuard isDirty={editor.isDirty} />
    </div>
  );
}

function Conflict({ editor, theirs }: { editor: Editor; theirs: TemplateDetail }) {
  return (
    <ConflictNotice
      theirs={theirs}
      differences={differences(draftOf(theirs), editor.draft, theirs.isBuiltIn)}
      onTheirs={() => void editor.load(theirs)}
      onMine={() => editor.saveOver(theirs)}
    />
  );
}

function errorsOf(error: Error | null): readonly FieldProblem[] {
  return error instanceof ApiProblem ? error.errors : [];
}

/** What saving refused, the preview may have found too. */
function distinct(faults: readonly SourceFault[]): SourceFault[] {
  const seen = new Set<string>();
  return faults.filter((fault) => {
    const key = JSON.stringify(fault);
    return !seen.has(key) && seen.add(key);
  });
}
