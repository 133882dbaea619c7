import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Overview } from "../api/types.ts";
import { formatDay, formatTimeOfDay } from "../parts/format.ts";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../parts/page.tsx";
import { strings } from "../strings.ts";
import { overviewQuery } from "./api.ts";
import { Chart } from "./chart.tsx";
import { Concerns } from "./concerns.tsx";
import { LatestEmails } from "./latest-emails.tsx";
import styles from "./overview.module.css";
import { Verdict } from "./verdict.tsx";
import { Welcome } from "./welcome.tsx";

const t = strings.overview;

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
      <Page title={t.welcome.title} tab={t.title} lead={t.welcome.lead}>
        <Welcome overview={overview} onDone={() => setWelcomed(true)} />
      </Page>
    );
  }
  return (
    <Page title={t.title}>
      <div className={styles.overview}>
        <Verdict overview={overview} />
        {overview.concerns.length > 0 && <Concerns concerns={overview.concerns} />}
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

/** Nothing was ever sent, and there may be nothing to send with. */
function isNew({ lastSentAt, mail, waiting }: Overview): boolean {
  return lastSentAt === null && (mail.level === "none" || waiting === 0);
}
