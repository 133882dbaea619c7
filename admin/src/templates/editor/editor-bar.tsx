import { Button, TextInput } from "@mantine/core";
import { Time } from "../../parts/time.tsx";
import styles from "./editor.module.css";
import { Languages } from "./languages.tsx";
import * as t from "./strings.ts";
import type { TestEmail } from "./test-email.tsx";
import type { TemplateEditor } from "./use-template-editor.ts";

interface EditorBarProps {
  readonly editor: TemplateEditor;
  readonly locale: string;
  readonly onLocale: (locale: string) => void;
  readonly canTest: boolean;
  readonly test: TestEmail;
}

/** The language that is shown, and what can be done with the whole template. */
export function EditorBar({ editor, locale, onLocale, canTest, test }: EditorBarProps) {
  return (
    <div className={styles.bar}>
      <Languages editor={editor} locale={locale} onLocale={onLocale} />
      <div className={styles.actions}>
        {editor.isDirty && (
          <TextInput
            className={styles.note}
            aria-label={t.note}
            placeholder={t.notePlaceholder}
            value={editor.note}
            onChange={(event) => editor.setNote(event.currentTarget.value)}
            maxLength={500}
            autoComplete="off"
          />
        )}
        <Button variant="default" loading={test.isPending} disabled={!canTest} onClick={() => test.send()}>
          {t.testSend}
        </Button>
        <Button onClick={editor.save} loading={editor.saving.isPending} disabled={!editor.isDirty}>
          {t.save}
        </Button>
      </div>
      <State editor={editor} />
    </div>
  );
}

/** What is saved, and whether something is not. */
export function State({
  editor: { base, isDirty, saving, discard },
}: {
  editor: Pick<TemplateEditor, "isDirty" | "discard"> & {
    readonly base: Pick<
      TemplateEditor["base"],
      "isBuiltIn" | "isEdited" | "version" | "updatedAt" | "updatedBy"
    >;
    readonly saving: { readonly isError: boolean; readonly isSuccess: boolean };
  };
}) {
  return (
    <p className={styles.state} role="status" data-good={saving.isSuccess && !isDirty ? "" : undefined}>
      {saving.isError ? `${t.refused} ` : ""}
      {isDirty ? (
        <>
          {t.unsaved}{" "}
          <Button variant="subtle" size="compact-sm" onClick={discard}>
            {t.discard}
          </Button>
        </>
      ) : base.isBuiltIn && !base.isEdited ? (
        t.builtIn
      ) : (
        <>
          {saving.isSuccess ? `${t.saved}. ` : ""}
          {t.version(base.version)}
          {base.updatedBy !== null && t.by(base.updatedBy)}
          {base.updatedAt !== null && (
            <>
              , <Time iso={base.updatedAt} />
            </>
          )}
        </>
      )}
    </p>
  );
}
