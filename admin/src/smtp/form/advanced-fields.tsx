import { NativeSelect, Switch, Textarea, TextInput } from "@mantine/core";
import { useId, useState } from "react";
import type { AuthMethod } from "../../api/model.ts";
import { Icon } from "../../parts/icon.tsx";
import styles from "../editor/editor.module.css";
import type { FieldsProps } from "../editor/use-config-editor.ts";
import * as page from "../strings.ts";
import { advancedFields, type SmtpForm } from "./form.ts";
import { LimitFields } from "./limit-fields.tsx";
import * as t from "./strings.ts";

const authMethods = Object.entries(t.authMethods).map(([value, label]) => ({ value, label }));

/** What most relays do not need. Opens by itself when a fault is inside. */
export function AdvancedFields({ editor }: FieldsProps) {
  const { form, faults, change } = editor;
  const [isChosenOpen, choose] = useState(false);
  const isOpen = isChosenOpen || advancedFields.some((field) => faults.fields[field] !== undefined);
  const id = useId();

  const text = (field: TextField, hint?: string) => ({
    label: page.fields[field],
    ...(hint === undefined ? {} : { description: hint }),
    value: form[field],
    onChange: (event: { currentTarget: { value: string } }) => change({ [field]: event.currentTarget.value }),
    error: faults.fields[field],
    spellCheck: false,
    autoComplete: "off",
  });

  return (
    <div>
      <button
        type="button"
        className={styles.fold}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => choose(!isOpen)}
      >
        <Icon name="chevronRight" size={16} />
        <span>{t.advanced}</span>
        <span className={styles.foldHint}>{t.advancedHint}</span>
      </button>
      <div id={id} className={styles.advancedFields} hidden={!isOpen}>
        <div className={styles.pair}>
          <TextInput {...text("name", t.hintName)} placeholder={form.smtpServer} />
          <TextInput {...text("replyTo", t.hintReplyTo)} inputMode="email" />
        </div>
        <div className={styles.pair}>
          <NativeSelect
            label={page.fields.authMethod}
            data={authMethods}
            value={form.authMethod}
            onChange={(event) => change({ authMethod: event.currentTarget.value as AuthMethod })}
            error={faults.fields.authMethod}
          />
          <TextInput {...text("ehloName", t.hintEhloName)} />
        </div>
        <Textarea
          {...text("senders", t.hintSenders)}
          placeholder={"orders@example.com\n@shop.example.com"}
          autosize={false}
          rows={3}
        />
        <TextInput {...text("bcc", t.hintBcc)} inputMode="email" placeholder="archive@example.com" />
        <LimitFields editor={editor} />
        <Textarea
          {...text("caPem", t.hintCaPem)}
          placeholder="-----BEGIN CERTIFICATE-----"
          autosize={false}
          rows={4}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.75rem" } }}
        />
        <Switch
          label={page.fields.allowCleartextAuth}
          description={t.hintAllowCleartextAuth}
          checked={form.allowCleartextAuth}
          onChange={(event) => change({ allowCleartextAuth: event.currentTarget.checked })}
          error={faults.fields.allowCleartextAuth}
        />
        <Switch
          label={page.fields.enabled}
          checked={form.enabled}
          onChange={(event) => change({ enabled: event.currentTarget.checked })}
          error={faults.fields.enabled}
        />
      </div>
    </div>
  );
}

/** The fields whose input holds free text. */
type TextField = {
  [Field in keyof SmtpForm]: string extends SmtpForm[Field] ? Field : never;
}[keyof SmtpForm];
