import { Textarea, TextInput } from "@mantine/core";
import { faultAt } from "../api/problem.ts";
import type { Settings } from "../api/types.ts";
import { typedNumber } from "../parts/typed-number.ts";
import { SettingsForm } from "../settings/settings-form.tsx";
import { type SettingsFields, useSettingsForm } from "../settings/use-settings-form.ts";
import { addressesIn } from "./addresses.ts";
import styles from "./monitoring.module.css";
import * as t from "./strings.ts";

const fields: SettingsFields<{ checkEveryHours: string; alertEmails: string }> = {
  checkEveryHours: { show: String, read: typedNumber },
  alertEmails: { show: (emails) => (emails ?? []).join("\n"), read: addressesIn },
};

/** How often is looked, and who gets an email. */
export function ChecksForm({ saved }: { saved: Settings }) {
  const form = useSettingsForm(saved, fields);
  return (
    <SettingsForm form={form} title={t.checks}>
      <TextInput
        className={styles.hours}
        label={t.every}
        description={t.everyHint}
        rightSection={<span className={styles.unit}>{t.hours}</span>}
        rightSectionWidth={56}
        inputMode="numeric"
        autoComplete="off"
        value={form.typedOf("checkEveryHours")}
        onChange={(event) => form.edit({ checkEveryHours: event.currentTarget.value })}
        error={faultAt(form.error, "/checkEveryHours")}
      />
      <Textarea
        label={t.emails}
        description={t.emailsHint}
        placeholder={t.allAdmins}
        autosize
        minRows={2}
        maxRows={8}
        value={form.typedOf("alertEmails")}
        onChange={(event) => form.edit({ alertEmails: event.currentTarget.value })}
        error={faultAt(form.error, "/alertEmails")}
      />
    </SettingsForm>
  );
}
