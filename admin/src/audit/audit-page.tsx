import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Empty, Page, SkeletonRows } from "../parts/page.tsx";
import { Pager } from "../parts/pager.tsx";
import table from "../parts/table.module.css";
import { Time } from "../parts/time.tsx";
import { auditQuery } from "./api.ts";
import { detailWords } from "./detail-words.ts";
import * as t from "./strings.ts";

const route = getRouteApi("/shell/audit");

export function AuditPage() {
  const { after } = route.useSearch();
  const entries = useQuery(auditQuery(after));
  return (
    <Page title={t.title} lead={t.lead}>
      {entries.error !== null && entries.data === undefined && <ProblemNotice error={entries.error} />}
      {entries.isPending && (
        <Card>
          <SkeletonRows rows={8} />
        </Card>
      )}
      {entries.data !== undefined && (
        <>
          <Card>
            {entries.data.items.length === 0 ? (
              <Empty title={t.emptyTitle}>
                <p>{t.empty}</p>
              </Empty>
            ) : (
              <table className={table.table}>
                <thead>
                  <tr>
                    <th scope="col">{t.columnAction}</th>
                    <th scope="col">{t.columnDetail}</th>
                    <th scope="col">{t.columnActor}</th>
                    <th scope="col" className={table.end}>
                      {t.columnAt}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {entries.data.items.map((entry) => (
                    <tr key={entry.id}>
                      <td className={table.nowrap}>{actionWords(entry.action)}</td>
                      <td className={table.soft}>{detailWords(entry.detail)}</td>
                      <td className={table.soft}>{entry.actor.name}</td>
                      <td className={`${table.soft} ${table.nowrap} ${table.end}`}>
                        <Time iso={entry.at} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </Card>
          <Pager label={t.pages} to="/audit" search={{}} after={after} next={entries.data.next} />
        </>
      )}
    </Page>
  );
}

function actionWords(action: string): string {
  return Object.entries(t.actions).find(([name]) => name === action)?.[1] ?? action;
}
