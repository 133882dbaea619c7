import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useEffect, useRef, useState } from "react";
import { ApiProblem, sortProblems } from "../api/problem.ts";
import { Confirm } from "../parts/confirm.tsx";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card } from "../parts/page.tsx";
import { typedNumber } from "../parts/typed-number.ts";
import { UnsavedGuard } from "../parts/unsaved-guard.tsx";
import { strings } from "../strings.ts";
import { type Retention, saveRetention, settingsQuery } from "./api.ts";
import styles from "./retention.module.css";
import { WhatIsDeleted } from "./what-is-deleted.tsx";

const t = strings.retention;
const fields = ["contentRetentionDays", "emailRetentionDays"] as const;
type Field = (typeof fields)[number];

/** Two numbers of days, with what they mean beside them while they are typed. */
export function RetentionForm({ saved }: { saved: Retention }) {
  const queries = useQueryClient();
  const [edits, setEdits] = useState<Partial<Record<Field, string>>>({});
  const [asking, ask] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const saving = useMutation({
    mutationFn: saveRetention,
    onSuccess(settings) {
      queries.setQueryData(settingsQuery.queryKey, settings);
      setEdits({});
    },
    onSettled: () => ask(false),
  });

  const typed = (field: Field) => edits[field] ?? String(saved[field]);
  const wanted: Retention = {
    contentRetentionDays: typedNumber(typed("contentRetentionDays")),
    emailRetentionDays: typedNumber(typed("emailRetentionDays")),
  };
  const isDirty = fields.some((field) => wanted[field] !== saved[field]);
  const shortened = fields.filter((field) => wanted[field] < saved[field]);
  const problem = saving.error instanceof ApiProblem ? saving.error : null;
  const faults = sortProblems(problem?.errors ?? [], fields);
  const isPlaced = Object.keys(faults.fields).length > 0 && faults.rest.length === 0;

  useEffect(() => {
    if (saving.isError) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [saving.isError]);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    if (shortened.length > 0) ask(true);
    else saving.mutate(wanted);
  }

  return (
    <div className={styles.layout}>
      <Card>
        <form ref={form} onSubmit={submit} noValidate>
          <div className={styles.fields}>
            {saving.error !== null && !isPlaced && <ProblemNotice error={saving.error} />}
            {fields.map((field) => (
              <TextInput
                key={field}
                className={styles.days}
                label={t.fields[field]}
                description={t.hints[field]}
                rightSection={<span className={styles.unit}>{t.days}</span>}
                rightSectionWidth={52}
                inputMode="numeric"
                autoComplete="off"
                value={typed(field)}
                onChange={(event) => {
                  setEdits({ ...edits, [field]: event.currentTarget.value });
                  saving.reset();
                }}
                error={faults.fields[field]}
              />
            ))}
          </div>
          <div className={styles.actions}>
            <Button type="submit" loading={saving.isPending}>
              {t.save}
            </Button>
            <span
              className={styles.state}
              role="status"
              data-good={saving.isSuccess && !isDirty ? "" : undefined}
            >
              {isDirty ? (
                <>
                  {t.unsaved}{" "}
                  <Button
                    variant="subtle"
                    size="compact-sm"
                    onClick={() => {
                      setEdits({});
                      saving.reset();
                    }}
                  >
                    {t.discard}
                  </Button>
                </>
              ) : (
                saving.isSuccess && t.saved
              )}
            </span>
          </div>
        </form>
      </Card>
      <WhatIsDeleted days={wanted} />
      <Confirm
        opened={asking}
        title={t.shortenTitle}
        confirm={t.shortenConfirm}
        busy={saving.isPending}
        onConfirm={() => saving.mutate(wanted)}
        onClose={() => ask(false)}
      >
        {shortened.map((field) => t.shorten[field](wanted[field])).join(" ")} {t.shortenForGood}
      </Confirm>
      <UnsavedGuard isDirty={isDirty} />
    </div>
  );
}
