import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Badge } from "../parts/badge.tsx";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../parts/page.tsx";
import { strings } from "../strings.ts";
import { templatesQuery } from "./api.ts";
import styles from "./templates.module.css";

const t = strings.templates;

export function TemplateListPage() {
  const templates = useQuery(templatesQuery);
  return (
    <Page title={t.title} lead={t.lead}>
      {templates.error !== null && templates.data === undefined ? (
        <ProblemNotice error={templates.error} />
      ) : (
        <Card>
          {templates.data === undefined ? (
            <SkeletonRows rows={2} />
          ) : (
            <ul className={styles.list}>
              {templates.data.map(({ name, description, sensitive }) => (
                <li key={name} className={styles.item}>
                  <Link className={styles.name} to="/templates/$name" params={{ name }}>
                    {name}
                  </Link>
                  {sensitive && (
                    <Badge tone="quiet" icon="lock">
                      {t.sensitive}
                    </Badge>
                  )}
                  <span className={styles.description}>{description}</span>
                </li>
              ))}
            </ul>
          )}
        </Card>
      )}
    </Page>
  );
}
