import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { SubmitEvent } from "react";
import { ProblemNotice } from "../../parts/notice.tsx";
import { sessionQuery } from "../../session/session.ts";
import { configsQuery, createConfig } from "../../smtp/api.ts";
import * as shared from "../../strings.ts";
import * as t from "./strings.ts";
import styles from "./welcome.module.css";

/** A relay of one's own, or the built-in sandbox in one click. */
export function ChooseRelay({ sandboxPort }: { sandboxPort: number | null }) {
  const queries = useQueryClient();
  const { data: me } = useQuery(sessionQuery);
  const creating = useMutation({
    mutationFn: (smtpPort: number) =>
      createConfig({
        name: t.chooseSandboxName,
        smtpServer: "127.0.0.1",
        smtpPort,
        useTls: false,
        fromEmail: me?.email ?? t.chooseSandboxSender,
        fromName: shared.product,
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: configsQuery.queryKey }),
  });
  const navigate = useNavigate();

  /** The settings page goes on with the address; it stays out of the page's own address. */
  function search(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const email = String(new FormData(event.currentTarget).get("email")).trim();
    void navigate({ to: "/settings/smtp", state: { settingsFor: email } });
  }

  return (
    <>
      <div className={styles.choices}>
        {sandboxPort !== null && (
          <div className={styles.choice}>
            <h3>{t.chooseSandbox}</h3>
            <p>{t.chooseSandboxHint}</p>
            <Button loading={creating.isPending} onClick={() => creating.mutate(sandboxPort)}>
              {t.chooseUseSandbox}
            </Button>
          </div>
        )}
        <div className={styles.choice}>
          <h3>{t.chooseRelay}</h3>
          <p>{t.chooseRelayHint}</p>
          <form className={styles.search} onSubmit={search}>
            <TextInput
              name="email"
              type="email"
              label={shared.findEmail}
              placeholder="you@example.com"
              autoComplete="email"
              required
              withAsterisk={false}
            />
            <Button type="submit" variant={sandboxPort === null ? "filled" : "default"}>
              {shared.findStart}
            </Button>
          </form>
          <Link to="/settings/smtp">{t.chooseEnterRelay}</Link>
        </div>
      </div>
      {creating.error !== null && <ProblemNotice error={creating.error} />}
    </>
  );
}
