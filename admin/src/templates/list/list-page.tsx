import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { TemplateInfo } from "../../api/types.ts";
import { Badge } from "../../parts/badge.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../../parts/page.tsx";
import { templatesQuery } from "../api.ts";
import * as page from "../strings.ts";
import { NewTemplate } from "./new-template.tsx";
import { PartList } from "./part-list.tsx";
import * as t from "./strings.ts";
import styles from "./templates.module.css";

export function TemplateListPage() {
  const templates = useQuery(templatesQuery);
  return (
    <Page
      title={page.title}
      lead={t.lead}
      actions={templates.data !== undefined && <NewTemplate templates={templates.data} />}
    >
      {templates.error !== null && templates.data === undefined ? (
        <ProblemNotice error={templates.error} />
      ) : (
        <div className={styles.lists}>
          <Card>
            {templates.data === undefined ? (
              <SkeletonRows rows={7} />
            ) : (
              <ul className={styles.list}>
                {templates.data.map((template) => (
                  <TemplateItem key={template.name} template={template} />
                ))}
              </ul>
            )}
          </Card>
          <PartList />
        </div>
      )}
    </Page>
  );
}

function TemplateItem({ template }: { template: TemplateInfo }) {
  const { name, description, sensitive, isBuiltIn, isEdited, locales } = template;
  return (
    <li className={styles.item}>
      <Link className={styles.name} to="/templates/$name" params={{ name }}>
        {name}
      </Link>
      {sensitive && (
        <Badge tone="quiet" icon="lock">
          {t.sensitive}
        </Badge>
      )}
      {!isBuiltIn ? <Badge tone="busy">{t.own}</Badge> : isEdited && <Badge tone="busy">{t.edited}</Badge>}
      <span className={styles.locales}>{locales.join(" ")}</span>
      <span className={styles.description}>{description}</span>
    </li>
  );
}
