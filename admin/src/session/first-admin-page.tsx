import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import { ApiProblem, sortProblems } from "../api/problem.ts";
import { CodeBlock } from "../parts/code-block.tsx";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import { PasswordInput } from "../parts/password-input.tsx";
import * as shared from "../strings.ts";
import styles from "./entrance.module.css";
import { Entrance } from "./entrance.tsx";
import { makeFirstAdmin, sessionQuery } from "./session.ts";
import * as t from "./strings.ts";

const fields = ["name", "email", "password"] as const;

/** The one-time link: its token is in the fragment, so that no server or proxy writes it into a log. */
export function FirstAdminPage() {
  const { hash } = useLocation();
  const [token] = useState(() => new URLSearchParams(hash).get("token"));
  const navigate = useNavigate();
  const queries = useQueryClient();
  const making = useMutation({
    mutationFn: makeFirstAdmin,
    onSuccess: async (me) => {
      queries.setQueryData(sessionQuery.queryKey, me);
      await navigate({ to: "/", replace: true });
    },
  });

  if (token === null || token === "") {
    return (
      <Entrance title={t.firstAdminTitle}>
        <div className={styles.fields}>
          <Notice tone="warn" title={t.firstAdminNoToken}>
            {t.firstAdminNoTokenRemedy}
          </Notice>
          <CodeBlock code={t.signInLockedOutCommand} label={t.firstAdminNoTokenRemedy} />
        </div>
      </Entrance>
    );
  }

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    if (token === null) return;
    const form = new FormData(event.currentTarget);
    making.mutate({
      token,
      name: String(form.get("name")),
      email: String(form.get("email")),
      password: String(form.get("password")),
    });
  }

  const problem = making.error instanceof ApiProblem ? making.error : undefined;
  const wrong = sortProblems(problem?.errors ?? [], fields);
  const named = Object.keys(wrong.fields).length > 0;
  return (
    <Entrance title={t.firstAdminTitle} lead={t.firstAdminLead}>
      <form className={styles.fields} onSubmit={submit}>
        {problem?.code === "auth.link_invalid" ? (
          <>
            <Notice tone="bad" title={t.firstAdminLinkSpent} />
            <CodeBlock code={t.signInLockedOutCommand} label={t.firstAdminLinkSpent} />
          </>
        ) : (
          making.error !== null && !named && <ProblemNotice error={making.error} />
        )}
        <TextInput
          name="name"
          label={t.firstAdminName}
          autoComplete="name"
          required
          withAsterisk={false}
          error={wrong.fields.name}
        />
        <TextInput
          name="email"
          type="email"
          label={t.firstAdminEmail}
          autoComplete="username"
          required
          withAsterisk={false}
          error={wrong.fields.email}
        />
        <PasswordInput
          name="password"
          label={t.firstAdminPassword}
          autoComplete="new-password"
          minLength={12}
          description={shared.newPasswordHint}
          required
          withAsterisk={false}
          error={wrong.fields.password}
        />
        <Button type="submit" fullWidth loading={making.isPending}>
          {t.firstAdminSubmit}
        </Button>
      </form>
    </Entrance>
  );
}
