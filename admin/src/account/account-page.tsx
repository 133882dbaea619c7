import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useRef } from "react";
import { api } from "../api/client.ts";
import { ApiProblem, sortProblems } from "../api/problem.ts";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import { Card, Page } from "../parts/page.tsx";
import { PasswordInput } from "../parts/password-input.tsx";
import { sessionQuery } from "../session/session.ts";
import * as shared from "../strings.ts";
import styles from "./account.module.css";
import { sessionsQuery } from "./api.ts";
import { Sessions } from "./sessions.tsx";
import * as t from "./strings.ts";

const fields = ["currentPassword", "newPassword"] as const;

export function AccountPage() {
  const { data: me } = useQuery(sessionQuery);
  return (
    <Page title={t.title} lead={me == null ? undefined : shared.signedInAs(me.email ?? me.name)}>
      {me?.via === "session" && (
        <div className={styles.cards}>
          <Card title={t.password} className={styles.card}>
            <PasswordForm />
          </Card>
          <Sessions />
        </div>
      )}
    </Page>
  );
}

function PasswordForm() {
  const form = useRef<HTMLFormElement>(null);
  const queries = useQueryClient();
  const changing = useMutation({
    mutationFn: async (json: { currentPassword: string; newPassword: string }) => {
      await api.auth["change-password"].$post({ json });
    },
    onSuccess: async () => {
      form.current?.reset();
      await queries.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    },
  });
  const problem = changing.error instanceof ApiProblem ? changing.error : null;
  const wrong = sortProblems(problem?.errors ?? [], fields).fields;
  const isCurrentWrong = problem?.code === "auth.failed";
  const isPlaced = isCurrentWrong || Object.keys(wrong).length > 0;

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const entries = new FormData(event.currentTarget);
    changing.mutate({
      currentPassword: String(entries.get("currentPassword")),
      newPassword: String(entries.get("newPassword")),
    });
  }

  return (
    <form ref={form} className={styles.form} onSubmit={submit}>
      {changing.isSuccess && <Notice tone="good" title={t.changed} />}
      {changing.error !== null && !isPlaced && <ProblemNotice error={changing.error} />}
      <PasswordInput
        name="currentPassword"
        label={t.current}
        autoComplete="current-password"
        required
        withAsterisk={false}
        error={isCurrentWrong ? t.currentWrong : wrong.currentPassword}
      />
      <PasswordInput
        name="newPassword"
        label={t.next}
        autoComplete="new-password"
        minLength={12}
        description={shared.newPasswordHint}
        required
        withAsterisk={false}
        error={wrong.newPassword}
      />
      <p className={styles.hint}>{t.hint}</p>
      <div>
        <Button type="submit" loading={changing.isPending}>
          {t.submit}
        </Button>
      </div>
    </form>
  );
}
