import { useQuery } from "@tanstack/react-query";
import { serverUrl } from "../../api/base-path.ts";
import { ApiProblem } from "../../api/problem.ts";
import type { Email } from "../../api/types.ts";
import { EmailPreview } from "../../parts/email-preview.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, SkeletonRows } from "../../parts/page.tsx";
import { emailContentQuery } from "../api.ts";
import styles from "../emails.module.css";
import * as t from "./strings.ts";

/** What recipients see, unless it must not be seen here. */
export function EmailContent({ email: { id, sensitive } }: { email: Email }) {
  const content = useQuery({ ...emailContentQuery(id), enabled: !sensitive });
  const isGone = content.error instanceof ApiProblem && content.error.code === "email.content_gone";
  const unseen = sensitive ? t.sensitive : isGone ? t.contentGone : null;
  return (
    <Card title={t.content}>
      {unseen !== null ? (
        <p className={styles.sealed}>
          <Icon name="lock" />
          {unseen}
        </p>
      ) : content.data !== undefined ? (
        <EmailPreview
          {...content.data}
          aside={
            <a href={serverUrl(`api/emails/${id}/source`)} target="_blank" rel="noreferrer">
              {t.openSource}
            </a>
          }
        />
      ) : content.error !== null ? (
        <ProblemNotice error={content.error} />
      ) : (
        <SkeletonRows />
      )}
    </Card>
  );
}
