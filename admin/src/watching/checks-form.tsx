import { Button, Textarea, TextInput } from "@mantine/core";
import { type SubmitEvent, useState } from "react";
import type { Settings } from "../api/types.ts";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card } from "../parts/page.tsx";
import { typedNumber } from "../parts/typed-number.ts";
import { UnsavedGuard } from "../parts/unsaved-guard.tsx";
import { strings } from "../strings.ts";
import { addressesIn } from "./addresses.ts";
import { useWatching } from "./use-watching.ts";
import styles from "./watching.module.css";

const t = strings.watching;

/** How often is looked, and who gets an email. */
export function ChecksForm({ saved }: { saved: Settings }) {
  const [hours, setHours] = useState<string | null>(null);
  const [emails, setEmails] = useState<string | null>(null);
  const { form, saving, faults, error } = useWatching(saved, ["checkEveryHours", "alertEmails"], () => {
    setHours(null);
    setEmails(null);
  });
  const isDirty = hours !== null || emails !== null;

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    saving.mutate({
      ...(hours === null ? {} : { checkEveryHours: typedNumber(hours) }),
      ...(emails === null ? {} : { alertEmails: addressesIn(emails) }),
    });
  }

  return (
    <Card title={t.checks}>
      <form ref={form} onSubmit={submit} noValidate>
        <div className={styles.fields}>
          {error !== null && <ProblemNotice error={error} />}
          <TextInput
            className={styles.hours}
            label={t.every}
            description={t.everyHint}
            rightSection={<span className={styles.unit}>{t.hours}</span>}
            rightSectionWidth={56}
            inputMode="numeric"
            autoComplete="off"
            value={hours ?? String(saved.checkEveryHours)}
            onChange={(event) => {
              setHours(event.currentTarget.value);
              saving.reset();
            }}
            error={faults.checkEveryHours}
          />
          <Textarea
            label={t.emails}
            description={t.emailsHint}
            placeholder={t.allAdmins}
            autosize
            minRows={2}
            maxRows={8}
            value={emails ?? (saved.alertEmails ?? []).join("\n")}
            onChange={(event) => {
              setEmails(event.currentTarget.value);
              saving.reset();
            }}
            error={faults.alertEmails}
          />
        </div>
        <div className={styles.actions}>
          <Button type="submit" loading={saving.isPending}>
            {t.save}
          </Button>
          <span className={styles.state} role="status">
            {isDirty ? t.unsaved : saving.isSuccess && t.saved}
          </span>
        </div>
      </form>
      <UnsavedGuard isDirty={isDirty} />
    </Card>
  );
}
