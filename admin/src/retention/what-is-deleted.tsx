import type { Settings } from "../api/types.ts";
import { Card } from "../parts/page.tsx";
import styles from "./retention.module.css";
import * as t from "./strings.ts";

/** What is deleted when, in the order in which it happens to an email. */
export function WhatIsDeleted({
  days,
}: {
  days: Pick<Settings, "contentRetentionDays" | "emailRetentionDays">;
}) {
  const steps = [
    { when: t.atOnce, ...t.sensitive },
    { when: t.after(shown(days.contentRetentionDays)), ...t.contents },
    { when: t.after(shown(days.emailRetentionDays)), ...t.emails },
  ];
  return (
    <Card title={t.whatIsDeleted}>
      <ol className={styles.steps}>
        {steps.map(({ when, what, meaning }) => (
          <li key={what}>
            <span className={styles.when}>{when}</span>
            <span className={styles.what}>{what}</span>
            <span className={styles.meaning}>{meaning}</span>
          </li>
        ))}
      </ol>
      <p className={styles.never}>{t.never}</p>
    </Card>
  );
}

/** What is being typed may be no number yet. */
function shown(days: number): string {
  return Number.isInteger(days) ? String(days) : "…";
}
