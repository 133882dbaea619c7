import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import type { SubmitEvent } from "react";
import { basePath } from "../api/base-path.ts";
import { ApiProblem } from "../api/problem.ts";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import { PasswordInput } from "../parts/password-input.tsx";
import styles from "./entrance.module.css";
import { Entrance } from "./entrance.tsx";
import { sessionQuery, signIn } from "./session.ts";
import * as t from "./strings.ts";

const route = getRouteApi("/sign-in");

export function SignInPage() {
  const { back, ended, changed } = route.useSearch();
  const router = useRouter();
  const queries = useQueryClient();
  const signingIn = useMutation({
    mutationFn: signIn,
    onSuccess: (me) => {
      queries.setQueryData(sessionQuery.queryKey, me);
      router.history.replace(basePath + (back ?? "/").slice(1));
    },
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    signingIn.mutate({ email: String(form.get("email")), password: String(form.get("password")) });
  }

  return (
    <Entrance
      title={t.signInTitle}
      foot={
        <>
          {t.signInLockedOut} <code>{t.signInLockedOutCommand}</code>
        </>
      }
    >
      <form className={styles.fields} onSubmit={submit}>
        {signingIn.error !== null ? (
          <Refusal error={signingIn.error} />
        ) : (
          <>
            {ended === true && <Notice tone="info" title={t.signInEnded} />}
            {changed === true && <Notice tone="good" title={t.signInChanged} />}
          </>
        )}
        <TextInput
          name="email"
          type="email"
          label={t.signInEmail}
          autoComplete="username"
          required
          withAsterisk={false}
        />
        <PasswordInput
          name="password"
          label={t.signInPassword}
          autoComplete="current-password"
          required
          withAsterisk={false}
        />
        <Button type="submit" fullWidth loading={signingIn.isPending}>
          {t.signInSubmit}
        </Button>
        <Link to="/forgot-password" className={styles.aside}>
          {t.signInForgot}
        </Link>
      </form>
    </Entrance>
  );
}

function Refusal({ error }: { error: Error }) {
  const status = error instanceof ApiProblem ? error.status : undefined;
  if (status === 401) return <Notice tone="bad" title={t.signInRefused} />;
  // The server says after how many minutes to try again.
  if (status === 429) return <Notice tone="bad" title={error.message} />;
  return <ProblemNotice error={error} />;
}
