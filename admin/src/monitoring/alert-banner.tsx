import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Alert } from "../api/types.ts";
import { Icon } from "../parts/icon.tsx";
import { acknowledgeAlert, alertsQuery } from "./api.ts";
import styles from "./monitoring.module.css";
import * as t from "./strings.ts";

/** More of them would push the page away; the overview has all. */
const maxShown = 3;

/** Above every page: what checks have found, until somebody says that they know. */
export function AlertBanner() {
  const { data: alerts = [] } = useQuery(alertsQuery);
  const news = alerts.filter(({ acknowledgedAt }) => acknowledgedAt === null);
  return (
    <section className={styles.banner} aria-label={t.alertsTitle} aria-live="polite">
      {news.slice(0, maxShown).map((alert) => (
        <BannerLine key={alert.id} alert={alert} />
      ))}
      {news.length > maxShown && (
        <Link className={styles.more} to="/">
          {t.more(news.length - maxShown)}
        </Link>
      )}
    </section>
  );
}

function BannerLine({ alert }: { alert: Alert }) {
  return (
    <div className={styles.line}>
      <Icon name="warning" />
      {alert.configId === null ? (
        <Link className={styles.what} to="/emails" search={{ state: "failed" }}>
          {alert.title}
        </Link>
      ) : (
        <Link className={styles.what} to="/settings/smtp/$id" params={{ id: alert.configId }}>
          {t.about(alert.configName, alert.title)}
        </Link>
      )}
      <Acknowledge alert={alert} />
    </div>
  );
}

export function Acknowledge({ alert }: { alert: Alert }) {
  const queries = useQueryClient();
  const acknowledging = useMutation({
    mutationFn: () => acknowledgeAlert(alert.id),
    // What is over meanwhile is gone as well.
    onSettled: () => queries.invalidateQueries({ queryKey: alertsQuery.queryKey }),
  });
  return (
    <Button
      variant="default"
      size="compact-sm"
      aria-label={t.acknowledgeNamed(alert.title)}
      loading={acknowledging.isPending}
      onClick={() => acknowledging.mutate()}
    >
      {t.acknowledge}
    </Button>
  );
}
