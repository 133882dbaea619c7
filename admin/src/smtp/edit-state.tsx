import { Button } from "@mantine/core";
import { Time } from "../parts/time.tsx";
import { strings } from "../strings.ts";
import styles from "./editor.module.css";
import type { Editor } from "./use-config-editor.ts";

const t = strings.smtp;

/** Whether what is in the form is saved. */
export function EditState({ editor: { saved, isDirty, base, discard } }: { editor: Editor }) {
  return (
    <span className={styles.state} role="status" data-good={saved !== null && !isDirty ? "" : undefined}>
      {isDirty && base !== null ? (
        <>
          <span className={styles.unsaved}>{t.unsaved}</span>{" "}
          <Button variant="subtle" size="compact-sm" onClick={discard}>
            {t.discard}
          </Button>
        </>
      ) : (
        saved !== null && (
          <>
            {saved.words} <Time iso={saved.at} />
          </>
        )
      )}
    </span>
  );
}
