import { Button, VisuallyHidden } from "@mantine/core";
import { Time } from "../../parts/time.tsx";
import styles from "./editor.module.css";
import * as t from "./strings.ts";
import type { Editor } from "./use-config-editor.ts";

interface EditStateProps {
  readonly editor: Editor;
  /** There are many words beside it. */
  readonly isShort: boolean;
}

/** Whether what is in the form is saved. */
export function EditState({ editor: { saved, isDirty, base, draft, discard }, isShort }: EditStateProps) {
  return (
    <span className={styles.state} role="status" data-good={saved !== null && !isDirty ? "" : undefined}>
      {isDirty && base !== null ? (
        <>
          {isShort ? <VisuallyHidden>{t.unsaved}</VisuallyHidden> : t.unsaved}{" "}
          <Button variant="subtle" size="compact-sm" onClick={discard}>
            {t.discard}
          </Button>
        </>
      ) : (
        (draft !== null && t.keptShort) ||
        (saved !== null && (
          <>
            {saved.words} <Time iso={saved.at} />
          </>
        ))
      )}
    </span>
  );
}
