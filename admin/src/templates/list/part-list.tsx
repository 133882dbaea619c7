import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Badge } from "../../parts/badge.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, SkeletonRows } from "../../parts/page.tsx";
import { partsQuery } from "../api.ts";
import * as page from "../strings.ts";
import { NewPart } from "./new-part.tsx";
import * as t from "./strings.ts";
import styles from "./templates.module.css";

/** The layout, and the partials that templates share. */
export function PartList() {
  const { data: parts, error } = useQuery(partsQuery);
  return (
    <Card title={t.partsTitle} aside={<NewPart />}>
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
              <span className={styles.locales}>{t.partUsedBy(usedBy.length)}</span>
              <span className={styles.description}>{isBuiltIn ? page.layout : page.partial(name)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
