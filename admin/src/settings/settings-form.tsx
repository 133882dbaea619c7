import { Button } from "@mantine/core";
import type { ReactNode, SubmitEvent } from "react";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import { Card } from "../parts/page.tsx";
import { UnsavedGuard } from "../parts/unsaved-guard.tsx";
import styles from "./settings-form.module.css";
import * as t from "./strings.ts";
import type { SettingsFormState } from "./use-settings-form.ts";

interface SettingsFormProps {
  readonly form: SettingsFormState;
  readonly title?: string;
  /** The fields. */
  readonly children: ReactNode;
  /** What else can be done, beside saving. */
  readonly actions?: ReactNode;
  /** In place of saving at once. */
  readonly onSubmit?: () => void;
}

/** A card with some settings and what can be done with them: save, discard, and what came in between. */
export function SettingsForm({ form, title, children, actions, onSubmit }: SettingsFormProps) {
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    if (onSubmit !== undefined) onSubmit();
    else form.save();
  }

  return (
    <Card {...(title === undefined ? {} : { title })}>
      <form ref={form.element} onSubmit={submit} noValidate>
        <div className={styles.fields}>
          {form.isConflict ? (
            <Notice
              tone="warn"
              title={t.conflict}
              actions={
                <Button size="xs" onClick={() => void form.loadCurrent()}>
                  {t.loadCurrent}
                </Button>
              }
            >
              {form.error?.message}
            </Notice>
          ) : (
            form.error !== null && !form.isPlaced && <ProblemNotice error={form.error} />
          )}
          {children}
        </div>
        <div className={styles.actions}>
          <Button type="submit" loading={form.isSaving}>
            {t.save}
          </Button>
          {actions}
          <span className={styles.state} role="status" data-good={form.isSaved ? "" : undefined}>
            {form.isDirty ? (
              <>
                {t.unsaved}{" "}
                <Button variant="subtle" size="compact-sm" onClick={form.discard}>
                  {t.discard}
                </Button>
              </>
            ) : (
              form.isSaved && t.saved
            )}
          </span>
        </div>
      </form>
      <UnsavedGuard isDirty={form.isDirty} />
    </Card>
  );
}
