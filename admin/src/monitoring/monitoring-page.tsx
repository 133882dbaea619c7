import { useQuery } from "@tanstack/react-query";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../parts/page.tsx";
import { settingsQuery } from "../settings/api.ts";
import { ChecksForm } from "./checks-form.tsx";
import { FailureForm } from "./failure-form.tsx";
import styles from "./monitoring.module.css";
import * as t from "./strings.ts";
import { WebhookForm } from "./webhook-form.tsx";

/** How often SMTP configs are checked, and who is told of what is found. */
export function MonitoringPage() {
  const { data: saved, error } = useQuery(settingsQuery);
  return (
    <Page title={t.title} lead={t.lead}>
      {saved !== undefined ? (
        <div className={styles.layout}>
          <ChecksForm saved={saved} />
          <WebhookForm saved={saved} />
          <FailureForm saved={saved} />
        </div>
      ) : error === null ? (
        <Card>
          <SkeletonRows rows={4} />
        </Card>
      ) : (
        <ProblemNotice error={error} />
      )}
    </Page>
  );
}
