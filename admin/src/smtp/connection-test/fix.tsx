import { Button } from "@mantine/core";
import { PasswordInput } from "../../parts/password-input.tsx";
import type { Editor } from "../editor/use-config-editor.ts";
import { formFields } from "../form/form.ts";
import { settingLabel, settingWord } from "../form/setting-words.ts";
import * as page from "../strings.ts";
import * as t from "./strings.ts";
import styles from "./test-panel.module.css";

/** Fields of the form with the values that would mend it. */
export type Fix = Readonly<Record<string, unknown>>;

interface FixOfferProps {
  readonly fix: Fix;
  readonly editor: Editor;
  /** What the button says before the fix is in the form. */
  readonly label?: string;
  /** Tests the form as it is now, and saves it where it is a draft; null while a test runs. */
  readonly onTest: (() => void) | null;
}

/**
 * Puts a fix into the form, and leads on to the next test. Where the fix makes a saved password stay
 * behind, it is asked for here: the form may be far away on a phone.
 */
export function FixOffer({ fix, editor, label = t.apply, onTest }: FixOfferProps) {
  const fields: Fix = { ...editor.form };
  const shown = Object.entries(fix).filter(([field]) => formFields.some((known) => known === field));
  const isApplied = shown.every(([field, value]) => String(fields[field]) === String(value ?? ""));
  if (!isApplied) {
    return (
      <div className={styles.fix}>
        <Button size="xs" onClick={() => editor.apply(fix)}>
          {label}
        </Button>
        <span className={styles.changes}>{shown.map(words).join(" · ")}</span>
      </div>
    );
  }
  const { state, entry } = editor.password;
  const typed = entry.kind === "typed" ? entry.value : "";
  const wantsPassword = state === "required";
  return (
    <form
      className={styles.fix}
      onSubmit={(event) => {
        event.preventDefault();
        onTest?.();
      }}
    >
      <p className={styles.applied}>{t.applied}</p>
      {wantsPassword && (
        <PasswordInput
          className={styles.fixPassword}
          label={page.fields.password}
          description={t.passwordAgain}
          value={typed}
          onChange={(event) => editor.changePassword({ kind: "typed", value: event.currentTarget.value })}
          autoComplete="new-password"
          autoFocus
        />
      )}
      <Button type="submit" size="xs" disabled={onTest === null || (wantsPassword && typed === "")}>
        {editor.draft === null ? t.again : t.againAndSave}
      </Button>
    </form>
  );
}

function words([field, value]: readonly [field: string, value: unknown]): string {
  return `${settingLabel(field)}: ${field === "caPem" ? t.shownCertificate : settingWord(field, value)}`;
}
