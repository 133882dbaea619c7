import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import { ApiProblem, sortProblems } from "../api/problem.ts";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import { PasswordInput } from "../parts/password-input.tsx";
import * as shared from "../strings.ts";
import styles from "./entrance.module.css";
import { Entrance } from "./entrance.tsx";
import { resetPassword } from "./session.ts";
import * as t from "./strings.ts";

/** The link from the email: its token is in the fragment, so that no server or proxy writes it into a log. */
export function ResetPasswordPage() {
  const { hash } = useLocation();
  const [token] = useState(() => new URLSearchParams(hash).get("token") ?? "");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const setting = useMutation({
    mutationFn: resetPassword,
    onSuccess: async () => {
      // The sessions of this admin have ended, and one of them may have been here.
      queries.clear();
      await navigate({ to: "/sign-in", search: { changed: true }, replace: true });
    },
  });
  const problem = setting.error instanceof ApiProblem ? setting.error : undefined;

  if (token === "" || problem?.code === "auth.link_invalid") {
    return (
      <Entrance title={t.resetTitle}>
        <div className={styles.fields}>
          <Notice tone="bad" title={token === "" ? t.resetNoToken : t.resetLinkSpent} />
          <Button component={Link} to="/forgot-password" fullWidth>
            {t.resetAskAgain}
          </Button>
        </div>
      </Entrance>
    );
  }

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    setting.mutate({ token, password: String(new FormData(event.currentTarget).get("password")) });
  }

  const wrong = sortProblems(problem?.errors ?? [], ["password"]).fields;
  return (
    <Entrance title={t.resetTitle} lead={t.resetLead}>
      <form className={styles.fields} onSubmit={submit}>
        {setting.error !== null && wrong.password === undefined && <ProblemNotice error={setting.error} />}
        <PasswordInput
          name="password"
          label={t.resetPassword}
          autoComplete="new-password"
          minLength={12}
          description={shared.newPasswordHint}
          required
          withAsterisk={false}
          error={wrong.password}
        />
        <Button type="submit" fullWidth loading={setting.isPending}>
          {t.resetSubmit}
        </Button>
      </form>
    </Entrance>
  );
}
