import { Button, TextInput } from "@mantine/core";
import { PasswordInput } from "../../parts/password-input.tsx";
import styles from "../editor/editor.module.css";
import type { Editor } from "../editor/use-config-editor.ts";
import * as page from "../strings.ts";
import { holdsInvisible } from "./invisible.ts";
import * as t from "./strings.ts";

interface PasswordFieldProps {
  readonly password: Editor["password"];
  readonly error: string | undefined;
  /** What the provider wants here; null where nothing is known of it. */
  readonly wanted: string | null;
  readonly onChange: Editor["changePassword"];
}

/** The password in each of its states; what is saved is never in the page. */
export function PasswordField({ password, error, wanted, onChange }: PasswordFieldProps) {
  const { state, entry, isUnusable } = password;
  const label = page.fields.password;

  if (state === "off") {
    return <TextInput label={label} placeholder={t.passwordNeedsUsername} disabled error={error} />;
  }
  if (state === "saved" || state === "removing") {
    return (
      <div className={styles.savedPassword}>
        <TextInput
          className={styles.grow}
          label={label}
          value={state === "saved" ? "••••••••" : ""}
          description={state === "saved" ? page.passwordSaved : t.passwordRemoving}
          error={error}
          readOnly
        />
        <Button.Group className={styles.besideInput}>
          {state === "saved" && (
            <Button variant="default" onClick={() => onChange({ kind: "typed", value: "" })}>
              {page.passwordReplace}
            </Button>
          )}
          <Button
            variant="default"
            onClick={() => onChange(state === "saved" ? { kind: "removed" } : { kind: "untouched" })}
          >
            {state === "saved" ? t.passwordRemove : t.passwordKeep}
          </Button>
        </Button.Group>
      </div>
    );
  }
  const hint =
    state === "required"
      ? isUnusable
        ? t.passwordRepair
        : t.passwordRequired
      : state === "replacing"
        ? t.passwordReplacing
        : null;
  const shownHint = error === undefined ? hint : null;
  return (
    <div className={state === "required" ? styles.required : undefined}>
      <PasswordInput
        label={label}
        value={entry.kind === "typed" ? entry.value : ""}
        onChange={(event) => onChange({ kind: "typed", value: event.currentTarget.value })}
        // The relay's password, not the one of this site.
        autoComplete="new-password"
        autoFocus={state === "replacing"}
        description={
          (shownHint ?? wanted) !== null && (
            <>
              {shownHint}
              {wanted !== null && <span className={styles.wanted}>{wanted}</span>}
            </>
          )
        }
        data-field="password"
        error={error === undefined ? undefined : (hint ?? error)}
      />
      {entry.kind === "typed" && holdsInvisible(entry.value) && (
        <p className={styles.oddity} role="status">
          {t.passwordInvisible}
        </p>
      )}
      {state === "replacing" && (
        <Button variant="subtle" size="compact-xs" mt={4} onClick={() => onChange({ kind: "untouched" })}>
          {t.passwordKeep}
        </Button>
      )}
    </div>
  );
}
