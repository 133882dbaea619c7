import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ProblemNotice } from "../parts/notice.tsx";
import { sessionQuery } from "../session/session.ts";
import { configsQuery, createConfig } from "../smtp/api.ts";
import { strings } from "../strings.ts";
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
          <Button
            variant={sandboxPort === null ? "filled" : "default"}
            renderRoot={(props) => <Link to="/settings/smtp" {...props} />}
          >
            {t.enterRelay}
          </Button>
        </div>
      </div>
      {creating.error !== null && <ProblemNotice error={creating.error} />}
    </>
  );
}
