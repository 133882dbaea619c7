import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Badge } from "../../parts/badge.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, SkeletonRows } from "../../parts/page.tsx";
import { strings } from "../../strings.ts";
import { partsQuery } from "../api.ts";
import { NewPart } from "./new-part.tsx";
import styles from "./templates.module.css";

const t = strings.templates;

/** The layout, and the partials that templates share. */
export function PartList() {
  const { data: parts, error } = useQuery(partsQuery);
  return (
    <Card title={t.parts.title} aside={<NewPart />}>
      {error !== null && parts === undefined ? (
        <ProblemNotice error={error} />
      ) : parts === undefined ? (
        <SkeletonRows rows={1} />
      ) : (
        <ul className={styles.list}>
          {parts.map(({ name, isBuiltIn, isEdited, usedBy }) => (
            <li key={name} className={styles.item}>
              <Link className={styles.name} to="/templates/parts/$name" params={{ name }}>
                {name}
              </Link>
              {isBuiltIn && isEdited && <Badge tone="busy">{t.edited}</Badge>}
              <span className={styles.locales}>{t.parts.usedBy(usedBy.length)}</span>
              <span className={styles.description}>{isBuiltIn ? t.parts.layout : t.parts.partial(name)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
