import { TextInput } from "@mantine/core";
import { useState } from "react";
import { faultAt } from "../api/problem.ts";
import type { Settings } from "../api/types.ts";
import { Confirm } from "../parts/confirm.tsx";
import { typedNumber } from "../parts/typed-number.ts";
import { SettingsForm } from "../settings/settings-form.tsx";
import { type SettingsFields, useSettingsForm } from "../settings/use-settings-form.ts";
import styles from "./retention.module.css";
import * as t from "./strings.ts";
import { WhatIsDeleted } from "./what-is-deleted.tsx";

const names = ["contentRetentionDays", "emailRetentionDays"] as const;
type Typed = Record<(typeof names)[number], string>;

const days = { show: String, read: typedNumber };
const fields: SettingsFields<Typed> = { contentRetentionDays: days, emailRetentionDays: days };

/** Two numbers of days, with what they mean beside them while they are typed. */
export function RetentionForm({ saved }: { saved: Settings }) {
  const [asking, ask] = useState(false);
  const form = useSettingsForm(saved, fields);
  const wanted = {
    contentRetentionDays: form.readOf("contentRetentionDays"),
    emailRetentionDays: form.readOf("emailRetentionDays"),
  };
  const shortened = names.filter((field) => wanted[field] < form.base[field]);

  return (
    <div className={styles.layout}>
      <SettingsForm form={form} onSubmit={() => (shortened.length > 0 ? ask(true) : form.save())}>
        {names.map((field) => (
          <TextInput
            key={field}
            className={styles.days}
            label={t.fields[field]}
            description={t.hints[field]}
            rightSection={<span className={styles.unit}>{t.days}</span>}
            rightSectionWidth={52}
            inputMode="numeric"
            autoComplete="off"
            value={form.typedOf(field)}
            onChange={(event) => form.edit({ [field]: event.currentTarget.value })}
            error={faultAt(form.error, `/${field}`)}
          />
        ))}
      </SettingsForm>
      <WhatIsDeleted days={wanted} />
      <Confirm
        opened={asking}
        title={t.shortenTitle}
        confirm={t.shortenConfirm}
        busy={form.isSaving}
        onConfirm={() => form.save(() => ask(false))}
        onClose={() => ask(false)}
      >
        {shortened.map((field) => t.shorten[field](wanted[field])).join(" ")} {t.shortenForGood}
      </Confirm>
    </div>
  );
}
