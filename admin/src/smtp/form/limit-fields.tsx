import { TextInput } from "@mantine/core";
import { Icon } from "../../parts/icon.tsx";
import styles from "../editor/editor.module.css";
import type { FieldsProps } from "../editor/use-config-editor.ts";
import { useProvider } from "../providers/provider-chooser.tsx";
import * as page from "../strings.ts";
import { limitFields, type SmtpForm } from "./form.ts";
import * as t from "./strings.ts";

const hints: Partial<Record<keyof SmtpForm, string>> = {
  maxConnections: t.hintMaxConnections,
  maxPerSecond: t.hintMaxPerSecond,
};

/** How much a config sends at most, with what its provider says of it. */
export function LimitFields({ editor }: FieldsProps) {
  const { form, faults, change } = editor;
  const provider = useProvider(editor);
  return (
    <fieldset className={styles.limits}>
      <legend>{t.limits}</legend>
      <div>
        <p className={styles.hint}>{t.hintLimits}</p>
        {provider?.limits != null && (
          <p className={styles.hint}>
            {provider.limits.hint}{" "}
            <a className={styles.help} href={provider.limits.source} target="_blank" rel="noreferrer">
              {t.limitsSource(provider.name)}
              <Icon name="external" size={14} />
            </a>
          </p>
        )}
      </div>
      <div className={styles.pair}>
        {(["maxConnections", ...limitFields] as const).map((field) => (
          <TextInput
            key={field}
            label={page.fields[field]}
            description={hints[field]}
            inputMode="numeric"
            value={form[field]}
            onChange={(event) => change({ [field]: event.currentTarget.value })}
            error={faults.fields[field]}
            autoComplete="off"
          />
        ))}
      </div>
    </fieldset>
  );
}
