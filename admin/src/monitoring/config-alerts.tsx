import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Alert, SmtpConfig } from "../api/types.ts";
import { Notice, ProblemNotice } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { configsQuery } from "../smtp/api.ts";
import * as shared from "../strings.ts";
import { Acknowledge } from "./alert-banner.tsx";
import { alertsQuery, checkConfig } from "./api.ts";
import styles from "./monitoring.module.css";
import * as t from "./strings.ts";

/** What the checks have found of a config and is not over, with what can be done about it. */
export function ConfigAlerts({ config }: { config: SmtpConfig }) {
  return <AlertNotices configId={config.id} />;
}

/** The same of all configs together. */
export function OverallAlerts() {
  return <AlertNotices configId={null} />;
}

function AlertNotices({ configId }: Pick<Alert, "configId">) {
  const { data: alerts = [] } = useQuery(alertsQuery);
  const own = alerts.filter((alert) => alert.configId === configId);
  if (own.length === 0) return null;
  return (
    <div className={styles.alerts}>
      {own.map((alert) => (
        <Notice
          key={alert.id}
          tone="warn"
          title={alert.title}
          actions={alert.acknowledgedAt === null ? <Acknowledge alert={alert} /> : undefined}
        >
          {alert.explanation}
          {alert.remedy !== "" && (
            <div>
              <b>{shared.remedyLead}</b> {alert.remedy}
            </div>
          )}
          <div className={styles.since}>
            {t.since} <Time iso={alert.raisedAt} />
            {alert.acknowledgedBy !== null && ` · ${t.knownBy(alert.acknowledgedBy)}`}
          </div>
        </Notice>
      ))}
    </div>
  );
}

/** What the last check found, in a line. */
export function LastCheck({ config: { lastCheck } }: { config: SmtpConfig }) {
  if (lastCheck === null) return <span>{t.unchecked}</span>;
  const { at, ok, title, certificateEndsAt } = lastCheck;
  const words = ok ? t.works : (title ?? t.fails);
  const left = certificateEndsAt === null ? "" : t.certificate(daysUntil(certificateEndsAt));
  return (
    <span>
      {t.checked} <Time iso={at} />: {words}
      {left}
    </span>
  );
}

function daysUntil(iso: string): number {
  return Math.floor((Date.parse(iso) - Date.now()) / 86_400_000);
}

export function CheckNow({ config }: { config: SmtpConfig }) {
  const queries = useQueryClient();
  const checking = useMutation({
    mutationFn: () => checkConfig(config.id),
    onSuccess(checked) {
      queries.setQueryData(configsQuery.queryKey, (configs = []) =>
        configs.map((each) => (each.id === checked.id ? checked : each)),
      );
      return queries.invalidateQueries({ queryKey: alertsQuery.queryKey });
    },
  });
  return (
    <>
      <Button
        variant="subtle"
        size="compact-sm"
        loading={checking.isPending}
        onClick={() => checking.mutate()}
      >
        {t.checkNow}
      </Button>
      {checking.error !== null && <ProblemNotice error={checking.error} />}
    </>
  );
}
