import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { SubmitEvent } from "react";
import { ApiProblem } from "../api/problem.ts";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import styles from "./entrance.module.css";
import { Entrance } from "./entrance.tsx";
import { askForPassword } from "./session.ts";
import * as t from "./strings.ts";

/** Asks for the link that sets a new password. What it says is the same for every address. */
export function ForgotPasswordPage() {
  const asking = useMutation({ mutationFn: askForPassword });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    asking.mutate(String(new FormData(event.currentTarget).get("email")));
  }

  return (
    <Entrance
      title={t.forgottenTitle}
      lead={t.forgottenLead}
      foot={
        <>
          {t.forgottenNoEmail} <code>{t.signInLockedOutCommand}</code>
        </>
      }
    >
      <form className={styles.fields} onSubmit={submit}>
        {asking.isSuccess && (
          <Notice tone="info" title={t.forgottenAsked}>
            {t.forgottenAskedNext}
          </Notice>
        )}
        {asking.error !== null && <Refusal error={asking.error} />}
        <TextInput
          name="email"
          type="email"
          label={t.forgottenEmail}
          autoComplete="username"
          required
          withAsterisk={false}
        />
        <Button type="submit" fullWidth loading={asking.isPending}>
          {asking.isSuccess ? t.forgottenAgain : t.forgottenSubmit}
        </Button>
        <Link to="/sign-in" className={styles.aside}>
          {t.forgottenBack}
        </Link>
      </form>
    </Entrance>
  );
}

function Refusal({ error }: { error: Error }) {
  if (error instanceof ApiProblem && error.code === "auth.too_many_attempts") {
    return <Notice tone="bad" title={error.message} />;
  }
  return <ProblemNotice error={error} />;
}
