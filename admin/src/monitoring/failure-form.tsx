import { TextInput } from "@mantine/core";
import { faultAt } from "../api/problem.ts";
import type { Settings } from "../api/types.ts";
import { typedNumber } from "../parts/typed-number.ts";
import { SettingsForm } from "../settings/settings-form.tsx";
import { type SettingsFields, useSettingsForm } from "../settings/use-settings-form.ts";
import styles from "./monitoring.module.css";
import * as t from "./strings.ts";

type Name = "failureAlertPercent" | "failureAlertMinEmails";

const fields: SettingsFields<Record<Name, string>> = {
  failureAlertPercent: { show: String, read: typedNumber },
  failureAlertMinEmails: { show: String, read: typedNumber },
};

/** From which share of failed emails on an alert is raised. */
export function FailureForm({ saved }: { saved: Settings }) {
  const form = useSettingsForm(saved, fields);
  const field = (name: Name, words: { label: string; description: string; unit: string }) => (
    <TextInput
      className={styles.hours}
      label={words.label}
      description={words.description}
      rightSection={<span className={styles.unit}>{words.unit}</span>}
      rightSectionWidth={64}
      inputMode="numeric"
      autoComplete="off"
      value={form.typedOf(name)}
      onChange={(event) => form.edit({ [name]: event.currentTarget.value })}
      error={faultAt(form.error, `/${name}`)}
    />
  );
  return (
    <SettingsForm form={form} title={t.failures}>
      {field("failureAlertPercent", {
        label: t.failurePercent,
        description: t.failurePercentHint,
        unit: t.percent,
      })}
      {field("failureAlertMinEmails", {
        label: t.failureMin,
        description: t.failureMinHint,
        unit: t.emailsUnit,
      })}
    </SettingsForm>
  );
}
