import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { SubmitEvent } from "react";
import { ProblemNotice } from "../../parts/notice.tsx";
import { sessionQuery } from "../../session/session.ts";
import { configsQuery, createConfig } from "../../smtp/api.ts";
import { strings } from "../../strings.ts";
import styles from "./welcome.module.css";

const t = strings.overview.welcome.choose;

/** A relay of one's own, or the built-in sandbox in one click. */
export function ChooseRelay({ sandboxPort }: { sandboxPort: number | null }) {
  const queries = useQueryClient();
  const { data: me } = useQuery(sessionQuery);
  const creating = useMutation({
    mutationFn: (smtpPort: number) =>
      createConfig({
        name: t.sandboxName,
        smtpServer: "127.0.0.1",
        smtpPort,
        useTls: false,
        fromEmail: me?.email ?? t.sandboxSender,
        fromName: strings.product,
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
            <h3>{t.sandbox}</h3>
            <p>{t.sandboxHint}</p>
            <Button loading={creating.isPending} onClick={() => creating.mutate(sandboxPort)}>
              {t.useSandbox}
            </Button>
          </div>
        )}
        <div className={styles.choice}>
          <h3>{t.relay}</h3>
          <p>{t.relayHint}</p>
          <form className={styles.search} onSubmit={search}>
            <TextInput
              name="email"
              type="email"
              label={strings.smtp.find.email}
              placeholder="you@example.com"
              autoComplete="email"
              required
              withAsterisk={false}
            />
            <Button type="submit" variant={sandboxPort === null ? "filled" : "default"}>
              {strings.smtp.find.start}
            </Button>
          </form>
          <Link to="/settings/smtp">{t.enterRelay}</Link>
        </div>
      </div>
      {creating.error !== null && <ProblemNotice error={creating.error} />}
    </>
  );
}
