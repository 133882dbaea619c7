import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { StateBadge } from "../emails/state-badge.tsx";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Empty, SkeletonRows } from "../parts/page.tsx";
import { SendExample } from "../parts/send-example.tsx";
import { Time } from "../parts/time.tsx";
import * as shared from "../strings.ts";
import { latestEmailsQuery } from "./api.ts";
import styles from "./overview.module.css";
import * as t from "./strings.ts";

export function LatestEmails() {
  const { data: emails, error } = useQuery(latestEmailsQuery);
  if (emails === undefined) {
    return (
      <Card title={t.latest}>
        {error === null ? <SkeletonRows rows={5} /> : <ProblemNotice error={error} />}
      </Card>
    );
  }
  return (
    <Card title={t.latest} aside={emails.length > 0 && <Link to="/emails">{t.allEmails}</Link>}>
      {emails.length === 0 ? (
        <Empty title={shared.noEmailTitle}>
          <p>{shared.noEmail}</p>
          <SendExample />
          <Link to="/api-keys">{shared.makeKey}</Link>
        </Empty>
      ) : (
        <ul className={styles.list}>
          {emails.map(({ id, state, captured, subject, recipients, createdAt }) => (
            <li key={id} className={styles.email}>
              <span>
                <StateBadge state={state} captured={captured} />
              </span>
              <Link className={styles.rowLink} to="/emails/$id" params={{ id }}>
                {subject === "" ? shared.noSubject : subject}
              </Link>
              <span className={styles.to}>{recipients[0]?.address}</span>
              <span className={styles.when}>
                <Time iso={createdAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
