import { useQuery } from "@tanstack/react-query";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card, Page, SkeletonRows } from "../parts/page.tsx";
import { settingsQuery } from "../settings/api.ts";
import { RetentionForm } from "./retention-form.tsx";
import * as t from "./strings.ts";

/** How long emails are kept, and what that means. */
export function RetentionPage() {
  const { data: saved, error } = useQuery(settingsQuery);
  return (
    <Page title={t.title} lead={t.lead}>
      {saved !== undefined ? (
        <RetentionForm saved={saved} />
      ) : error === null ? (
        <Card>
          <SkeletonRows rows={4} />
        </Card>
      ) : (
        <ProblemNotice error={error} />
      )}
    </Page>
  );
}
