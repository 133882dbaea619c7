import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Overview } from "../api/types.ts";
import { Badge } from "../parts/badge.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { Card, focusPage } from "../parts/page.tsx";
import { configsQuery } from "../smtp/api.ts";
import { RollbackButton } from "../smtp/history/failing-change.tsx";
import styles from "./overview.module.css";
import * as t from "./strings.ts";

type Issue = Overview["concerns"][number];

const appearances: Record<Issue["code"], { tone: "bad" | "warn"; icon: IconName }> = {
  change_failed: { tone: "bad", icon: "cross" },
  problem: { tone: "bad", icon: "lock" },
  paused: { tone: "warn", icon: "clock" },
  tried: { tone: "warn", icon: "clock" },
  node_fault: { tone: "bad", icon: "warning" },
  limit: { tone: "warn", icon: "clock" },
  alert: { tone: "warn", icon: "warning" },
  test_failed: { tone: "warn", icon: "cross" },
  expiring: { tone: "warn", icon: "clock" },
};

/** The configs that an admin should look at, each with the way there. */
export function Issues({ issues }: { issues: readonly Issue[] }) {
  return (
    <Card title={t.issues}>
      <ul className={styles.list}>
        {issues.map(({ configId, code, reason }) => (
          <li key={reason} className={styles.issue}>
            <Badge {...appearances[code]}>{t.issueKinds[code]}</Badge>
            <span className={styles.issueWords}>
              <Link className={styles.rowLink} to="/settings/smtp/$id" params={{ id: configId }}>
                {reason}
              </Link>
              {code === "change_failed" && <WayBack configId={configId} />}
            </span>
            <Icon name="chevronRight" size={16} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** To the version before, without a look at the config. */
function WayBack({ configId }: { configId: string }) {
  const { data: configs = [] } = useQuery(configsQuery);
  const config = configs.find(({ id }) => id === configId);
  return (
    config !== undefined && (
      <span className={styles.wayBack}>
        <RollbackButton config={config} onRolledBack={focusPage} />
      </span>
    )
  );
}
