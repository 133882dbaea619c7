import { Button, NativeSelect, SegmentedControl, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { ApiProblem } from "../../api/problem.ts";
import type { TemplatePart } from "../../api/types.ts";
import { CodeEditor, type Leap } from "../../code/code-editor.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card } from "../../parts/page.tsx";
import { UnsavedGuard } from "../../parts/unsaved-guard.tsx";
import { templatesQuery } from "../api.ts";
import { partDifferences } from "../draft.ts";
import { PreviewCard } from "../preview/preview-card.tsx";
import { useLivePreview } from "../preview/use-live-preview.ts";
import * as page from "../strings.ts";
import { PartVersions } from "../versions/part-versions.tsx";
import { ConflictNotice } from "./conflict-notice.tsx";
import styles from "./editor.module.css";
import { State } from "./editor-bar.tsx";
import { FaultList } from "./fault-list.tsx";
import { type SourceFault, textFields } from "./source-faults.ts";
import * as t from "./strings.ts";
import { usePartEditor } from "./use-part-editor.ts";
import { useSaveKey } from "./use-save-key.ts";
import { type View, ViewSwitch } from "./view-switch.tsx";

const tabs = ["mjml", "text"] as const;
type Tab = (typeof tabs)[number];

/** A part that templates share, and beside it a template that has it in it. */
export function PartEditor({ saved }: { saved: TemplatePart }) {
  const editor = usePartEditor(saved);
  const { base, draft, revision, theirs } = editor;
  const { data: templates = [] } = useQuery(templatesQuery);
  const [view, setView] = useState<View>("write");
  const [tab, setTab] = useState<Tab>("mjml");
  const [leap, setLeap] = useState<Leap | null>(null);
  const [chosen, choose] = useState<string | null>(null);
  const hint = useId();
  useSaveKey(editor.save);

  const shownWith = chosen ?? base.usedBy[0] ?? templates[0]?.name ?? "test-email";
  const { name } = base;
  const preview = useLivePreview(shownWith, { part: { name, mjml: draft.mjml, text: draft.text } });
  const faults = [editor.saving.error, preview.error].flatMap(faultsIn);
  const { error } = editor.saving;
  const isUnplaced = error !== null && theirs === null && faultsIn(error).length === 0;
  const tryable = base.usedBy.length > 0 ? base.usedBy : templates.map((each) => each.name);

  return (
    <div className={styles.page}>
      <div className={styles.bar}>
        <State editor={editor} />
        <div className={styles.actions}>
          <Button onClick={editor.save} loading={editor.saving.isPending} disabled={!editor.isDirty}>
            {t.save}
          </Button>
        </div>
      </div>
      {theirs !== null && (
        <ConflictNotice
          theirs={theirs}
          differences={partDifferences(theirs, draft)}
          onTheirs={() => void editor.load(theirs)}
          onMine={() => editor.saveOver(theirs)}
        />
      )}
      {isUnplaced && <ProblemNotice error={error} />}
      <ViewSwitch view={view} onChange={setView} />
      <div className={styles.halves} data-view={view}>
        <Card title={t.source} className={styles.source}>
          <div className={styles.inset}>
            <SegmentedControl
              aria-label={t.whatToEdit}
              data={tabs.map((each) => ({ value: each, label: t.tabs[each] }))}
              value={tab}
              onChange={(value) => setTab(value === "text" ? "text" : "mjml")}
            />
            {tab === "text" && !base.isBuiltIn && (
              <Switch
                label={t.partHasText}
                checked={draft.text !== null}
                onChange={(event) => editor.change({ text: event.currentTarget.checked ? "" : null })}
              />
            )}
            {(tab === "mjml" || draft.text !== null || base.isBuiltIn) && (
              <CodeEditor
                key={`${revision} ${tab}`}
                label={page.fields[tab]}
                hidesLabel
                language={tab}
                initial={draft[tab] ?? ""}
                onChange={(text) => editor.change({ [tab]: text })}
                faults={faults.filter(({ field }) => field === tab)}
                leap={leap}
                onLeapt={() => setLeap(null)}
                describedBy={hint}
              />
            )}
            <p id={hint} className={styles.hint}>
              {tab === "text" && `${base.isBuiltIn ? t.partTextHintLayout : t.partTextHint} `}
              {t.editorKeys}
            </p>
          </div>
          <FaultList
            faults={faults}
            onGoTo={(fault) => {
              setTab(fault.field === "text" ? "text" : "mjml");
              setLeap({ ...fault });
            }}
          />
        </Card>
        <PreviewCard
          preview={preview}
          aside={
            tryable.length > 0 && (
              <NativeSelect
                size="xs"
                aria-label={t.partTryWith}
                data={[...tryable]}
                value={shownWith}
                onChange={(event) => choose(event.currentTarget.value)}
              />
            )
          }
        />
      </div>
      <PartVersions editor={editor} />
      <UnsavedGuard isDirty={editor.isDirty} />
    </div>
  );
}

/** Of saving, pointers such as `/mjml`; of the preview, `/part/mjml`. */
function faultsIn(error: Error | null): SourceFault[] {
  if (!(error instanceof ApiProblem) || error.code === "template.version_conflict") return [];
  if (error.errors.length === 0 && error.code === "template.invalid") {
    return [{ detail: error.message, line: null, column: null, locale: null, field: null }];
  }
  return error.errors.map(({ pointer, detail, line = null, column = null }) => {
    const field = textFields.find((each) => pointer.endsWith(`/${each}`)) ?? null;
    return { detail, line, column, locale: null, field };
  });
}
