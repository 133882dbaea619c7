import { Button } from "@mantine/core";
import * as shared from "../../strings.ts";
import type { Drafts } from "../drafts/use-drafts.ts";
import { EditState } from "./edit-state.tsx";
import styles from "./editor.module.css";
import * as t from "./strings.ts";
import type { Editor } from "./use-config-editor.ts";

interface SaveActionsProps {
  readonly editor: Editor;
  readonly drafts: Drafts;
  readonly isManaged: boolean;
  readonly isTesting: boolean;
  readonly onTest: () => void;
}

/** What can be done with the form. Its submit button is the first. */
export function SaveActions({ editor, drafts, isManaged, isTesting, onTest }: SaveActionsProps) {
  const faultCount = Object.keys(editor.faults.fields).length;
  const hasChanges = editor.isDirty || editor.draft !== null;
  return (
    <div className={styles.actions}>
      {faultCount > 0 && (
        <p className={styles.faults} role="alert">
          {t.checkFields(faultCount)}
        </p>
      )}
      {!isManaged && (
        <Button type="submit" loading={editor.isSaving || drafts.isTesting}>
          {drafts.isTestedFirst ? t.testAndSave : t.save}
        </Button>
      )}
      <Button variant="default" loading={isTesting && !drafts.isTesting} onClick={onTest}>
        {shared.testConnection}
      </Button>
      {drafts.isTestedFirst && editor.isDirty && (
        <Button variant="subtle" size="compact-sm" disabled={drafts.isBusy} onClick={drafts.saveUntested}>
          {t.saveUntested}
        </Button>
      )}
      {drafts.isTestedFirst && hasChanges && <p className={styles.goesOn}>{t.goesOn}</p>}
      <EditState editor={editor} isShort={drafts.isTestedFirst} />
    </div>
  );
}
