import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Overview } from "../api/types.ts";
import { formatDay, formatTimeOfDay } from "../parts/format.ts";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../parts/page.tsx";
import { overviewQuery } from "./api.ts";
import { Chart } from "./chart/chart.tsx";
import { Issues } from "./issues.tsx";
import { LatestEmails } from "./latest-emails.tsx";
import { isNamed, MailStatus } from "./mail-status.tsx";
import styles from "./overview.module.css";
import * as t from "./strings.ts";
import { Welcome } from "./welcome/welcome.tsx";

export function OverviewPage() {
  const { data: overview, error } = useQuery(overviewQuery);
  if (overview !== undefined) return <Loaded overview={overview} />;
  return (
    <Page title={t.title}>
      {error === null ? (
        <Card>
          <SkeletonRows rows={8} />
        </Card>
      ) : (
        <ProblemNotice error={error} />
      )}
    </Page>
  );
}

function Loaded({ overview }: { overview: Overview }) {
  // Whoever was welcomed sees the last step done, and goes on when they like.
  const [wasNew] = useState(isNew(overview));
  const [isWelcomed, setWelcomed] = useState(false);
  if (isNew(overview) || (wasNew && !isWelcomed)) {
    return (
      <Page title={t.welcomeTitle} tab={t.title} lead={t.welcomeLead}>
        <Welcome overview={overview} onDone={() => setWelcomed(true)} />
      </Page>
    );
  }
  const others = overview.concerns.filter((issue) => !isNamed(overview, issue));
  return (
    <Page title={t.title}>
      <div className={styles.overview}>
        <MailStatus overview={overview} />
        {others.length > 0 && <Issues issues={others} />}
        <div className={styles.charts}>
          <Card title={t.hours}>
            <Chart title={t.hours} counts={overview.hours} nameOf={formatTimeOfDay} />
          </Card>
          <Card title={t.days}>
            <Chart title={t.days} counts={overview.days} nameOf={formatDay} />
          </Card>
        </div>
        <LatestEmails />
      </div>
    </Page>
  );
}

/** Nothing was ever sent, nor tried in vain; what waits may wait for the first config. */
function isNew({ lastSentAt, mail, waiting, days }: Overview): boolean {
  const isUntouched = waiting === 0 && days.every(({ failed }) => failed === 0);
  return lastSentAt === null && (mail.level === "none" || isUntouched);
}
